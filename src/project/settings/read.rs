//! Reads `mgw.toml` and tells everything that is wrong with it at once.

use super::schema::{Key, Kind, ROOT, WORKSPACE};
use super::{CorsSettings, FORMAT, Settings, day, moving, never_sent};
use crate::cloud::address::Address;
use crate::cloud::pull::{ApiReference, is_name};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, nearest};
use crate::odd_port::has_odd_port;
use crate::yaml::{Member, Node, Source, Span, Value, in_headers, read_toml};
use jiff::civil::Date;
use serde_json::{Map, json};
use std::collections::BTreeSet;

/// What of a file could be understood.
#[derive(Debug)]
pub(crate) struct ReadSettings {
    /// What the file says, as far as it says it in the right way. Only to be relied on where nothing was found.
    pub(crate) settings: Settings,
    /// Everything that is wrong with the file.
    pub(crate) diagnostics: Diagnostics,
    /// The text, and the tree of its values.
    pub(crate) document: Option<(Source, Node)>,
}

/// Reads the bytes of `mgw.toml`; `file` is what messages call it.
pub(super) fn read(bytes: Vec<u8>, file: &str) -> ReadSettings {
    let ReadKeys {
        mut values,
        mut diagnostics,
        document,
    } = read_keys(bytes, file, ROOT);
    values.entry("format").or_insert(json!(FORMAT));
    values.entry("name").or_insert(json!(""));
    let settings = serde_json::from_value(serde_json::Value::Object(values)).unwrap_or_else(|error| {
        // The schema and the type say the same; a test holds them to it.
        diagnostics.push(Diagnostic::file(Code::ProjectSetting, file, error.to_string()));
        Settings::new("")
    });
    diagnostics.sort();
    ReadSettings {
        settings,
        diagnostics,
        document,
    }
}

/// What a file says, key by key.
#[derive(Debug, Default)]
pub(crate) struct ReadKeys {
    /// The values that are right.
    values: Map<String, serde_json::Value>,
    /// Everything that is wrong with the file.
    pub(crate) diagnostics: Diagnostics,
    /// The text, and the tree of its values.
    pub(crate) document: Option<(Source, Node)>,
}

/// Reads the bytes of the `mgw.toml` of a workspace.
pub(crate) fn read_workspace(bytes: Vec<u8>, file: &str) -> ReadKeys {
    read_keys(bytes, file, WORKSPACE)
}

fn read_keys(bytes: Vec<u8>, file: &str, keys: &'static [Key]) -> ReadKeys {
    let mut diagnostics = Diagnostics::default();
    let (source, document, errors) = match read_toml(file, bytes) {
        Ok(read) => read,
        Err(error) => {
            diagnostics.push(error.into());
            return ReadKeys {
                diagnostics,
                ..ReadKeys::default()
            };
        }
    };
    let mut shown = Vec::new();
    known_values(&document, keys, &mut shown);
    let source = source.showing_only(shown);
    let broken: BTreeSet<_> = errors.iter().filter_map(|error| error.position()).collect();
    for mut error in errors {
        error.place = error.place.map(|(_, span)| (source.clone(), span));
        diagnostics.push(error.into());
    }
    let is_whole = !diagnostics.has_errors();
    let mut reader = Reader {
        source: &source,
        document: &document,
        diagnostics: Diagnostics::default(),
    };
    let values = reader.table(&document, keys, "", Span::at(0));
    let found = reader.diagnostics;
    match document.get("format").and_then(Node::as_u64) {
        // What a newer version writes is no mistake.
        Some(newer) if newer > u64::from(FORMAT) => {
            let span = document.get("format").map_or(Span::at(0), |node| node.span);
            let message = format!("{file} has format version {newer}, this version reads {FORMAT}");
            diagnostics.push(
                Diagnostic::error(Code::NewerFormat, &source, span, message)
                    .remedy("Use the version of mgw that wrote the file, or a newer one."),
            );
        }
        // Where a line cannot be read, what is missing may stand there, and what is taken for a value is none.
        _ => diagnostics.extend(found.filtered(|finding| {
            let is_hidden = finding.message.ends_with(MISSING)
                || finding.position().is_some_and(|position| broken.contains(&position));
            is_whole || !is_hidden
        })),
    }
    diagnostics.sort();
    ReadKeys {
        values,
        diagnostics,
        document: Some((source, document)),
    }
}

