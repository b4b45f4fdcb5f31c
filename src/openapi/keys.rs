//! Keys at the top of a definition, and below `components`, that nobody reads.

use super::components::SECTIONS;
use super::dialect::Dialect;
use super::extension_name::is_extension;
use super::lost_schemes::lost_schemes;
use super::operations::METHODS;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::ui::visible;
use crate::yaml::{Member, Node, Source, Span, Value};
use indexmap::IndexMap;
use std::collections::HashSet;

/// What every version knows.
const OF_ALL: [&str; 5] = ["info", "paths", "security", "tags", "externalDocs"];

/// What Swagger 2.0 knows besides.
const OF_SWAGGER: [&str; 10] = [
    "swagger",
    "host",
    "basePath",
    "schemes",
    "consumes",
    "produces",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
];

/// What OpenAPI 3.x knows besides. Some came with a later version; a definition that runs ahead is no mistake.
const OF_OPENAPI: [&str; 6] = [
    "openapi",
    "servers",
    "components",
    "webhooks",
    "jsonSchemaDialect",
    "$self",
];

/// Keys of the one version that steer the gateway, and what says the same in the other.
const ELSEWHERE: [(&str, &str); 6] = [
    (
        "host",
        "Write `servers: [{url: \"https://backend.example.com/v1\"}]` in its place.",
    ),
    (
        "basePath",
        "Write `servers: [{url: \"https://backend.example.com/v1\"}]` in its place.",
    ),
    (
        "schemes",
        "Write `servers: [{url: \"https://backend.example.com/v1\"}]` in its place.",
    ),
    (
        "securityDefinitions",
        "Move what is below it to `securitySchemes` below `components`.",
    ),
    ("servers", "Write `host`, `basePath` and `schemes` in its place."),
    (
        "components",
        "Move what is below it to `securityDefinitions`, `definitions`, `parameters` and `responses`.",
    ),
];

/// So many keys are named that are not known; the others are counted.
const MOST: usize = 5;

/// What to do about keys that are like none.
pub(super) const FOR_OTHERS: &str = "Begin names that are for other programs with `x-`.";

/// Where a key stands that is not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// How messages call it, behind the key.
    pub(super) words: &'a str,
    /// What could stand there.
    pub(super) known: &'a [&'a str],
    /// What stands there.
    pub(super) members: &'a IndexMap<String, Member>,
}

/// What a dialect knows at the top.
pub(super) fn known_at_the_top(dialect: Dialect) -> Vec<&'static str> {
    match dialect {
        Dialect::Swagger20 => OF_ALL.into_iter().chain(OF_SWAGGER).collect(),
        Dialect::OpenApi30 | Dialect::OpenApi31 => OF_ALL.into_iter().chain(OF_OPENAPI).collect(),
    }
}

/// Tells of keys at the top and below `components` that have no effect. What references lead to is of use whatever it is called.
pub(super) fn check(source: &Source, document: &Node, dialect: Dialect, diagnostics: &mut Diagnostics) {
    // Without the schemes nobody could say what callers have to show.
    let lost = lost_schemes(document, dialect).map(|(member, _)| member.key);
    of_components(source, document, dialect, lost, diagnostics);
    let Some(members) = document.as_object() else { return };
    let known = known_at_the_top(dialect);
    // That two versions are named is told with the version.
    let is_known = |key: &str| known.contains(&key) || key == "swagger";
    let unknown = || members.iter().filter(|(key, _)| !is_known(key) && !is_extension(key));
    if unknown().next().is_none() {
        return;
    }
    let mut used = HashSet::new();
    referred_to(document, &mut used);
    let mut others: Vec<(&str, &Member)> = Vec::new();
    let is_used = |key: &str| used.contains(&[Some(key), None]);
    for (key, member) in unknown().filter(|(key, member)| !is_used(key) || lost == Some(member.key)) {
        // Converters leave empty ones behind.
        if elsewhere(key).is_some() && is_empty(&member.node) {
            continue;
        }
        match doubtful(source, key, member, dialect, &known, members) {
            Some(finding) => diagnostics.push(losing(finding, lost == Some(member.key))),
            None => others.push((key, member)),
        }
    }
    if let Some((_, first)) = others.first() {
        let names = others.iter().take(MOST).map(|(key, _)| format!("`{}`", visible(key)));
        let mut names = names.collect::<Vec<_>>().join(", ");
        if others.len() > MOST {
            names.push_str(&format!(" and {} more keys", others.len() - MOST));
        }
        let verb = if others.len() == 1 { "is" } else { "are" };
        let message = format!("{names} at the top of the definition {verb} not known, and without effect");
        diagnostics.push(Diagnostic::note(Code::UnknownKey, source, first.key, message).remedy(FOR_OTHERS));
    }
}

