//! What of a definition refers to what: looked at as a whole, before files are joined and after.

use super::Linked;
use super::pointer::escape;
use super::problems::Problems;
use crate::diagnostics::{Severity, certain_name, nearest};
use crate::openapi::place::{Kind, Place};
use crate::openapi::reference::{self, ReferenceError};
use crate::yaml::{Node, Value};

/// Whether a definition refers to another file.
pub(super) fn refers_outside(document: &Node) -> bool {
    is_outside(document, Place::DOCUMENT)
}

fn is_outside(node: &Node, place: Place) -> bool {
    if place.kind == Kind::Data {
        return false;
    }
    match &node.value {
        Value::Object(members) => members.iter().any(|(key, member)| match member.node.as_str() {
            Some(text) if key == "$ref" => !text.starts_with('#'),
            Some(text) if place.is_mapping() => is_reference(text) && !text.starts_with('#'),
            Some(text) if place.is_operation_ref(key) => !text.starts_with('#'),
            Some(_) => false,
            None => is_outside(&member.node, place.child(key)),
        }),
        Value::Array(elements) => elements.iter().any(|element| is_outside(element, place.element())),
        _ => false,
    }
}

/// Tells a reference in the mapping of a discriminator from the name of a schema.
pub(super) fn is_reference(text: &str) -> bool {
    text.contains(['#', '/']) || [".yaml", ".yml", ".json"].iter().any(|ending| text.ends_with(ending))
}

/// References within the definition that lead nowhere, or to what cannot be meant; those of paths and security schemes are
/// reported where these are read.
pub(super) fn check_inside(linked: &Linked, node: &Node, place: Place, problems: &mut Problems) {
    if place.kind == Kind::Data {
        return;
    }
    if let Some(target) = reference::target(node).filter(|target| target.starts_with('#'))
        && !matches!(place.kind, Kind::PathItem | Kind::SecurityScheme)
    {
        let (error, near) = match reference::lookup(&linked.document, target) {
            Ok(found) => match unfit(target, found, place) {
                Some(error) => (Some(error), Near::remedy(UNFIT)),
                None => (
                    endless(&linked.document, node),
                    Near::remedy("Let it lead to something else."),
                ),
            },
            Err(error) => (
                Some(error),
                problems.near(&linked.document, target.trim_start_matches('#')),
            ),
        };
        if let Some(error) = error {
            let span = node.get("$ref").map_or(node.span, |node| node.span);
            let meant = near.meant.map(|pointer| format!("#{pointer}"));
            let meant = meant.as_deref().map(|meant| (target, meant));
            let message = error.to_string();
            problems.add(Severity::Warning, &linked.source, span, message, &near.remedy, meant);
        }
    }
    match &node.value {
        Value::Object(members) => {
            for (key, member) in members {
                check_inside(linked, &member.node, place.child(key), problems);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                check_inside(linked, element, place.element(), problems);
            }
        }
        _ => {}
    }
}

/// Why references that are there lead to nothing. How long they go on does not matter where nobody follows them.
fn endless(document: &Node, node: &Node) -> Option<ReferenceError> {
    let error = reference::follow(document, node).err()?;
    matches!(error, ReferenceError::Cycle(_) | ReferenceError::Whole(_)).then_some(error)
}

/// What is wrong with a reference to `found`, when that can never be what belongs to this place.
pub(super) fn unfit(reference: &str, found: &Node, place: Place) -> Option<ReferenceError> {
    let fits = match &found.value {
        Value::Object(_) => true,
        Value::Bool(_) => matches!(place.kind, Kind::Schema | Kind::Other) && !place.is_map,
        Value::Array(_) => place.is_map || place.kind == Kind::Other,
        Value::Null | Value::Number(_) | Value::String(_) => place.kind == Kind::Other,
    };
    (!fits).then(|| ReferenceError::Unfit(reference.to_owned(), found.kind()))
}

