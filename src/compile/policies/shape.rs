//! Corrections of how the entries of `policies.yaml` are laid out.

use crate::yaml::{Correction, Edit, Node, Source, Span};

/// Indents what belongs below the name of a policy and stands beside it.
pub(super) fn indented(source: &Source, element: &Node, keys: &[&str]) -> Option<Correction> {
    let mut members = element.as_object()?.iter();
    let (name, first) = members.next()?;
    let column = source.position(first.key).column;
    let is_lone = first.node.is_null() && !keys.contains(&name.as_str());
    let is_below = |(name, member): (&String, &crate::yaml::Member)| {
        let (line, start) = source.line_of(member.key);
        let before = line.get(..member.key.start as usize - start).unwrap_or_default();
        keys.contains(&name.as_str()) && before.trim().is_empty() && source.position(member.key).column == column
    };
    let (_, second) = members.clone().next()?;
    if !is_lone || !members.all(is_below) {
        return None;
    }
    let (_, from) = source.line_of(second.key);
    let end = end(source, element);
    let text = source.text();
    let mut edits = Vec::new();
    let mut at = from;
    while at < end {
        let (line, _) = source.line_of(Span::at(at));
        if !line.trim().is_empty() {
            edits.push(Edit::insert(u32::try_from(at).ok()?, "  "));
        }
        at += text.get(at..)?.find('\n').map_or(text.len(), |length| length + 1);
    }
    (!edits.is_empty()).then(|| Correction::certain("Indent what belongs below the name", edits))
}

/// Takes away an element of a list that says the same as one before it.
pub(super) fn without_copy(source: &Source, elements: &[Node], element: &Node) -> Option<Correction> {
    let value = element.to_json();
    let mut before = elements.iter().take_while(|other| other.span != element.span);
    before.find(|other| other.to_json() == value)?;
    let (line, start) = source.line_of(element.span);
    let head = line.get(..(element.span.start as usize).checked_sub(start)?)?;
    // In brackets, and where something else stands on its lines, it stays.
    if head.trim() != "-" {
        return None;
    }
    let text = source.text();
    let end = end(source, element);
    let rest = text.get(end..)?;
    let line_end = rest.find('\n').map_or(text.len(), |length| end + length + 1);
    let behind = text.get(end..line_end)?.trim();
    (behind.is_empty() || behind.starts_with('#'))
        .then(|| Correction::certain("Remove the copy", vec![Edit::new(Span::new(start, line_end), "")]))
}

/// Where the last line of a value ends: parsers count the blank lines behind it to it.
fn end(source: &Source, node: &Node) -> usize {
    let whole = Span {
        start: node.span.start,
        end: node.end(),
    };
    node.span.start as usize + source.slice(whole).trim_end().len()
}