/// Tells of keys below `components` that are misspelt. Whoever keeps something of his own there knows that it is nobody else's.
fn of_components(
    source: &Source,
    document: &Node,
    dialect: Dialect,
    lost: Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let written = document.get("components").filter(|_| dialect != Dialect::Swagger20);
    let Some(members) = written.and_then(Node::as_object) else {
        return;
    };
    let place = Place {
        words: "below `components`",
        known: &SECTIONS,
        members,
    };
    let unknown = members
        .iter()
        .filter(|(key, _)| !SECTIONS.contains(&key.as_str()) && !is_extension(key));
    let near: Vec<_> = unknown
        .filter_map(|(key, member)| Some((key, member, misspelt(source, key, member, place)?)))
        .collect();
    if near.is_empty() {
        return;
    }
    let mut used = HashSet::new();
    referred_to(document, &mut used);
    for (key, member, finding) in near {
        let is_lost = lost == Some(member.key);
        if is_lost || !used.contains(&[Some("components"), Some(key)]) {
            diagnostics.push(losing(finding, is_lost));
        }
    }
}

/// The finding about a key below which the security schemes stand, or about another one.
fn losing(mut finding: Diagnostic, is_lost: bool) -> Diagnostic {
    if is_lost {
        finding.severity = Severity::Error;
        finding.message.push_str(": no security scheme is defined");
    }
    finding
}

/// What to do about a key of the other version.
fn elsewhere(key: &str) -> Option<&'static str> {
    let found = ELSEWHERE.into_iter().find(|(name, _)| *name == key);
    found.map(|(_, remedy)| remedy)
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The finding about a key that is most likely meant as another one; `None`: nobody knows what it is.
fn doubtful(
    source: &Source,
    key: &str,
    member: &Member,
    dialect: Dialect,
    known: &[&str],
    members: &IndexMap<String, Member>,
) -> Option<Diagnostic> {
    let warning = |message: String| Diagnostic::warning(Code::UnknownKey, source, member.key, message);
    let plain = without_hidden(key);
    if METHODS.contains(&plain) || plain.starts_with('/') {
        let what = if plain.starts_with('/') { "path" } else { "method" };
        let message = format!(
            "the {what} `{}` stands at the top of the definition, where it is not served{}",
            visible(plain),
            hidden(key)
        );
        let remedy = match what {
            "path" => "Put it below `paths`, with blanks in front.",
            _ => "Put it below its path, with blanks in front.",
        };
        return Some(warning(message).remedy(remedy));
    }
    if let Some(remedy) = elsewhere(key) {
        let version = match dialect {
            Dialect::Swagger20 => "Swagger 2.0",
            Dialect::OpenApi30 | Dialect::OpenApi31 => "OpenAPI 3",
        };
        let message = format!("`{key}` has no effect in a definition of {version}");
        return Some(warning(message).remedy(remedy));
    }
    if key == "securitySchemes" {
        let message = "`securitySchemes` stands at the top of the definition, where nobody reads it";
        return Some(warning(message.to_owned()).remedy("Put it below `components`, with blanks in front."));
    }
    let place = Place {
        words: "at the top of the definition",
        known,
        members,
    };
    misspelt(source, key, member, place)
}

/// The finding about a key that is like one which is known; `None`: it is like none.
pub(super) fn misspelt(source: &Source, key: &str, member: &Member, place: Place<'_>) -> Option<Diagnostic> {
    let plain = without_hidden(key);
    let known = || place.known.iter().copied();
    let is_known = place.known.contains(&plain);
    let near = match is_known {
        true => plain,
        false => nearest(plain, known())?,
    };
    let message = format!(
        "`{}` {} is not known, and without effect{}",
        visible(key),
        place.words,
        hidden(key)
    );
    let finding = Diagnostic::warning(Code::UnknownKey, source, member.key, message);
    if place.members.contains_key(near) {
        return Some(finding.remedy(format!(
            "Remove it, or put what it says into `{near}`, which is there too."
        )));
    }
    let finding = match is_known {
        true => finding
            .remedy(format!("Write `{near}`."))
            .renaming(key, member.key, near),
        false => finding.misspelt(key, member.key, known()),
    };
    // What `security` asks for, and the schemes that it names, may admit others than are admitted so far.
    Some(match near {
        "security" | "securityDefinitions" | "securitySchemes" | "components" => finding.only_likely(),
        _ => finding,
    })
}

/// Which character of a key is not seen, as the end of a sentence about it.
fn hidden(key: &str) -> String {
    let plain = without_hidden(key);
    let unseen = key.split(plain).flat_map(str::chars).find(|c| is_hidden(*c));
    match unseen.filter(|_| !plain.is_empty()) {
        Some(c) => format!(": it has the invisible character U+{:04X} in it", u32::from(c)),
        None => String::new(),
    }
}

/// Without what is not seen around it.
pub(super) fn without_hidden(key: &str) -> &str {
    key.trim_matches(is_hidden)
}

fn is_hidden(c: char) -> bool {
    c.is_whitespace() || visible(c.encode_utf8(&mut [0; 4])).len() != c.len_utf8()
}

/// The keys that references lead into: those at the top, and those with the key below them.
fn referred_to<'a>(node: &'a Node, used: &mut HashSet<[Option<&'a str>; 2]>) {
    match &node.value {
        Value::Object(members) => {
            let reference = node.get("$ref").and_then(Node::as_str);
            if let Some(pointer) = reference.and_then(|reference| reference.strip_prefix("#/")) {
                let mut parts = pointer.split('/');
                let top = parts.next();
                used.insert([top, None]);
                used.insert([top, parts.next()]);
            }
            members.values().for_each(|member| referred_to(&member.node, used));
        }
        Value::Array(elements) => elements.iter().for_each(|element| referred_to(element, used)),
        _ => {}
    }
}
