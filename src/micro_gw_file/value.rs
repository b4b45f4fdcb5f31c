//! A value, brought to the kind its key asks for. Everything may be written as it is in TOML, or as a text.

use super::Kind;
use crate::yaml::{Node, Source, SyntaxError, parse_embedded};

/// Most entries of a map or list.
const MAX_ENTRIES: usize = 256;

/// What an environment variable is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvironmentValue {
    /// A text.
    Text(String),
    /// Where its value stands.
    From(Reference),
}

/// Where the value of an environment variable stands: the kind of reference, as Kubernetes has them, and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// `secretKeyRef` and the like.
    pub(crate) kind: &'static str,
    /// Its fields.
    pub(crate) fields: Vec<(String, String)>,
}

/// The kinds of references, and the fields that each must have.
pub(super) const REFERENCES: [(&str, &[&str]); 4] = [
    ("secretKeyRef", &["name", "key"]),
    ("configMapKeyRef", &["name", "key"]),
    ("fieldRef", &["fieldPath"]),
    ("resourceFieldRef", &["resource"]),
];

/// Fields that references may have besides.
const OPTIONAL: [&str; 3] = ["apiVersion", "containerName", "divisor"];

/// What is wrong with a value.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It is of another kind.
    Kind(Node),
    /// What the text holds cannot be read.
    Syntax(SyntaxError),
    /// Something in it.
    Part(Node, String),
}

/// Whether a value says nothing: micro-gw's own files have empty texts where nothing is meant.
pub(super) fn is_unset(node: &Node) -> bool {
    node.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A number, or a truth value, as a text.
fn plain(node: &Node) -> Option<String> {
    match &node.value {
        crate::yaml::Value::String(text) => Some(text.clone()),
        crate::yaml::Value::Bool(value) => Some(value.to_string()),
        crate::yaml::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The value as a text.
pub(super) fn text(node: &Node) -> Result<String, Wrong> {
    plain(node).ok_or_else(|| Wrong::Kind(node.clone()))
}

/// The value as a truth value.
pub(super) fn boolean(node: &Node) -> Result<bool, Wrong> {
    match plain(node).as_deref().map(str::trim) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(Wrong::Kind(node.clone())),
    }
}

/// The value as a number between bounds.
pub(super) fn number(node: &Node, min: u64, max: u64) -> Result<u64, Wrong> {
    plain(node)
        .and_then(|text| text.trim().parse().ok())
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| Wrong::Kind(node.clone()))
}

/// One of some words; their case does not matter.
pub(super) fn choice(node: &Node, words: &'static [&'static str]) -> Result<&'static str, Wrong> {
    let written = plain(node).unwrap_or_default();
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(written.trim()));
    found.copied().ok_or_else(|| Wrong::Kind(node.clone()))
}

/// What is written as a map or list, or as a text that holds one.
fn structure(source: &Source, node: &Node) -> Result<Node, Wrong> {
    match node.as_str() {
        Some(_) => parse_embedded(source, node).map_err(Wrong::Syntax),
        None => Ok(node.clone()),
    }
}

/// Refuses more entries than anybody needs.
fn bounded(node: &Node, entries: usize) -> Result<(), Wrong> {
    match entries > MAX_ENTRIES {
        true => Err(Wrong::Part(
            node.clone(),
            format!("there are {entries} entries, more than {MAX_ENTRIES}"),
        )),
        false => Ok(()),
    }
}

/// A list of texts.
pub(super) fn texts(source: &Source, node: &Node) -> Result<Vec<String>, Wrong> {
    let node = structure(source, node)?;
    let elements = node.as_array().ok_or_else(|| Wrong::Kind(node.clone()))?;
    bounded(&node, elements.len())?;
    // Samples have lists of empty texts.
    let written = elements.iter().filter(|element| !is_unset(element));
    written.map(text).collect()
}

/// A map of texts.
pub(super) fn map(source: &Source, node: &Node) -> Result<Vec<(String, String)>, Wrong> {
    let node = structure(source, node)?;
    let members = node.as_object().ok_or_else(|| Wrong::Kind(node.clone()))?;
    bounded(&node, members.len())?;
    members
        .iter()
        .map(|(key, member)| Ok((key.clone(), text(&member.node)?)))
        .collect()
}

/// A map of environment variables.
pub(super) fn environment(source: &Source, node: &Node) -> Result<Vec<(String, EnvironmentValue, Node)>, Wrong> {
    let node = structure(source, node)?;
    let members = node.as_object().ok_or_else(|| Wrong::Kind(node.clone()))?;
    bounded(&node, members.len())?;
    members
        .iter()
        .map(|(name, member)| {
            if !is_variable(name) {
                let reason = format!("`{name}` cannot be the name of an environment variable");
                return Err(Wrong::Part(member.node.clone(), reason));
            }
            let value = match plain(&member.node) {
                Some(text) => EnvironmentValue::Text(text),
                None => EnvironmentValue::From(reference(name, &member.node)?),
            };
            Ok((name.clone(), value, member.node.clone()))
        })
        .collect()
}

/// The names that Kubernetes takes.
fn is_variable(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || "_-.".contains(first));
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn reference(name: &str, node: &Node) -> Result<Reference, Wrong> {
    let known: Vec<&str> = REFERENCES.iter().map(|(kind, _)| *kind).collect();
    let part = |node: &Node, reason: String| Wrong::Part(node.clone(), reason);
    let members = node.as_object().ok_or_else(|| Wrong::Kind(node.clone()))?;
    let expected = format!(
        "`{name}` should be a text, or a map with one of `{}`",
        known.join("`, `")
    );
    let mut members = members.iter();
    let (Some((written, member)), None) = (members.next(), members.next()) else {
        return Err(part(node, expected));
    };
    let Some((kind, needed)) = REFERENCES.iter().find(|(kind, _)| kind == written) else {
        let near = crate::diagnostics::nearest(written, known.iter().copied());
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(part(
            &member.node,
            format!("`{name}` has `{written}`, which is no reference{near}"),
        ));
    };
    let fields = member
        .node
        .as_object()
        .ok_or_else(|| part(&member.node, format!("`{kind}` of `{name}` should be a map")))?;
    let mut read = Vec::new();
    for (field, value) in fields {
        if !needed.contains(&field.as_str()) && !OPTIONAL.contains(&field.as_str()) {
            return Err(part(&value.node, format!("`{kind}` has no `{field}`")));
        }
        read.push((field.clone(), text(&value.node)?));
    }
    for field in *needed {
        if !read.iter().any(|(known, value)| known == field && !value.is_empty()) {
            return Err(part(&member.node, format!("`{kind}` of `{name}` needs `{field}`")));
        }
    }
    Ok(Reference { kind, fields: read })
}

/// Reads a value as its kind asks; only whether that succeeds is of interest.
pub(super) fn judge(kind: Kind, source: &Source, node: &Node) -> Result<(), Wrong> {
    match kind {
        Kind::Text | Kind::Secret => text(node).map(drop),
        Kind::Boolean => boolean(node).map(drop),
        Kind::Number { min, max } => number(node, min, max).map(drop),
        Kind::Choice(words) => choice(node, words).map(drop),
        Kind::Map => map(source, node).map(drop),
        Kind::Texts => texts(source, node).map(drop),
        Kind::Environment => environment(source, node).map(drop),
    }
}