/// How the message about a key that is not there ends.
const MISSING: &str = "is missing";

/// Where the rules are by which pages of other origins are let in: somebody has to look at what is put right there.
const CORS: &str = "build.cors.";

struct Reader<'a> {
    source: &'a Source,
    document: &'a Node,
    diagnostics: Diagnostics,
}

impl Reader<'_> {
    /// Reads a table whose keys are called `prefix` and their name: what of it is right, as JSON. `place` stands for the
    /// table where something is missing.
    fn table(
        &mut self,
        node: &Node,
        keys: &'static [Key],
        prefix: &str,
        place: Span,
    ) -> Map<String, serde_json::Value> {
        let mut read = Map::new();
        for (name, member) in node.as_object().into_iter().flatten() {
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                self.unknown(name, member, keys, prefix);
                continue;
            };
            let path = format!("{prefix}{name}");
            let value = match key.kind {
                Kind::Table(inner) if member.node.as_object().is_some() => {
                    let inner_read = self.table(&member.node, inner, &format!("{path}."), member.key);
                    is_complete(&inner_read, inner).then(|| inner_read.into())
                }
                Kind::Tables(inner) if member.node.as_array().is_some() => {
                    Some(self.tables(&member.node, inner, &path))
                }
                kind => self.value(&member.node, kind, &path),
            };
            if let Some(value) = value {
                read.insert(name.clone(), value);
            }
        }
        let misspelt = |key: &Key| {
            let names = || keys.iter().map(|key| key.name);
            let mut unknown = node.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            unknown.any(|name| !names().any(|known| known == name) && nearest(name, names()) == Some(key.name))
        };
        for key in keys.iter().filter(|key| key.required) {
            // Who is asked whether that is meant need not be told that it is missing.
            if node.get(key.name).is_none() && !misspelt(key) {
                let message = format!("`{prefix}{}` {MISSING}", key.name);
                let diagnostic = Diagnostic::error(Code::ProjectSetting, self.source, place, message);
                self.diagnostics.push(match key.kind {
                    Kind::Format => diagnostic
                        .remedy(format!("Write `format = {FORMAT}` at the top of the file."))
                        .replacing(Span::at(0), format!("format = {FORMAT}{}", self.source.line_end())),
                    Kind::Texts => diagnostic.remedy(format!("Write `{} = [\"…\"]`.", key.name)),
                    Kind::Table(_) => diagnostic.remedy(format!("Write `[{prefix}{}]` and its keys below.", key.name)),
                    _ => diagnostic.remedy(format!("Write `{} = \"…\"`.", key.name)),
                });
            }
        }
        read
    }

    fn tables(&mut self, node: &Node, keys: &'static [Key], path: &str) -> serde_json::Value {
        let mut read: Vec<serde_json::Value> = Vec::new();
        for element in node.as_array().into_iter().flatten() {
            if element.as_object().is_some() {
                let inner = self.table(element, keys, &format!("{path}."), element.span);
                if is_complete(&inner, keys) {
                    read.push(inner.into());
                }
            } else {
                let what = format!("an element of `{path}`");
                let found = Diagnostic::expected(Code::ProjectSetting, self.source, element, &what, "a table");
                self.diagnostics
                    .push(found.remedy(format!("Write `[[{path}]]` and its keys below.")));
            }
        }
        read.into()
    }

    fn value(&mut self, node: &Node, kind: Kind, path: &str) -> Option<serde_json::Value> {
        let (expected, remedy) = match (kind, &node.value) {
            (Kind::Format, Value::Number(_)) if node.as_u64().is_some_and(|number| number >= u64::from(FORMAT)) => {
                return Some(json!(FORMAT));
            }
            (Kind::Text, Value::String(_)) | (Kind::Bool, Value::Bool(_)) => return Some(node.to_json()),
            (Kind::Address, Value::String(text)) => {
                // What is here already is built all the same: only pulling asks for it.
                if let Err(error) = Address::parse(text) {
                    let message = format!("nothing can be pulled from `{path}`: {error}");
                    let found = Diagnostic::warning(Code::ProjectSetting, self.source, node.span, message);
                    let remedy =
                        "Write the base URL alone, as \"https://gateway.api.cloud.wso2.com\"; `mgw login` signs in.";
                    self.diagnostics.push(found.remedy(remedy).secret_if(error.is_secret()));
                }
                return Some(node.to_json());
            }
            (Kind::Rule | Kind::Reason | Kind::Day, Value::String(text)) => {
                if let Some((message, remedy)) = text_problem(kind, path, text) {
                    let found = Diagnostic::error(Code::Suppression, self.source, node.span, message).remedy(remedy);
                    self.diagnostics.push(match kind {
                        Kind::Rule => found.misspelt(text, node.span, Code::ALL.iter().map(|code| code.name())),
                        Kind::Day => match day::meant(text) {
                            Some(day) => self.dated(found, node, day),
                            None => found,
                        },
                        _ => found,
                    });
                    return None;
                }
                return Some(node.to_json());
            }
            (Kind::HeaderTexts | Kind::Origins, Value::Array(elements)) if !elements.iter().all(is_header_text) => {
                for element in elements.iter().filter(|element| !is_header_text(element)) {
                    let message = format!("an element of `{path}` cannot stand in a header");
                    let found = Diagnostic::error(Code::ProjectSetting, self.source, element.span, message);
                    self.diagnostics
                        .push(found.remedy("Write a text without blanks and commas for each of them."));
                }
                return None;
            }
            (Kind::Names | Kind::Apis, Value::Array(elements)) if elements.iter().all(|one| one.as_str().is_some()) => {
                let mut is_right = true;
                for element in elements {
                    let text = element.as_str().unwrap_or_default();
                    if let Some((message, remedy)) = element_problem(kind, path, text) {
                        let found = Diagnostic::error(Code::ProjectSetting, self.source, element.span, message);
                        self.diagnostics.push(found.remedy(remedy));
                        is_right = false;
                    }
                }
                return is_right.then(|| node.to_json());
            }
            (Kind::Texts | Kind::HeaderTexts | Kind::Origins | Kind::Names | Kind::Apis, Value::Array(elements)) => {
                for element in elements.iter().filter(|element| element.as_str().is_none()) {
                    let what = format!("an element of `{path}`");
                    let found = Diagnostic::expected(Code::ProjectSetting, self.source, element, &what, "a text");
                    self.diagnostics.push(found.remedy("Put it in quotes."));
                }
                if matches!(kind, Kind::Origins) {
                    self.warn_about_origins(elements, path);
                }
                let texts = elements.iter().filter_map(Node::as_str);
                return Some(texts.collect::<Vec<_>>().into());
            }
            (Kind::OneOf(choices), Value::String(text)) if choices.contains(&text.as_str()) => {
                return Some(node.to_json());
            }
            (Kind::OneOf(choices), Value::String(text)) => {
                self.choice(node, text, choices, path);
                return None;
            }
            (Kind::Format, Value::Number(number)) => {
                let message = format!("`{path}` should be the number {FORMAT}, found {number}");
                let found = Diagnostic::error(Code::ProjectSetting, self.source, node.span, message);
                self.diagnostics
                    .push(found.remedy(format!("Write `format = {FORMAT}`.")));
                return None;
            }
            (Kind::Format, _) => (format!("the number {FORMAT}"), format!("Write `format = {FORMAT}`.")),
            (Kind::Bool, Value::String(text)) if text == "true" || text == "false" => {
                ("true or false".to_owned(), "Write it without quotes.".to_owned())
            }
            (Kind::Bool, _) => ("true or false".to_owned(), "Write `true` or `false`.".to_owned()),
            (Kind::Texts | Kind::HeaderTexts | Kind::Origins | Kind::Names | Kind::Apis, Value::String(_)) => (
                "a list of texts".to_owned(),
                "Write it in brackets, like [\"dev\"].".to_owned(),
            ),
            (Kind::Text | Kind::Address | Kind::Rule | Kind::Reason | Kind::Day, _) => {
                ("a text".to_owned(), "Put it in quotes.".to_owned())
            }
            (Kind::Texts | Kind::HeaderTexts | Kind::Origins | Kind::Names | Kind::Apis, _) => {
                ("a list of texts".to_owned(), "Write it like [\"dev\"].".to_owned())
            }
            (Kind::OneOf(choices), _) => ("a text".to_owned(), one_of(choices)),
            (Kind::Table(_), _) => ("a table".to_owned(), format!("Write `[{path}]` and its keys below.")),
            (Kind::Tables(_), _) => ("tables".to_owned(), format!("Write `[[{path}]]` and its keys below.")),
        };
        let mut found = Diagnostic::expected(Code::ProjectSetting, self.source, node, &format!("`{path}`"), &expected);
        found = found.remedy(remedy);
        found = match (kind, node.as_str()) {
            (Kind::Texts | Kind::HeaderTexts | Kind::Origins | Kind::Names | Kind::Apis, Some(_)) => {
                found.expecting_list(node)
            }
            (Kind::Tables(_), _) if node.as_object().is_some() => self.doubled(found, node, path),
            // A file of another version would not be read by its keys.
            (Kind::Format, Some(text)) if text.trim() == FORMAT.to_string() => {
                found.replacing(node.span, FORMAT.to_string())
            }
            _ => found,
        };
        let lets_in = path.starts_with(CORS);
        self.diagnostics.push(found.only_likely_if(lets_in));
        None
    }

    /// Of origins that let nobody in.
    fn warn_about_origins(&mut self, origins: &[Node], path: &str) {
        for element in origins {
            if let Some((why, remedy)) = element.as_str().and_then(never_sent) {
                let message = format!("an element of `{path}` {why}");
                let found = Diagnostic::warning(Code::ProjectSetting, self.source, element.span, message);
                self.diagnostics.push(found.remedy(remedy));
            }
        }
    }

    /// A day in the one way to write it, in the quotes that it has.
    fn dated(&self, found: Diagnostic, node: &Node, day: Date) -> Diagnostic {
        let quote = if self.source.slice(node.span).starts_with('\'') {
            '\''
        } else {
            '"'
        };
        found
            .remedy(format!("Did you mean `{day}`?"))
            .replacing(node.span, format!("{quote}{day}{quote}"))
    }

    /// Tables that are written as one: `[a.b]` for `[[a.b]]`, or the only one of a list without its brackets.
    fn doubled(&self, found: Diagnostic, node: &Node, path: &str) -> Diagnostic {
        let (line, start) = self.source.line_of(node.span);
        let header = format!("[{path}]");
        let written = line.trim_start();
        let at = start + line.len() - written.len();
        match written.strip_prefix(header.as_str()).map(str::trim_start) {
            Some(behind) if behind.is_empty() || behind.starts_with('#') => {
                let place = Span::new(at, at + header.len());
                found.replacing(place, format!("[{header}]"))
            }
            _ if self.source.slice(node.span).starts_with('{') => {
                found.enclosing(node.span, ["[", "]"], "Make it a list")
            }
            _ => found,
        }
    }

    fn choice(&mut self, node: &Node, text: &str, choices: &[&'static str], path: &str) {
        let message = format!("`{path}` is {text:?}, which is not known");
        let found = Diagnostic::error(Code::ProjectSetting, self.source, node.span, message).remedy(one_of(choices));
        self.diagnostics
            .push(found.misspelt(text, node.span, choices.iter().copied()));
    }

    fn unknown(&mut self, name: &str, member: &Member, keys: &'static [Key], prefix: &str) {
        let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
        let table = elsewhere(name, keys);
        let remedy = match table {
            Some(table) => format!("It belongs under `[{table}]`."),
            None => format!("Remove it; what is known here is {}.", known.join(", ")),
        };
        let message = match name.contains(['@', ':']) {
            // A part of an address that stands where a key belongs; it may have a password in it.
            true => "unknown key".to_owned(),
            false => format!("unknown key `{prefix}{name}`"),
        };
        let moved = table.and_then(|table| moving::to_table(self.source, self.document, member, table));
        // What is moved is a part of the file, with what stands behind it.
        let is_secret = moved
            .as_ref()
            .is_some_and(|moved| moved.edits().iter().any(|edit| edit.text.contains('@')))
            || table.is_some() && may_hold_secret(&member.node);
        let found = Diagnostic::error(Code::UnknownSetting, self.source, member.key, message)
            .remedy(remedy)
            .misspelt(name, member.key, known)
            .also_in(&in_headers(self.source, &format!("{prefix}{name}")))
            .corrected(moved);
        let lets_in = format!("{prefix}{name}").starts_with(CORS)
            || name == "cors"
            || found.would_write("cors")
            || member.node.get("cors").is_some();
        let found = found.secret_if(is_secret);
        self.diagnostics.push(found.only_likely_if(lets_in));
    }
}

