//! Cuts a stream of bytes into messages, one a line.

use super::error::EtcdError;

/// Longest message, in bytes. A value of etcd may be larger; a URL is not.
pub(super) const MAX_LINE: usize = 256 * 1024;

/// Bytes of which the end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), EtcdError> {
        if self.pending.len() + bytes.len() > MAX_LINE {
            return Err(EtcdError::TooLarge);
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// Returns the next line that is complete and not empty.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        while let Some(end) = memchr::memchr(b'\n', &self.pending) {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = line.trim_ascii();
            if !line.is_empty() {
                return Some(line.to_vec());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_bounded() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(&vec![b'x'; MAX_LINE]), Ok(()));
        assert_eq!(lines.push(b"x"), Err(EtcdError::TooLarge));
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_come(text in "[ab\n]{0,60}", cuts in prop::collection::vec(0_usize..60, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).chain([text.len()]).collect();
            cuts.sort_unstable();
            let (mut lines, mut got, mut from) = (Lines::default(), Vec::new(), 0);
            for cut in cuts {
                lines.push(&text.as_bytes()[from..cut]).expect("short");
                from = cut;
                got.extend(std::iter::from_fn(|| lines.next()));
            }
            let (complete, _) = text.rsplit_once('\n').unwrap_or(("", ""));
            let expected: Vec<_> = complete.lines().filter(|line| !line.is_empty()).map(|line| line.as_bytes().to_vec()).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
