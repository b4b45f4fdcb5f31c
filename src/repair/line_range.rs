//! From changed bytes to changed lines.

use super::revision::{Replacement, Revision};
use std::ops::Range;

/// Lines of the original, and what stands in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangedLines {
    /// Indices of lines; empty where lines are put in.
    pub(super) range: Range<usize>,
    pub(super) text: Vec<u8>,
}

/// Lines with their ends.
pub(super) fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// The changes of a file as changes of whole lines, in order.
pub(super) fn changed_lines(revision: &Revision) -> Vec<ChangedLines> {
    let original = revision.original();
    let mut starts: Vec<usize> = vec![0];
    for line in lines(original) {
        starts.push(starts.last().copied().unwrap_or_default() + line.len());
    }
    let offset = |line: usize| starts.get(line).copied().unwrap_or(original.len());
    let last = starts.len() - 1;
    // The line that a place is in; behind the last one, where that ends with a line end.
    let line_of = |at: usize| starts.partition_point(|start| *start <= at).saturating_sub(1);
    let is_start = |at: usize| starts.binary_search(&at).is_ok() && (at == 0 || original.get(at - 1) == Some(&b'\n'));
    let mut groups: Vec<(Range<usize>, Vec<&Replacement>)> = Vec::new();
    for change in revision.changes() {
        let Range { start, end } = change.range;
        let first = match line_of(start) {
            // Behind a last line without an end.
            line if line == last && !is_start(start) => last.saturating_sub(1),
            line => line,
        };
        let is_whole = is_start(start) && is_start(end) && (change.text.is_empty() || change.text.ends_with(b"\n"));
        let behind = match is_whole {
            true => line_of(end),
            false => (line_of(end) + 1).min(last),
        };
        match groups.last_mut() {
            Some((range, changes)) if first <= range.end => {
                range.end = range.end.max(behind);
                changes.push(change);
            }
            _ => groups.push((first..behind.max(first), vec![change])),
        }
    }
    let text_of = |(range, changes): (Range<usize>, Vec<&Replacement>)| {
        let (mut at, end) = (offset(range.start), offset(range.end));
        let mut text = Vec::new();
        for change in changes {
            text.extend_from_slice(original.get(at..change.range.start).unwrap_or_default());
            text.extend_from_slice(&change.text);
            at = change.range.end;
        }
        text.extend_from_slice(original.get(at..end).unwrap_or_default());
        ChangedLines { range, text }
    };
    groups.into_iter().map(text_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Lines put in the place of lines give what the file is.
        #[test]
        fn changed_lines_give_the_changed_file(
            text in "[ab\\n]{0,24}",
            edits in proptest::collection::vec((0_usize..30, 0_usize..8, "[X\\n]{0,4}"), 0..5),
        ) {
            let mut revision = Revision::new(text.clone().into_bytes());
            for (start, length, new) in edits {
                let size = revision.current().len();
                let start = start.min(size);
                let range = start..(start + length).min(size);
                revision = revision.with(&[Replacement { range, text: new.into() }]);
            }
            let old = lines(revision.original());
            let (mut given, mut at) = (Vec::new(), 0);
            for change in changed_lines(&revision) {
                proptest::prop_assert!(at <= change.range.start && change.range.end <= old.len());
                given.extend(old[at..change.range.start].concat());
                given.extend(&change.text);
                at = change.range.end;
            }
            given.extend(old[at..].concat());
            proptest::prop_assert_eq!(given, revision.current());
        }
    }
}
