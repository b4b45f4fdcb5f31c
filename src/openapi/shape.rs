//! Small tools for building a pruned tree whose values keep their places.

use super::extension_name::is_gateway_extension;
use crate::yaml::{Member, Node, Source, Span, Value};
use indexmap::IndexMap;

/// Collects the members of a pruned map.
#[derive(Debug, Default)]
pub(super) struct Shape {
    members: IndexMap<String, Member>,
}

impl Shape {
    /// Adds a member whose key stands at `key`.
    pub(super) fn put(&mut self, name: &str, key: Span, node: Node) {
        self.members.insert(name.to_owned(), Member { key, node });
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, span: Span, text: impl Into<String>) {
        self.put(name, span, self::text(span, text));
    }

    /// Takes over the members that steer the gateway: `x-wso2-*` and the control plane's own spellings.
    pub(super) fn take_extensions(&mut self, from: &Node) {
        for (name, member) in from.as_object().into_iter().flatten() {
            if is_gateway_extension(name) {
                self.members.insert(name.clone(), member.clone());
            }
        }
    }

    /// The map, standing at `span`.
    pub(super) fn at(self, span: Span) -> Node {
        Node {
            value: Value::Object(self.members),
            span,
        }
    }
}

/// A text standing at `span`.
pub(super) fn text(span: Span, text: impl Into<String>) -> Node {
    Node {
        value: Value::String(text.into()),
        span,
    }
}

/// A list standing at `span`.
pub(super) fn list(span: Span, elements: Vec<Node>) -> Node {
    Node {
        value: Value::Array(elements),
        span,
    }
}

/// The text of a scalar as the author wrote it: `1.10` stays `1.10` although YAML takes it for a number.
pub(crate) fn scalar_text(source: &Source, node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            let written = source.slice(node.span).trim();
            Some(if written.is_empty() {
                number.to_string()
            } else {
                written.to_owned()
            })
        }
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