/// What is wrong with a text that should be of a kind, and what to do about it.
fn text_problem(kind: Kind, path: &str, text: &str) -> Option<(String, &'static str)> {
    match kind {
        Kind::Rule if Code::named(text).is_none() => Some((
            format!("there is no rule {text:?} to suppress"),
            "`mgw explain` lists them.",
        )),
        Kind::Reason if text.trim().is_empty() => Some((
            "a suppression has no reason".to_owned(),
            "Say why it is as it should be, for whoever looks at it next.",
        )),
        Kind::Day if text.parse::<Date>().is_err() => Some((
            format!("`{path}` is {text:?}, which is no day"),
            "Write it like \"2027-03-31\".",
        )),
        _ => None,
    }
}

/// The same of an element of a list.
fn element_problem(kind: Kind, path: &str, text: &str) -> Option<(String, &'static str)> {
    match kind {
        Kind::Names if !is_name(text) => Some((
            format!("an element of `{path}` is {text:?}, which nothing can be called"),
            "Write the name as the control plane shows it, or remove it.",
        )),
        Kind::Apis if text.parse::<ApiReference>().is_err() => Some((
            format!("an element of `{path}` is {text:?}, which names no API"),
            "Write it like \"Orders:1.0.0\": name and version, as the publisher shows them.",
        )),
        _ => None,
    }
}

