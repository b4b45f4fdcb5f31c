//! The bytes of a file, and what they become in several steps.

use std::ops::Range;

/// A range of the original bytes, and what stands there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement {
    pub(super) range: Range<usize>,
    pub(super) text: Vec<u8>,
}

/// A file and what was changed in it so far. Everything outside of the changes is as it was, byte for byte.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    original: Vec<u8>,
    /// In order; no two of them touch.
    changes: Vec<Replacement>,
}

impl Revision {
    /// A file as it is.
    pub(super) fn new(original: Vec<u8>) -> Self {
        Self {
            original,
            changes: Vec::new(),
        }
    }

    /// What was there.
    pub(crate) fn original(&self) -> &[u8] {
        &self.original
    }

    /// What was changed.
    pub(super) fn changes(&self) -> &[Replacement] {
        &self.changes
    }

    /// What is to be there.
    pub(crate) fn current(&self) -> Vec<u8> {
        let mut current = Vec::with_capacity(self.original.len());
        let mut at = 0;
        for change in &self.changes {
            current.extend_from_slice(self.original.get(at..change.range.start).unwrap_or_default());
            current.extend_from_slice(&change.text);
            at = change.range.end;
        }
        current.extend_from_slice(self.original.get(at..).unwrap_or_default());
        current
    }

    /// The same with more changes, whose ranges are those of the current bytes, in order and without touching each other.
    #[must_use]
    pub(super) fn with(mut self, edits: &[Replacement]) -> Self {
        // From behind, so that the places of those before stay as they are.
        for edit in edits.iter().rev() {
            self.change(edit);
        }
        self
    }

    fn change(&mut self, edit: &Replacement) {
        let mut merged = Replacement {
            range: 0..0,
            text: edit.text.clone(),
        };
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        // By how much the current bytes are ahead of the original ones.
        let mut shift = 0_isize;
        let (mut start, mut end) = (None, None);
        let original = |at: usize, shift: isize| at.saturating_add_signed(-shift);
        for change in std::mem::take(&mut self.changes) {
            let from = change.range.start.saturating_add_signed(shift);
            let to = from + change.text.len();
            let shift_behind = shift + change.text.len() as isize - change.range.len() as isize;
            if to < edit.range.start {
                before.push(change);
                shift = shift_behind;
                continue;
            }
            if from > edit.range.end {
                end.get_or_insert_with(|| original(edit.range.end, shift));
                start.get_or_insert_with(|| original(edit.range.start, shift));
                behind.push(change);
                shift = shift_behind;
                continue;
            }
            // They touch: one change is made of both.
            if start.is_none() {
                let kept = edit.range.start.saturating_sub(from);
                if edit.range.start >= from {
                    start = Some(change.range.start);
                    let head = change.text.get(..kept).unwrap_or_default();
                    merged.text.splice(0..0, head.iter().copied());
                } else {
                    start = Some(original(edit.range.start, shift));
                }
            }
            if edit.range.end <= to {
                end = Some(change.range.end);
                let tail = change
                    .text
                    .get(edit.range.end.saturating_sub(from)..)
                    .unwrap_or_default();
                merged.text.extend_from_slice(tail);
            }
            shift = shift_behind;
        }
        let start = start.unwrap_or_else(|| original(edit.range.start, shift));
        merged.range = start..end.unwrap_or_else(|| original(edit.range.end, shift)).max(start);
        before.push(merged);
        before.append(&mut behind);
        self.changes = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(range: Range<usize>, text: &str) -> Replacement {
        Replacement {
            range,
            text: text.into(),
        }
    }

    #[test]
    fn changes_of_changes_are_changes_of_the_original() {
        let revision = Revision::new(b"0123456789".to_vec())
            .with(&[edit(1..2, "abc"), edit(5..5, "x")])
            // 0abc234x56789
            .with(&[edit(2..5, "-"), edit(7..8, "")]);
        assert_eq!(revision.current(), b"0a-3456789");
        assert_eq!(revision.original(), b"0123456789");
    }

    proptest::proptest! {
        /// As if the edits were made in the text itself, and nothing else is touched.
        #[test]
        fn the_current_bytes_are_those_of_all_edits_in_turn(
            text in "[a-z\\n]{0,30}",
            edits in proptest::collection::vec((0_usize..40, 0_usize..6, "[A-Z\\n]{0,5}"), 0..8),
        ) {
            let mut revision = Revision::new(text.clone().into_bytes());
            let mut plain = text;
            for (start, length, new) in edits {
                let start = start.min(plain.len());
                let end = (start + length).min(plain.len());
                revision = revision.with(&[edit(start..end, &new)]);
                plain.replace_range(start..end, &new);
                proptest::prop_assert_eq!(revision.current(), plain.as_bytes());
            }
            for pair in revision.changes().windows(2) {
                proptest::prop_assert!(pair[0].range.end <= pair[1].range.start);
            }
            // What is not in a change is as it was.
            let kept: usize = revision.changes().iter().map(|change| change.range.len()).sum();
            let new: usize = revision.changes().iter().map(|change| change.text.len()).sum();
            proptest::prop_assert_eq!(revision.original().len() - kept + new, plain.len());
        }
    }
}
