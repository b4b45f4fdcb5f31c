//! How many counters there are, for the metrics.

use super::{Counters, LevelKind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const LEVELS: usize = LevelKind::ALL.len();

/// What the registry has kept, forgotten and reset. Written under the registry's locks and by the admin listener, never by
/// a request whose caller is known.
#[derive(Debug, Default)]
pub(super) struct Tally {
    kept: [AtomicU64; LEVELS],
    full: [AtomicU64; LEVELS],
    resets: [AtomicU64; LEVELS],
    forgotten: AtomicU64,
    shared: AtomicU64,
}

/// The state of the counters of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LevelStatus {
    /// `api`, `resource`, `subscription` or `application`.
    pub(crate) level: &'static str,
    /// Counters that are kept.
    pub(crate) kept: u64,
    /// Those whose limit was reached when they were last looked through.
    pub(crate) full: u64,
    /// Counters that an operator has reset.
    pub(crate) resets: u64,
}

/// The state of all counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CounterStatus {
    pub(crate) levels: Vec<LevelStatus>,
    /// Counters that were forgotten when their windows were over.
    pub(crate) forgotten: u64,
    /// How often a key had to share a counter because the registry was full.
    pub(crate) shared: u64,
}

impl Tally {
    pub(super) fn kept(&self, level: LevelKind) {
        add(&self.kept, level, 1);
    }

    pub(super) fn forgotten(&self, level: LevelKind) {
        add(&self.kept, level, u64::MAX);
        self.forgotten.fetch_add(1, Relaxed);
    }

    pub(super) fn shared(&self) {
        self.shared.fetch_add(1, Relaxed);
    }

    pub(super) fn full(&self, full: [u64; LEVELS]) {
        for (own, full) in self.full.iter().zip(full) {
            own.store(full, Relaxed);
        }
    }

    pub(super) fn reset(&self, level: LevelKind, counters: u64) {
        add(&self.resets, level, counters);
    }
}

fn add(counts: &[AtomicU64; LEVELS], level: LevelKind, amount: u64) {
    if let Some(count) = counts.get(level.index()) {
        count.fetch_add(amount, Relaxed);
    }
}

impl Counters {
    /// Returns the state of the counters.
    pub(crate) fn status(&self) -> CounterStatus {
        let tally = &self.tally;
        let counts = tally.kept.iter().zip(&tally.full).zip(&tally.resets);
        CounterStatus {
            levels: LevelKind::ALL
                .iter()
                .zip(counts)
                .map(|(level, ((kept, full), resets))| LevelStatus {
                    level: level.name(),
                    kept: kept.load(Relaxed),
                    full: full.load(Relaxed),
                    resets: resets.load(Relaxed),
                })
                .collect(),
            forgotten: tally.forgotten.load(Relaxed),
            shared: tally.shared.load(Relaxed),
        }
    }
}
