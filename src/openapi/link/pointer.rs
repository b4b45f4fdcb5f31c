//! Pointers to values of a file: the part of a reference behind its `#`.

use crate::openapi::reference;
use crate::yaml::{Member, Node, Value};
use indexmap::IndexMap;

/// The value that a pointer leads to.
pub(super) fn found<'a>(document: &'a Node, pointer: &str) -> Option<&'a Node> {
    reference::lookup(document, &format!("#{pointer}")).ok()
}

/// The reference, when the node is nothing else.
pub(super) fn only_reference(node: &Node) -> Option<&str> {
    reference::target(node).filter(|_| node.as_object().is_some_and(|members| members.len() == 1))
}

/// One spelling for pointers that mean the same.
pub(super) fn canonical(pointer: &str) -> String {
    let parts: Option<Vec<String>> = pointer
        .split('/')
        .map(|part| reference::unescape(part).map(|part| escape(&part)))
        .collect();
    parts.map_or_else(|| pointer.to_owned(), |parts| parts.join("/"))
}

/// A name as a part of a pointer in a reference.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1").replace('%', "%25")
}

/// Adds members to the map at a path below a node.
pub(super) fn append(node: &mut Node, path: &[&str], copies: IndexMap<String, Member>) {
    let span = node.span;
    if node.is_null() {
        node.value = Value::Object(IndexMap::new());
    }
    let Value::Object(members) = &mut node.value else {
        return;
    };
    let Some((key, rest)) = path.split_first() else {
        members.extend(copies);
        return;
    };
    let member = members.entry((*key).to_owned()).or_insert_with(|| Member {
        key: span,
        node: Node {
            value: Value::Null,
            span,
        },
    });
    append(&mut member.node, rest, copies);
}
