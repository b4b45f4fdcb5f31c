//! Which version of the specification a document follows.

use crate::diagnostics::{Code, Diagnostic, Diagnostics, nearest};
use crate::yaml::{Correction, Edit, Member, Node, Source, Value};

/// A supported version of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Swagger 2.0.
    Swagger20,
    /// OpenAPI 3.0.x.
    OpenApi30,
    /// OpenAPI 3.1.x, and 3.2.x read as such.
    OpenApi31,
}

const SUPPORTED: &str = "mgw reads `swagger: \"2.0\"` and `openapi:` 3.0.x, 3.1.x and 3.2.x.";

/// Whether a file means to be a definition. What a definition refers to may say nothing of the kind.
pub(crate) fn is_definition(document: &Node) -> bool {
    ["openapi", "swagger"].iter().any(|key| document.get(key).is_some())
}

/// Whether a file that does not mean to be a definition may be what one refers to.
pub(crate) fn may_be_a_part(source: &Source, document: &Node) -> bool {
    let is_other =
        || document.is_null() || misspelt(document).is_some() || super::foreign::tell(source, document).is_some();
    !is_definition(document) && !is_other()
}

/// Whether a file means to be a definition, and a letter of the key that says so is wrong.
pub(crate) fn is_nearly_definition(document: &Node) -> bool {
    misspelt(document).is_some()
}

/// The key that is meant as one of those that say the version.
fn misspelt(document: &Node) -> Option<(&str, &Member)> {
    let mut members = document.as_object()?.iter();
    let is_near = |key: &str| nearest(key, ["openapi", "swagger"]).is_some() || key.eq_ignore_ascii_case("openapi");
    let (key, member) = members.find(|(key, _)| is_near(key))?;
    Some((key, member))
}

/// Whether the schemas of a definition are those of JSON Schema: since 3.1. Only then do they have names of their own, and
/// does what stands beside a reference count.
pub(super) fn knows_json_schema(document: &Node) -> bool {
    let version = document.get("openapi").and_then(Node::as_str).unwrap_or_default();
    ["3.1", "3.2"].iter().any(|known| version.trim().starts_with(known))
}

impl Dialect {
    /// Tells the version of a document; explains in `diagnostics` what is wrong when there is none to tell.
    pub(super) fn detect(source: &Source, document: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        if !["openapi", "swagger"].iter().any(|key| document.get(key).is_some())
            && let Some(finding) = super::foreign::tell(source, document)
        {
            diagnostics.push(finding);
            return None;
        }
        let Some(members) = document.as_object() else {
            let message = match document.kind() {
                "nothing" => "the file is empty".to_owned(),
                kind => format!("an OpenAPI definition is a map, found {kind}"),
            };
            diagnostics.push(Diagnostic::error(Code::Dialect, source, document.span, message).remedy(SUPPORTED));
            return None;
        };
        let (key, member) = match (members.get("openapi"), members.get("swagger")) {
            (Some(member), _) => ("openapi", member),
            (None, Some(member)) => ("swagger", member),
            (None, None) => {
                let message = "neither `openapi` nor `swagger` says which version this definition follows";
                let Some((written, member)) = misspelt(document) else {
                    let finding = Diagnostic::error(Code::Dialect, source, document.span, message);
                    diagnostics.push(finding.remedy(SUPPORTED));
                    return None;
                };
                let meant = match written.to_ascii_lowercase().starts_with('s') {
                    true => "swagger",
                    false => "openapi",
                };
                let finding = Diagnostic::error(Code::Dialect, source, member.key, message);
                diagnostics.push(finding.remedy(format!("Did you mean `{meant}`?")).misspelt(
                    written,
                    member.key,
                    [meant],
                ));
                return None;
            }
        };
        let version = match &member.node.value {
            Value::String(text) => text.trim(),
            Value::Number(_) => source.slice(member.node.span),
            _ => "",
        };
        let dialect = match (key, parts(version).as_deref()) {
            ("swagger", Some([2, 0])) => Some(Self::Swagger20),
            ("openapi", Some([3, 0] | [3, 0, _])) => Some(Self::OpenApi30),
            ("openapi", Some([3, 1 | 2] | [3, 1 | 2, _])) => Some(Self::OpenApi31),
            _ => None,
        };
        if dialect.is_none() {
            let message = match member.node.value {
                Value::String(_) | Value::Number(_) => format!("`{key}: {version}` is not a version that mgw reads"),
                _ => format!("`{key}` should be a version, found {}", member.node.kind()),
            };
            let remedy = match (key, version.split('.').next()) {
                ("openapi", Some("2")) => "Write `swagger: \"2.0\"`; it was called so until 3.0.",
                ("swagger", Some("3")) => "Write `openapi: 3.0.3`; it is called so since 3.0.",
                _ => SUPPORTED,
            };
            let finding = Diagnostic::error(Code::Dialect, source, member.node.span, message).remedy(remedy);
            diagnostics.push(finding.corrected(correction(source, key, member, version)));
        }
        if let (Some(_), Some(_), Some(other)) = (dialect, members.get("openapi"), members.get("swagger")) {
            let message = "`swagger` has no effect beside `openapi`: the definition is read as OpenAPI 3";
            let finding = Diagnostic::warning(Code::Dialect, source, other.key, message);
            diagnostics.push(finding.remedy("Remove one of the two."));
        }
        if version.starts_with("3.2") && dialect.is_some() {
            let message = "this OpenAPI 3.2 definition is read as 3.1; what 3.2 adds is not served";
            diagnostics.push(Diagnostic::note(Code::Dialect, source, member.node.span, message));
        }
        dialect
    }
}

/// What puts a version right that can only be meant in one way.
fn correction(source: &Source, key: &str, member: &Member, version: &str) -> Option<Correction> {
    let rewriting = |text: &str, span, new: &str| source.rewriting(span, text, new);
    let numbers = parts(version.trim_start_matches(['v', 'V']))?;
    let is_known = |number: &str| {
        let value = source.slice(member.node.span);
        value.trim().trim_matches(['"', '\'']) == number
    };
    if !is_known(version) {
        return None;
    }
    // There is one version 2, and it was not called OpenAPI yet; 3 is not called Swagger any more.
    let (name, number) = match (key, numbers.as_slice()) {
        (_, [2] | [2, 0] | [2, 0, 0]) => ("swagger", "2.0"),
        (_, [3, 0..=2, ..]) if numbers.len() < 4 => ("openapi", version.trim_start_matches(['v', 'V'])),
        _ => return None,
    };
    let mut edits = Vec::new();
    if name != key {
        edits.push(rewriting(key, member.key, name)?);
    }
    if number != version || name == "swagger" && member.node.as_str().is_none() {
        edits.push(Edit::new(member.node.span, format!("\"{number}\"")));
    }
    let title = format!("Write `{name}: \"{number}\"`");
    (!edits.is_empty()).then(|| Correction::certain(title, edits))
}

fn parts(version: &str) -> Option<Vec<u32>> {
    version
        .split('.')
        .map(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse().ok())?
        })
        .collect()
}
