//! Holds a file against its catalogue.

use super::value::{self, Wrong, is_unset};
use super::{Block, Effect, Key, Kind, SettingsFile};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Source, Value, in_headers};

/// The codes of the findings about a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes {
    /// Keys that are unknown, values that cannot be used.
    pub(crate) wrong: Code,
    /// Keys without effect.
    pub(crate) inert: Code,
}

/// Tells everything that is unknown, of the wrong kind, or without effect.
pub(crate) fn check(file: &SettingsFile, blocks: &'static [Block], codes: Codes, diagnostics: &mut Diagnostics) {
    let checker = Checker {
        source: &file.source,
        blocks,
        codes,
    };
    checker.table("", &file.document, diagnostics);
}

struct Checker<'a> {
    source: &'a Source,
    blocks: &'static [Block],
    codes: Codes,
}

impl Checker<'_> {
    fn table(&self, path: &str, table: &Node, diagnostics: &mut Diagnostics) {
        let Some(members) = table.as_object() else { return };
        let block = self.blocks.iter().find(|block| block.path == path);
        for (name, member) in members {
            let inner = match path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            let key = block.and_then(|block| block.keys.iter().find(|key| key.is_named(name)));
            if let Some(key) = key {
                self.value(key, &inner, member, diagnostics);
            } else if let Some(block) = self.blocks.iter().find(|block| block.path == inner) {
                self.block(block, &inner, member, diagnostics);
            } else if self.leads_on(&inner) {
                match member.node.as_object() {
                    Some(_) => self.table(&inner, &member.node, diagnostics),
                    None if is_unset(&member.node) => {}
                    None => diagnostics.push(
                        self.expected(&member.node, &inner, "a table")
                            .remedy(below(&inner, false)),
                    ),
                }
            } else {
                diagnostics.push(self.unknown(path, name, member));
            }
        }
    }

    fn block(&self, block: &Block, path: &str, member: &Member, diagnostics: &mut Diagnostics) {
        match (&member.node.as_object(), member.node.as_array()) {
            (Some(_), _) => self.table(path, &member.node, diagnostics),
            (None, Some(elements)) if block.repeated => {
                for element in elements {
                    match element.as_object() {
                        Some(_) => self.table(path, element, diagnostics),
                        None => diagnostics.push(self.expected(element, path, "a table").remedy(below(path, true))),
                    }
                }
            }
            // Samples have `copyFiles = ''` where the table would be.
            _ if is_unset(&member.node) => {}
            _ => {
                let expected = if block.repeated { "a list of tables" } else { "a table" };
                diagnostics.push(
                    self.expected(&member.node, path, expected)
                        .remedy(below(path, block.repeated)),
                );
            }
        }
    }

    fn value(&self, key: &Key, path: &str, member: &Member, diagnostics: &mut Diagnostics) {
        let node = &member.node;
        if is_unset(node) {
            return;
        }
        match value::judge(key.kind, self.source, node) {
            Ok(()) => {}
            Err(Wrong::Kind(found)) => {
                let mut finding =
                    quiet(key.kind, self.expected(&found, path, &key.kind.expecting())).remedy(rewrite(key.kind));
                if let (Kind::Choice(words), Some(written)) = (key.kind, found.as_str()) {
                    finding = finding.misspelt(written, found.span, words.iter().copied());
                }
                diagnostics.push(let_in(path, finding));
                return;
            }
            Err(Wrong::Syntax(error)) => {
                let text = format!("`{path}` holds no {}: {}", noun(key.kind), error.message);
                let span = error.place.map_or(node.span, |(_, span)| span);
                let remedy = format!("Write {}, in quotes as the rest.", example(key.kind));
                let finding = Diagnostic::error(self.codes.wrong, self.source, span, text).remedy(remedy);
                diagnostics.push(quiet(key.kind, finding));
                return;
            }
            Err(Wrong::Part(found, reason)) => {
                let finding =
                    Diagnostic::error(self.codes.wrong, self.source, found.span, reason).remedy(rewrite(key.kind));
                diagnostics.push(quiet(key.kind, finding));
                return;
            }
        }
        if let Effect::Inert(why) = key.effect {
            let asked_for = match key.kind {
                Kind::Boolean => matches!(value::boolean(node), Ok(true)),
                _ => false,
            };
            let text = format!("`{path}` has no effect: {why}");
            let finding = match (key.kind, asked_for) {
                // Switched off is what it is anyway.
                (Kind::Boolean, false) => return,
                (_, true) => Diagnostic::warning(self.codes.inert, self.source, member.key, text),
                (_, false) => Diagnostic::note(self.codes.inert, self.source, member.key, text),
            };
            diagnostics.push(quiet(key.kind, finding));
        }
    }

    /// Whether there are tables below a name that is none itself.
    fn leads_on(&self, path: &str) -> bool {
        let below = format!("{path}.");
        self.blocks.iter().any(|block| block.path.starts_with(&below))
    }

    fn expected(&self, node: &Node, path: &str, expected: &str) -> Diagnostic {
        let finding = Diagnostic::expected(self.codes.wrong, self.source, node, &format!("`{path}`"), expected);
        // What is of the wrong kind may stand in the place of a secret.
        if path.to_ascii_lowercase().contains("password") {
            return finding.secret();
        }
        finding
    }

    /// A key that nobody knows changes nothing, and may be a misspelt one.
    fn unknown(&self, path: &str, name: &str, member: &Member) -> Diagnostic {
        let (within, text) = match path {
            "" => ("", format!("there is no `{name}` in this file")),
            path => (path, format!("`{path}` has no `{name}`")),
        };
        let block = self.blocks.iter().find(|block| block.path == within);
        let mut near: Vec<&str> = block.iter().flat_map(|block| block.keys).map(|key| key.name).collect();
        let prefix = if within.is_empty() {
            String::new()
        } else {
            format!("{within}.")
        };
        near.extend(
            self.blocks
                .iter()
                .filter_map(|block| block.path.strip_prefix(prefix.as_str())?.split('.').next()),
        );
        near.retain(|near| !near.is_empty());
        let finding = Diagnostic::warning(
            self.codes.wrong,
            self.source,
            member.key,
            format!("{text}; it is ignored"),
        )
        .remedy("Remove it, or see the reference for the keys there are.")
        .misspelt(name, member.key, near)
        .also_in(&in_headers(self.source, &format!("{prefix}{name}")));
        // Nobody knows what it holds: `pasword` holds a password.
        let (line, start) = self.source.line_of(member.key);
        let_in(
            path,
            finding.secret_if(has_text_before(&member.node, start + line.len())),
        )
    }
}

