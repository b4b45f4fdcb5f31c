//! Follows local references (`$ref: '#/…'`).

use crate::yaml::Node;
use std::borrow::Cow;

/// Longest chain of references that is followed.
pub(super) const MAX_CHAIN: usize = 32;

/// Why a reference leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReferenceError {
    /// It points out of the file.
    #[error("the reference `{0}` points to another file")]
    Remote(String),
    /// Nothing is there.
    #[error("the reference `{0}` points to nothing")]
    Dangling(String),
    /// It comes back to itself.
    #[error("the reference `{0}` leads back to itself")]
    Cycle(String),
    /// It goes on and on, whether it comes back to itself or not.
    #[error("the reference `{0}` goes on over more than {most} references", most = MAX_CHAIN)]
    Long(String),
    /// All of the definition is there.
    #[error("the reference `{0}` leads to the whole definition")]
    Whole(String),
    /// Something is there that cannot be meant: its kind.
    #[error("the reference `{0}` leads to {1}, and a map should be there")]
    Unfit(String, &'static str),
}

/// The target of a reference, when `node` is one.
pub(super) fn target(node: &Node) -> Option<&str> {
    node.get("$ref")?.as_str()
}

/// Follows references until something else is there.
pub(super) fn follow<'a>(document: &'a Node, mut node: &'a Node) -> Result<&'a Node, ReferenceError> {
    let mut seen: Vec<&str> = Vec::new();
    while let Some(reference) = target(node) {
        if seen.contains(&reference) {
            return Err(ReferenceError::Cycle(reference.to_owned()));
        }
        if let (Some(first), true) = (seen.first(), seen.len() >= MAX_CHAIN) {
            return Err(ReferenceError::Long((*first).to_owned()));
        }
        seen.push(reference);
        node = lookup(document, reference)?;
        if std::ptr::eq(node, document) {
            return Err(ReferenceError::Whole(reference.to_owned()));
        }
    }
    Ok(node)
}

/// The value that a local reference points to.
pub(super) fn lookup<'a>(document: &'a Node, reference: &str) -> Result<&'a Node, ReferenceError> {
    let pointer = match reference.strip_prefix('#') {
        Some("") => return Ok(document),
        Some(pointer) => pointer,
        None => return Err(ReferenceError::Remote(reference.to_owned())),
    };
    let parts = pointer.strip_prefix('/').map(|rest| rest.split('/').map(unescape));
    let found = parts.and_then(|parts| {
        parts.into_iter().try_fold(document, |node, part| {
            let part = part?;
            node.at([part.as_ref()])
        })
    });
    found.ok_or_else(|| ReferenceError::Dangling(reference.to_owned()))
}

/// Undoes percent-encoding; `None` when what comes out is no text.
pub(crate) fn percent_decoded(part: &str) -> Option<Cow<'_, str>> {
    if !part.contains('%') {
        return Some(part.into());
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| {
                    char::from(*byte)
                        .to_digit(16)
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                bytes.push(digit(high)? << 4 | digit(low)?);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    Some(String::from_utf8(bytes).ok()?.into())
}

/// Undoes percent-encoding, then the `~` escapes of JSON pointers.
pub(super) fn unescape(part: &str) -> Option<Cow<'_, str>> {
    let decoded = percent_decoded(part)?;
    if decoded.contains('~') {
        return Some(decoded.replace("~1", "/").replace("~0", "~").into());
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn references_are_followed_to_their_end() {
        let text = "a: {$ref: '#/b'}\nb: {$ref: '#/c~1d/e%20f'}\nc/d: {e f: 5}\nx: {$ref: '#/y'}\ny: {$ref: '#/x'}\n\
                    s: {$ref: '#/s'}\nr: {$ref: 'other.yaml#/a'}\nn: {$ref: '#/nothing'}\nz: {$ref: '#bad'}\n\
                    w: {$ref: '#'}\n";
        let (_, document) = parse("a", text.into(), Format::Yaml).unwrap();
        let result = |key: &str| follow(&document, document.get(key).unwrap()).map(Node::as_u64);
        assert_eq!(result("a"), Ok(Some(5)));
        assert_eq!(result("x"), Err(ReferenceError::Cycle("#/y".into())));
        assert_eq!(result("s"), Err(ReferenceError::Cycle("#/s".into())));
        assert_eq!(result("r"), Err(ReferenceError::Remote("other.yaml#/a".into())));
        assert_eq!(result("n"), Err(ReferenceError::Dangling("#/nothing".into())));
        assert_eq!(result("z"), Err(ReferenceError::Dangling("#bad".into())));
        assert_eq!(result("w"), Err(ReferenceError::Whole("#".into())));
    }

    /// A chain without an end is not called a circle.
    #[test]
    fn long_chains_are_told_as_such() {
        let last = MAX_CHAIN + 1;
        let chain = (0..last).map(|at| format!("a{at}: {{$ref: '#/a{}'}}\n", at + 1));
        let text = chain.chain([format!("a{last}: 5\n")]).collect::<String>();
        let (_, document) = parse("a", text.into(), Format::Yaml).unwrap();
        let result = |key: &str| follow(&document, document.get(key).unwrap()).map(Node::as_u64);
        assert_eq!(result("a1"), Ok(Some(5)));
        assert_eq!(result("a0"), Err(ReferenceError::Long("#/a1".into())));
    }
}
