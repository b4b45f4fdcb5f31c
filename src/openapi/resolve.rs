//! The definition as it goes into the bundle: JSON with its local references replaced by what they refer to.

use super::dialect::knows_json_schema;
use super::place::{Kind, Place};
use super::reference;
use crate::yaml::{Member, Node};
use serde_json::{Map, Value};

/// Most values that references may add to a document. Beyond it references stay; the components they point to are in
/// the document.
const MAX_ADDED: usize = 200_000;

/// Deepest chain of references inside references.
const MAX_CHAIN: usize = 24;

/// Deepest nesting of what comes out, so that every reader of JSON takes it.
const MAX_DEPTH: usize = 110;

/// What may stand beside a reference and only describes: it is put in the place of what the other says.
const DESCRIBING: [&str; 9] = [
    "title",
    "summary",
    "description",
    "deprecated",
    "readOnly",
    "writeOnly",
    "default",
    "example",
    "examples",
];

/// Returns the document with every local reference resolved that leads to an end. References that come back to
/// themselves, point out of the file, have further conditions beside them (in 3.1), name the schemas that a discriminator
/// tells apart, or would make the document too large or too deep stay as they are. What looks like a reference in examples
/// and the like is none.
pub fn resolved_document(document: &Node) -> Value {
    let mut resolver = Resolver {
        document,
        has_siblings: knows_json_schema(document),
        chain: Vec::new(),
        added: 0,
        exhausted: false,
    };
    match resolver.value(document, Place::DOCUMENT, 0) {
        Some(value) if !resolver.exhausted => value,
        _ => document.to_json(),
    }
}

/// Where a schema lists what may be there.
const CHOICES: [&str; 2] = ["oneOf", "anyOf"];

/// Whether this is a schema with a discriminator.
fn is_told_apart(node: &Node, place: Place) -> bool {
    place.kind == Kind::Schema && !place.is_map && node.get("discriminator").is_some()
}

struct Resolver<'a> {
    document: &'a Node,
    /// What stands beside a reference counts.
    has_siblings: bool,
    chain: Vec<&'a str>,
    added: usize,
    exhausted: bool,
}

impl<'a> Resolver<'a> {
    /// `None` when it would become too deep: the innermost reference stays then.
    fn value(&mut self, node: &'a Node, place: Place, depth: usize) -> Option<Value> {
        if !self.chain.is_empty() {
            self.added += 1;
            self.exhausted |= self.added > MAX_ADDED;
            if depth > MAX_DEPTH {
                return None;
            }
        }
        if self.exhausted {
            return Some(Value::Null);
        }
        if let Some(reference) = reference::target(node).filter(|_| place.kind != Kind::Data) {
            return Some(
                self.target(node, reference, place, depth)
                    .unwrap_or_else(|| node.to_json()),
            );
        }
        if let Some(members) = node.as_object() {
            let is_told_apart = is_told_apart(node, place);
            let members: Option<Map<String, Value>> = members
                .iter()
                .map(|(key, Member { node, .. })| {
                    let value = match node.as_array() {
                        Some(choices) if is_told_apart && CHOICES.contains(&key.as_str()) => {
                            self.choices(choices, place.child(key), depth + 1)
                        }
                        _ => self.value(node, place.child(key), depth + 1),
                    };
                    Some((key.clone(), value?))
                })
                .collect();
            return members.map(Value::Object);
        }
        match node.as_array() {
            Some(elements) => elements
                .iter()
                .map(|element| self.value(element, place.element(), depth + 1))
                .collect(),
            None => Some(node.to_json()),
        }
    }

    /// The schemas that a discriminator tells apart by their names, which are those in the references.
    fn choices(&mut self, choices: &'a [Node], place: Place, depth: usize) -> Option<Value> {
        let choices = choices.iter().map(|choice| match reference::target(choice) {
            Some(_) => Some(choice.to_json()),
            None => self.value(choice, place.element(), depth + 1),
        });
        choices.collect()
    }

    /// What is put in the place of a reference; `None`: it stays.
    fn target(&mut self, node: &'a Node, reference: &'a str, place: Place, depth: usize) -> Option<Value> {
        if self.chain.len() >= MAX_CHAIN || self.chain.contains(&reference) {
            return None;
        }
        let beside = node.as_object()?.iter().filter(|(key, _)| *key != "$ref");
        let beside: Vec<_> = beside.filter(|_| self.has_siblings).collect();
        if beside.iter().any(|(key, _)| !DESCRIBING.contains(&key.as_str())) {
            return None;
        }
        let target = reference::lookup(self.document, reference).ok()?;
        // A reference to something that holds this very place would never end either.
        if std::ptr::eq(target, self.document) {
            return None;
        }
        // Schemas refer to the one with the discriminator to say that they are among those that it tells apart.
        if is_told_apart(target, place) {
            return None;
        }
        self.chain.push(reference);
        let value = self.value(target, place, depth);
        self.chain.pop();
        let mut value = value?;
        if let Value::Object(members) = &mut value {
            members.extend(
                beside
                    .into_iter()
                    .map(|(key, member)| (key.clone(), member.node.to_json())),
            );
        }
        Some(value)
    }
}
