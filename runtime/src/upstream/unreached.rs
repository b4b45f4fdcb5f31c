//! That something could not be reached, remembered for a while.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// How long others are preferred, in milliseconds.
const REMEMBERED_MS: u64 = 10_000;

/// From when times count.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Whether something failed lately. Reading it costs one load as long as nothing fails.
#[derive(Debug, Default)]
pub(crate) struct Unreached {
    /// Milliseconds since the start, at least 1; 0: it did not fail.
    at_ms: AtomicU64,
}

impl Unreached {
    pub(crate) fn note(&self) {
        self.at_ms.store(now_ms(), Relaxed);
    }

    pub(crate) fn forget(&self) {
        // Most often it is 0, and the line stays shared between cores.
        if self.at_ms.load(Relaxed) != 0 {
            self.at_ms.store(0, Relaxed);
        }
    }

    pub(crate) fn is_recent(&self) -> bool {
        match self.at_ms.load(Relaxed) {
            0 => false,
            at_ms => is_recent(at_ms, now_ms()),
        }
    }
}

fn now_ms() -> u64 {
    u64::try_from(START.elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

fn is_recent(at_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(at_ms) < REMEMBERED_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_forgotten() {
        let unreached = Unreached::default();
        assert!(!unreached.is_recent());
        unreached.note();
        assert!(unreached.is_recent());
        unreached.forget();
        assert!(!unreached.is_recent());
        assert!(is_recent(5, 5 + REMEMBERED_MS - 1));
        assert!(!is_recent(5, 5 + REMEMBERED_MS));
    }
}
