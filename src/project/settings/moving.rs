//! Moves a key to the table that it belongs to.

use crate::yaml::{Correction, Edit, Member, Node, Source, Span};

/// The correction that moves a key, which stands on a line of its own with its value, to a table of the file. `None` where
/// the line has more on it.
pub(super) fn to_table(source: &Source, document: &Node, member: &Member, table: &str) -> Option<Correction> {
    let text = source.text();
    let (line, start) = source.line_of(member.key);
    let (key, end) = (member.key.start as usize, member.node.span.end as usize);
    let before = text.get(start..key)?;
    let behind = text.get(end..start + line.len())?.trim_start();
    if !before.trim().is_empty() || !(behind.is_empty() || behind.starts_with('#')) {
        return None;
    }
    let line_end = source.line_end();
    let taken = start + line.len() + text.get(start + line.len()..)?.find('\n').map_or(0, |at| at + 1);
    let moved = line.trim();
    let insert = match document.member(table) {
        Some(header) => {
            let (line, at) = source.line_of(header.key);
            let is_header = line.trim() == format!("[{table}]");
            let behind = at + line.len() + text.get(at + line.len()..)?.find('\n')? + 1;
            if !is_header {
                return None;
            }
            Edit::insert(u32::try_from(behind).ok()?, format!("{moved}{line_end}"))
        }
        None => {
            let is_open = !text.is_empty() && !text.ends_with('\n') && taken < text.len();
            let first = if is_open { line_end } else { "" };
            let at = u32::try_from(text.len()).ok()?;
            Edit::insert(at, format!("{first}{line_end}[{table}]{line_end}{moved}{line_end}"))
        }
    };
    let mut edits = vec![Edit::new(Span::new(start, taken), ""), insert];
    edits.sort_by_key(|edit| edit.span.start);
    Some(Correction::certain(format!("Move it to `[{table}]`"), edits))
}