fn is_header_text(node: &Node) -> bool {
    node.as_str().is_some_and(CorsSettings::is_header_text)
}

fn one_of(choices: &[&str]) -> String {
    match choices {
        [only] => format!("Write \"{only}\", or leave it out."),
        _ => format!("Write one of {}.", choices.join(", ")),
    }
}

/// The table that a key belongs to which stands in another one.
fn elsewhere(name: &str, here: &'static [Key]) -> Option<&'static str> {
    ROOT.iter().find_map(|key| match key.kind {
        Kind::Table(keys) if !std::ptr::eq(keys, here) && keys.iter().any(|key| key.name == name) => Some(key.name),
        _ => None,
    })
}

fn is_complete(read: &Map<String, serde_json::Value>, keys: &[Key]) -> bool {
    keys.iter().all(|key| !key.required || read.contains_key(key.name))
}

/// Where values stand that may be shown: whatever stands behind another key may be a secret that was put there by mistake, and
/// so may be what stands before the host in a URL.
fn known_values(node: &Node, keys: &'static [Key], shown: &mut Vec<Span>) {
    for (name, member) in node.as_object().into_iter().flatten() {
        match keys.iter().find(|key| key.name == name).map(|key| key.kind) {
            Some(Kind::Table(inner)) => known_values(&member.node, inner, shown),
            Some(Kind::Tables(inner)) => {
                for element in member.node.as_array().into_iter().flatten() {
                    known_values(element, inner, shown);
                }
            }
            Some(_) if !may_hold_secret(&member.node) => shown.push(member.node.span),
            _ => {}
        }
    }
}

fn may_hold_secret(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => text.contains('@') || text.contains("://") && has_odd_port(text),
        Value::Array(elements) => elements.iter().any(may_hold_secret),
        Value::Object(_) => true,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
