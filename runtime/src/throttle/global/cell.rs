//! The decision about one key, in a single atomic word.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The decision about one key: until when its quota is used up. Whoever counts by the key holds the cell, so that asking
/// is one load.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    /// Milliseconds since the epoch; 0: there is no decision.
    until_ms: AtomicU64,
}

impl Cell {
    /// Returns until when the quota is used up; `None`: it is not.
    pub(crate) fn until(&self, now_ms: u64) -> Option<u64> {
        let until_ms = self.until_ms.load(Relaxed);
        (until_ms >= now_ms && until_ms != 0).then_some(until_ms)
    }

    /// Returns the word as it is, whether it has expired or not.
    pub(super) fn raw(&self) -> u64 {
        self.until_ms.load(Relaxed)
    }

    pub(super) fn set(&self, until_ms: u64) {
        self.until_ms.store(until_ms, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_holds_to_its_last_millisecond() {
        let cell = Cell::default();
        assert_eq!(cell.until(0), None);
        cell.set(1000);
        assert_eq!(
            [999, 1000, 1001].map(|now_ms| cell.until(now_ms)),
            [Some(1000), Some(1000), None]
        );
        cell.set(0);
        assert_eq!(cell.until(0), None);
    }
}
