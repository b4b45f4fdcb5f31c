//! Quotes around texts that YAML does not take without.

use crate::yaml::{Correction, Edit, Source, Span};

/// Around a text that begins with a character that nothing begins with.
pub(super) fn around_what_starts(source: &Source, span: Span) -> Option<Correction> {
    let (line, start) = source.line_of(span);
    let at = (span.start as usize).checked_sub(start)?;
    let (before, value) = line.split_at_checked(at)?;
    let is_value = before.ends_with(": ") || before.ends_with("- ");
    (is_value && value.starts_with(['@', '`', '%'])).then(|| around(source, start, before, value))?
}

/// Around the value of a key that has a colon with a blank behind it in itself.
pub(super) fn around_what_has_a_colon(source: &Source, span: Span) -> Option<Correction> {
    let (line, start) = source.line_of(span);
    let at = line.find(": ")? + 2;
    let (before, behind) = line.split_at_checked(at)?;
    let value = behind.trim_start();
    let (before, value) = line.split_at_checked(before.len() + behind.len() - value.len())?;
    let is_text = value.starts_with(char::is_alphanumeric);
    let has_colon = uncommented(value).contains(": ") || uncommented(value).ends_with(':');
    // The parser means the second colon; at the first one, it is the indentation that is wrong.
    let is_second = span.start as usize > start + before.len();
    (is_text && has_colon && is_second).then(|| around(source, start, before, value))?
}

fn around(source: &Source, start: usize, before: &str, value: &str) -> Option<Correction> {
    let text = uncommented(value);
    let in_brackets = before.contains(['{', '[', '"', '\'']);
    if in_brackets || text.is_empty() || goes_on(source, start, before) {
        return None;
    }
    let quote = match (text.contains('\''), text.contains(['"', '\\'])) {
        (false, _) => "'",
        (true, false) => "\"",
        (true, true) => return None,
    };
    let from = start + before.len();
    let edits = vec![
        Edit::insert(u32::try_from(from).ok()?, quote),
        Edit::insert(u32::try_from(from + text.len()).ok()?, quote),
    ];
    Some(Correction::certain("Put the text in quotes", edits))
}

/// A value without the comment behind it.
fn uncommented(value: &str) -> &str {
    value
        .find(" #")
        .and_then(|at| value.get(..at))
        .unwrap_or(value)
        .trim_end()
}

/// Whether the text goes on in the next line, which is indented further than its key.
fn goes_on(source: &Source, start: usize, before: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let rest = source.text().get(start..).unwrap_or_default();
    let next = rest.lines().skip(1).find(|line| !line.trim().is_empty());
    next.is_some_and(|next| next.len() - next.trim_start().len() > indent(before))
}
