//! What would be changed, as a unified difference for `patch -p1` and `git apply`.

use super::line_range::{ChangedLines, changed_lines, lines};
use super::rounds::RepairedFile;
use crate::diagnostics::may_hold_secret;
use crate::yaml::Source;
use std::ops::Range;

/// Lines around a change.
const CONTEXT: usize = 3;

/// Of a file whose text must not be shown, or cannot be.
const SECRET: &str = "it may hold a secret, or is no text in UTF-8";

/// The difference of a file that is called `name`.
///
/// # Errors
///
/// Why it cannot be shown: a line of it may hold a secret, the file was none in UTF-8, or its name cannot be written down.
pub(crate) fn patch(file: &RepairedFile, name: &str) -> Result<Vec<u8>, &'static str> {
    if name.contains(char::is_control) || name.contains(['"', '\\']) {
        return Err(
            "no difference can name the file: there is a control character, a quote or a backslash in its name",
        );
    }
    difference(file, name).ok_or(SECRET)
}

fn difference(file: &RepairedFile, name: &str) -> Option<Vec<u8>> {
    let source = file.source.as_ref().filter(|_| !file.is_secret)?;
    let original = file.revision.original();
    let old = lines(original);
    let hidden = hidden(source, &old);
    let changes = changed_lines(&file.revision);
    let is_hidden = |line: usize| hidden.get(line).copied().unwrap_or_default();
    let touches_hidden = |change: &ChangedLines| change.range.clone().any(is_hidden);
    if changes.is_empty() || changes.iter().any(touches_hidden) {
        return None;
    }
    // A blank in a name ends it, unless a tab does.
    let tab = if name.contains(' ') { "\t" } else { "" };
    let mut patch = format!("--- a/{name}{tab}\n+++ b/{name}{tab}\n").into_bytes();
    let mut shift = 0_isize;
    for hunk in hunks(&changes, old.len(), is_hidden)? {
        shift += hunk.write(&old, shift, &mut patch);
    }
    Some(patch)
}

/// Which lines may hold a secret.
fn hidden(source: &Source, lines: &[&[u8]]) -> Vec<bool> {
    let mut start = 0;
    let mut hidden = Vec::with_capacity(lines.len());
    let text = source.text();
    for line in lines {
        // The source has no byte order mark.
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let written = text.get(start..start + line.len()).unwrap_or_default();
        let shown = written.trim_end_matches(['\n', '\r']);
        let is_blank = shown.trim().is_empty() && written.as_bytes() == line;
        hidden.push(written.as_bytes() != line || !is_blank && may_hold_secret(source, shown, start));
        start += line.len();
    }
    hidden
}

/// Changes that are shown together, and the lines around them.
struct Hunk<'a> {
    changes: &'a [ChangedLines],
    range: Range<usize>,
}

/// `None` where there is no line to show behind a change.
fn hunks(changes: &[ChangedLines], count: usize, is_hidden: impl Fn(usize) -> bool) -> Option<Vec<Hunk<'_>>> {
    let mut hunks: Vec<Hunk<'_>> = Vec::new();
    let mut first = 0;
    for (index, change) in changes.iter().enumerate() {
        let from = (0..change.range.start)
            .rev()
            .take(CONTEXT)
            .take_while(|line| !is_hidden(*line))
            .last();
        let from = from.unwrap_or(change.range.start);
        let to = (change.range.end..count)
            .take(CONTEXT)
            .take_while(|line| !is_hidden(*line))
            .last();
        // Without a line behind it, a change is taken for one at the end of the file.
        let to = match to {
            Some(line) => line + 1,
            None if change.range.end >= count => count,
            None => return None,
        };
        match hunks.last_mut() {
            Some(hunk) if from <= hunk.range.end => {
                hunk.range.end = hunk.range.end.max(to);
                hunk.changes = changes.get(first..=index).unwrap_or_default();
            }
            _ => {
                first = index;
                hunks.push(Hunk {
                    changes: changes.get(index..=index).unwrap_or_default(),
                    range: from..to,
                });
            }
        }
    }
    Some(hunks)
}

impl Hunk<'_> {
    /// Writes it down, and returns by how many lines it makes the file longer; `shift`: those before it.
    fn write(&self, old: &[&[u8]], shift: isize, patch: &mut Vec<u8>) -> isize {
        let mut body = Vec::new();
        let mut longer = 0_isize;
        let mut at = self.range.start;
        let old_lines = |range: Range<usize>| old.get(range).unwrap_or_default();
        for change in self.changes {
            let new = lines(&change.text);
            write_lines(b' ', old_lines(at..change.range.start), &mut body);
            write_lines(b'-', old_lines(change.range.clone()), &mut body);
            write_lines(b'+', &new, &mut body);
            longer += new.len() as isize - change.range.len() as isize;
            at = change.range.end;
        }
        write_lines(b' ', old_lines(at..self.range.end), &mut body);
        let length = self.range.len();
        let place = |start: usize, length: usize| match length {
            // Behind the line before it, where there is none.
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            _ => format!("{},{length}", start + 1),
        };
        let new_start = self.range.start.saturating_add_signed(shift);
        let new_length = length.saturating_add_signed(longer);
        let head = format!(
            "@@ -{} +{} @@\n",
            place(self.range.start, length),
            place(new_start, new_length)
        );
        patch.extend_from_slice(head.as_bytes());
        patch.append(&mut body);
        longer
    }
}

fn write_lines(sign: u8, lines: &[&[u8]], patch: &mut Vec<u8>) {
    for line in lines {
        patch.push(sign);
        patch.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            patch.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    }
}