/// What to do about a reference that can never be meant.
pub(super) const UNFIT: &str =
    "Refer to a map, and look into the file: a page to sign in, or nothing, may have been saved as what it should be.";

/// What a pointer that leads nowhere may be meant as.
#[derive(Debug, Clone)]
pub(super) struct Near {
    /// What to do: "Did you mean …?" for the first part that is not there, where something is near.
    pub(super) remedy: String,
    /// The pointer that is meant beyond doubt.
    pub(super) meant: Option<String>,
}

impl Default for Near {
    fn default() -> Self {
        Self::remedy("Define it there, or correct the reference.")
    }
}

impl Near {
    fn remedy(remedy: impl Into<String>) -> Self {
        Self {
            remedy: remedy.into(),
            meant: None,
        }
    }
}

/// How many names are still compared with what is written: each reference that leads nowhere is compared with all that it may
/// mean, and there may be many of both.
#[derive(Debug)]
pub(super) struct Comparisons(usize);

impl Default for Comparisons {
    fn default() -> Self {
        Self(1_000_000)
    }
}

impl Comparisons {
    fn are_left(&mut self, names: usize) -> bool {
        let left = self.0.checked_sub(names);
        self.0 = left.unwrap_or_default();
        left.is_some()
    }
}

/// What to do about a pointer that leads nowhere.
pub(super) fn similar(document: &Node, pointer: &str, comparisons: &mut Comparisons) -> Near {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Near::remedy(format!(
            "Write the way to it, such as `#/components/schemas/Pet`, or in OpenAPI 3.1 `$anchor: {pointer}` into the schema."
        ));
    }
    let mut near = Near::default();
    let mut is_told = false;
    let mut meant = Some(String::new());
    let mut node = document;
    let mut place = Place::DOCUMENT;
    for written in pointer.split('/').skip(1) {
        let Some(part) = reference::unescape(written) else {
            return near;
        };
        let names = || node.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let (known, next) = match node.at([part.as_ref()]) {
            Some(next) => (Some((written.to_owned(), part.as_ref())), Some(next)),
            None => {
                if !comparisons.are_left(node.as_object().map_or(0, indexmap::IndexMap::len)) {
                    return near;
                }
                if let (false, Some(name)) = (is_told, nearest(&part, names())) {
                    near.remedy = match place.has_section(&part) && !place.has_section(name) {
                        true => format!("Write `{part}` for `{name}` there, which is no key of OpenAPI."),
                        false => format!("Did you mean `{name}`?"),
                    };
                    is_told = true;
                }
                // Where the key of a section is misspelt, a reference that follows it is wrong twice.
                let is_right = |name: &&str| match place.kind {
                    Kind::Components if !place.is_map => place.has_section(name),
                    _ => !place.has_section(&part) || place.has_section(name),
                };
                let name = certain_name(&part, names()).filter(is_right);
                (
                    name.map(|name| (escape(name), name)),
                    name.and_then(|name| node.get(name)),
                )
            }
        };
        place = place.child(known.as_ref().map_or(&part, |(_, name)| name));
        meant = meant.zip(known).map(|(before, (part, _))| format!("{before}/{part}"));
        match next {
            Some(next) => node = next,
            None => return near,
        }
    }
    near.meant = meant.filter(|meant| meant != pointer);
    near
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn names_are_compared_with_a_bounded_number_of_references() {
        let (_, document) = parse("a", b"schemas: {Item: {}, Order: {}}\n".to_vec(), Format::Yaml).unwrap();
        let mut comparisons = Comparisons(5);
        let mut told = |pointer: &str| similar(&document, pointer, &mut comparisons).remedy;
        assert_eq!(told("/schemas/Itm"), "Did you mean `Item`?");
        assert_eq!(told("/schemas/Oder"), "Did you mean `Order`?");
        assert_eq!(told("/schemas/Itm"), Near::default().remedy);
        assert_eq!(told("/schemas/Itm"), Near::default().remedy);
    }
}
