//! Keys that stand twice with the same value.

use crate::yaml::{Correction, Edit, Source, Span};

/// Removes the lines of the second key, where those of the first are the same.
pub(super) fn without_copy(source: &Source, second: Span) -> Option<Correction> {
    let text = source.text();
    let (_, start) = source.line_of(second);
    let indent = (second.start as usize).checked_sub(start)?;
    // Only where keys have lines of their own.
    if !text.get(start..start + indent)?.chars().all(|c| c == ' ') {
        return None;
    }
    let copy = block(text, start, indent)?;
    let key = text.get(second.start as usize..copy)?.split(':').next()?;
    let written = text.get(start..copy)?;
    let mut before = text.get(..start)?;
    while let Some(line) = before.split_inclusive('\n').next_back() {
        let at = before.len() - line.len();
        let content = line.trim_start_matches(' ');
        let depth = line.len() - content.len();
        let is_nothing = content.trim().is_empty() || content.starts_with('#');
        if !is_nothing && depth < indent {
            return None;
        }
        let is_key = depth == indent
            && content
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with(':'));
        if is_key {
            let first = text.get(at..block(text, at, indent)?)?;
            let edit = Edit::new(Span::new(start, copy), "");
            return (first.trim_end() == written.trim_end())
                .then(|| Correction::certain("Remove the copy", vec![edit]));
        }
        before = before.get(..at)?;
    }
    None
}

/// Where what belongs to a key ends whose line starts at `start`, with its line end.
fn block(text: &str, start: usize, indent: usize) -> Option<usize> {
    let mut lines = text.get(start..)?.split_inclusive('\n');
    let first = lines.next()?;
    // Below a key without a value on its line, a list may stand as far to the left as the key.
    let is_open = first.trim_end().ends_with(':');
    let mut end = start + first.len();
    let mut at = end;
    for line in lines {
        let content = line.trim_start_matches(' ');
        let depth = line.len() - content.len();
        at += line.len();
        if content.trim().is_empty() {
            continue;
        }
        let is_list = is_open && depth == indent && content.starts_with("- ");
        if depth <= indent && !is_list {
            break;
        }
        end = at;
    }
    Some(end)
}