/// Leaves to somebody who looks at it which pages of other origins are let in.
fn let_in(path: &str, finding: Diagnostic) -> Diagnostic {
    const CORS: &str = "corsConfiguration";
    let lets_in = path.starts_with(CORS) || finding.would_write(CORS);
    finding.only_likely_if(lets_in)
}

/// Whether a text starts in a value before a place of the file: in the line of its key, that is, also where that is `a.b = "c"`.
fn has_text_before(node: &Node, end: usize) -> bool {
    match &node.value {
        Value::String(_) => (node.span.start as usize) < end,
        Value::Array(elements) => elements.iter().any(|element| has_text_before(element, end)),
        Value::Object(members) => members.values().any(|member| has_text_before(&member.node, end)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Keeps lines with secrets out of the output; environment variables stand in one line, and any of them may be one.
fn quiet(kind: Kind, finding: Diagnostic) -> Diagnostic {
    match kind {
        Kind::Secret | Kind::Environment => finding.secret(),
        _ => finding,
    }
}

/// What to do about something that stands in the place of a table.
fn below(path: &str, repeated: bool) -> String {
    match repeated {
        true => format!("Write `[[{path}]]` and its keys below."),
        false => format!("Write `[{path}]` and its keys below."),
    }
}

/// What to do about a value that cannot be used.
fn rewrite(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Secret => "Put it in quotes.".to_owned(),
        Kind::Boolean => "Write `true` or `false`.".to_owned(),
        Kind::Number { min, max } => format!("Write a number from {min} to {max}, or leave it out."),
        Kind::Choice(_) => "Write one of these words.".to_owned(),
        Kind::Map | Kind::Texts => format!("Write {}, in quotes as the rest.", example(kind)),
        Kind::Environment => "Write `{\"NAME\": \"value\"}`, or in the place of a value where it stands: \
                              `{\"secretKeyRef\": {\"name\": \"shop\", \"key\": \"password\"}}`."
            .to_owned(),
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Texts => "list",
        _ => "map",
    }
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Texts => "a list as `[\"a\", \"b\"]`",
        _ => "a map as `{\"name\": \"value\"}`",
    }
}
