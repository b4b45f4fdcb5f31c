//! Keys at the top of a definition that nobody reads.

use super::dialect::Dialect;
use super::extension_name::is_gateway_extension;
use super::operations::METHODS;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, nearest};
use crate::ui::visible;
use crate::yaml::{Member, Node, Source, Value};
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

/// Tells of keys at the top that have no effect. What references lead to is of use whatever it is called.
pub(super) fn check(source: &Source, document: &Node, dialect: Dialect, diagnostics: &mut Diagnostics) {
    let Some(members) = document.as_object() else { return };
    let known: Vec<&str> = match dialect {
        Dialect::Swagger20 => OF_ALL.into_iter().chain(OF_SWAGGER).collect(),
        Dialect::OpenApi30 | Dialect::OpenApi31 => OF_ALL.into_iter().chain(OF_OPENAPI).collect(),
    };
    // That two versions are named is told with the version.
    let is_known = |key: &str| known.contains(&key) || key == "swagger";
    // Whoever knows extensions tells of those.
    let is_extension = |key: &str| key.starts_with("x-") || key.starts_with("X-") || is_gateway_extension(key);
    let unknown = || members.iter().filter(|(key, _)| !is_known(key) && !is_extension(key));
    if unknown().next().is_none() {
        return;
    }
    let mut used = HashSet::new();
    referred_to(document, &mut used);
    let mut others: Vec<(&str, &Member)> = Vec::new();
    for (key, member) in unknown().filter(|(key, _)| !used.contains(key.as_str())) {
        // Converters leave empty ones behind.
        if elsewhere(key).is_some() && is_empty(&member.node) {
            continue;
        }
        match doubtful(source, key, member, dialect, &known, members) {
            Some(finding) => diagnostics.push(finding),
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
        diagnostics.push(
            Diagnostic::note(Code::UnknownKey, source, first.key, message)
                .remedy("Begin names that are for other programs with `x-`."),
        );
    }
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
    let near = match known.contains(&plain) {
        true => plain,
        false => nearest(plain, known.iter().copied())?,
    };
    let message = format!(
        "`{}` at the top of the definition is not known, and without effect{}",
        visible(key),
        hidden(key)
    );
    let finding = warning(message);
    if members.contains_key(near) {
        return Some(finding.remedy(format!(
            "Remove it, or put what it says into `{near}`, which is there too."
        )));
    }
    let finding = match known.contains(&plain) {
        true => finding
            .remedy(format!("Write `{near}`."))
            .renaming(key, member.key, near),
        false => finding.misspelt(key, member.key, known.iter().copied()),
    };
    // What `security` asks for, and the schemes that it names, may admit others than are admitted so far.
    Some(match near {
        "security" | "securityDefinitions" | "components" => finding.only_likely(),
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
fn without_hidden(key: &str) -> &str {
    key.trim_matches(is_hidden)
}

fn is_hidden(c: char) -> bool {
    c.is_whitespace() || visible(c.encode_utf8(&mut [0; 4])).len() != c.len_utf8()
}

/// The keys at the top that references lead into.
fn referred_to<'a>(node: &'a Node, used: &mut HashSet<&'a str>) {
    match &node.value {
        Value::Object(members) => {
            let reference = node.get("$ref").and_then(Node::as_str);
            if let Some(pointer) = reference.and_then(|reference| reference.strip_prefix("#/")) {
                used.insert(pointer.split('/').next().unwrap_or_default());
            }
            members.values().for_each(|member| referred_to(&member.node, used));
        }
        Value::Array(elements) => elements.iter().for_each(|element| referred_to(element, used)),
        _ => {}
    }
}
