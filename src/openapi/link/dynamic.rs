//! `$dynamicRef` of OpenAPI 3.1, which JSON Schema follows at first as a `$ref`, and then to the outermost schema on the way
//! there that has the same `$dynamicAnchor`.
//!
//! Which way somebody comes is known to whoever looks at values, which the gateway does not, and few readers know of it. So
//! in a bundle it is a `$ref` to what it leads to at first. That is all there is to it where no other schema has the name.

use super::identity::is_schema;
use super::problems::Problems;
use crate::diagnostics::Severity;
use crate::openapi::place::{Kind, Place};
use crate::yaml::{Member, Node, Source, Span, Value};
use std::collections::HashMap;

const WRITTEN: &str = "$dynamicRef";

/// The dynamic references of a definition and its files.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    /// The names that they end with, and where they stand in the text of all files.
    references: Vec<(String, Span)>,
    /// How many schemas have a `$dynamicAnchor` of a name.
    anchors: HashMap<String, usize>,
}

impl Dynamic {
    /// The file with `$ref` in the place of each `$dynamicRef`; `None`: there is none. `top`: what the file is. `moved`: by how
    /// much its spans are moved in the text of all files.
    pub(super) fn settle(&mut self, document: &Node, top: Place, moved: u32) -> Option<Node> {
        let before = self.references.len();
        self.look(document, top, moved);
        (self.references.len() > before).then(|| settled(document, top))
    }

    fn look(&mut self, node: &Node, place: Place, moved: u32) {
        if place.kind == Kind::Data {
            return;
        }
        match &node.value {
            Value::Object(members) => {
                if is_schema(place) {
                    if let Some(reference) = reference(node) {
                        let name = reference.as_str().and_then(|text| text.split_once('#'));
                        let name = name.map_or_else(String::new, |(_, name)| name.to_owned());
                        self.references.push((name, reference.span.moved(moved)));
                    }
                    if let Some(name) = node.get("$dynamicAnchor").and_then(Node::as_str) {
                        *self.anchors.entry(name.to_owned()).or_default() += 1;
                    }
                }
                for (key, member) in members {
                    self.look(&member.node, place.child(key), moved);
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    self.look(element, place.element(), moved);
                }
            }
            _ => {}
        }
    }

    /// Tells once that something may be lost.
    pub(super) fn report(&self, source: &Source, problems: &mut Problems) {
        for (name, span) in &self.references {
            if self.anchors.get(name).is_some_and(|count| *count > 1) {
                let message = "`$dynamicRef` is taken for the schema that it names by itself, and further schemas have this \
                               `$dynamicAnchor`";
                let remedy =
                    "The gateway looks at no values; whoever reads the bundle may want a `$ref` to what is meant.";
                problems.add(Severity::Note, source, *span, message.to_owned(), remedy, None);
            }
        }
    }
}

/// The dynamic reference of a schema. Beside a `$ref` it stays, as a map has one of them.
fn reference(schema: &Node) -> Option<&Node> {
    let reference = schema.get(WRITTEN).filter(|reference| reference.as_str().is_some())?;
    schema.get("$ref").is_none().then_some(reference)
}

fn settled(node: &Node, place: Place) -> Node {
    if place.kind == Kind::Data {
        return node.clone();
    }
    let value = match &node.value {
        Value::Object(members) => {
            let is_dynamic = is_schema(place) && reference(node).is_some();
            let below = members.iter().map(|(key, member)| {
                let settled = Member {
                    key: member.key,
                    node: settled(&member.node, place.child(key)),
                };
                match is_dynamic && key == WRITTEN {
                    true => ("$ref".to_owned(), settled),
                    false => (key.clone(), settled),
                }
            });
            Value::Object(below.collect())
        }
        Value::Array(elements) => {
            let below = elements.iter().map(|element| settled(element, place.element()));
            Value::Array(below.collect())
        }
        value => value.clone(),
    };
    Node { value, span: node.span }
}
