//! The definition as it goes into the bundle: JSON with its local references replaced by what they refer to.

use super::reference;
use crate::yaml::Node;
use serde_json::{Map, Value};

/// Most values that references may add to a document. Beyond it references stay; the components they point to are in
/// the document.
const MAX_ADDED: usize = 200_000;

/// Deepest chain of references inside references.
const MAX_CHAIN: usize = 24;

/// Returns the document with every local reference resolved that leads to an end. References that come back to
/// themselves, point out of the file, or would make the document too large stay as they are.
pub fn resolved_document(document: &Node) -> Value {
    let mut resolver = Resolver {
        document,
        chain: Vec::new(),
        added: 0,
        exhausted: false,
    };
    let value = resolver.value(document);
    if resolver.exhausted { document.to_json() } else { value }
}

struct Resolver<'a> {
    document: &'a Node,
    chain: Vec<&'a str>,
    added: usize,
    exhausted: bool,
}

impl<'a> Resolver<'a> {
    fn value(&mut self, node: &'a Node) -> Value {
        if !self.chain.is_empty() {
            self.added += 1;
            self.exhausted |= self.added > MAX_ADDED;
        }
        if self.exhausted {
            return Value::Null;
        }
        if let Some(reference) = reference::target(node) {
            let known = self.chain.len() >= MAX_CHAIN || self.chain.contains(&reference);
            let target = (!known)
                .then(|| reference::lookup(self.document, reference).ok())
                .flatten();
            return match target {
                // A reference to something that holds this very place would never end either.
                Some(target) if !std::ptr::eq(target, self.document) => {
                    self.chain.push(reference);
                    let value = self.value(target);
                    self.chain.pop();
                    value
                }
                _ => node.to_json(),
            };
        }
        if let Some(members) = node.as_object() {
            let members: Map<String, Value> = members
                .iter()
                .map(|(key, member)| (key.clone(), self.value(&member.node)))
                .collect();
            return Value::Object(members);
        }
        match node.as_array() {
            Some(elements) => elements.iter().map(|element| self.value(element)).collect(),
            None => node.to_json(),
        }
    }
}
