//! How looking up goes, for operators.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// The ways of looking up, for labels.
pub(super) const SOURCES: [&str; 3] = ["etcd", "file", "srv"];

/// How one look-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiscoveryState {
    /// The first answer is still awaited; the default URL is used.
    Looking,
    /// What the source says is used.
    Current,
    /// The source knows nothing: the default URL is used.
    Default,
    /// The source is away or says nothing usable; what was known before is used.
    Stale,
}

impl DiscoveryState {
    /// The state in a word, for labels and `/ready`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Current => "current",
            Self::Default => "default",
            Self::Stale => "stale",
        }
    }
}

/// One look-up, as operators see it.
#[derive(Debug, Clone)]
pub(crate) struct DiscoveryStatus {
    /// `etcd`, `file` or `srv`.
    pub(crate) source: &'static str,
    /// The key, path or name that is looked up.
    pub(crate) name: String,
    pub(crate) state: DiscoveryState,
    /// Where requests go, as URLs.
    pub(crate) at: Vec<String>,
    /// When that changed last, in milliseconds since the epoch; 0: never.
    pub(crate) changed_at_ms: u64,
}

/// Counts of one way of looking up, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DiscoveryCount {
    /// `etcd`, `file` or `srv`.
    pub(crate) source: &'static str,
    /// Changes of places that were taken over.
    pub(crate) changes: u64,
    /// Times that the source could not be asked.
    pub(crate) failures: u64,
    /// Answers that could not be used.
    pub(crate) refused: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) changes: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) refused: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, source: &'static str) -> DiscoveryCount {
        DiscoveryCount {
            source,
            changes: self.changes.load(Relaxed),
            failures: self.failures.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }
}

/// The changing part of a [`DiscoveryStatus`].
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) state: DiscoveryState,
    pub(super) at: Vec<String>,
    pub(super) changed_at_ms: u64,
}

/// Shared between the task and those who look.
pub(super) type SharedStanding = Arc<Mutex<Standing>>;

pub(super) fn read(standing: &SharedStanding) -> Standing {
    standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
