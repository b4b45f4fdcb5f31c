//! How the connection to the control plane's subscription data is doing.

use super::store::Counts;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whether the data are up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataState {
    /// Nothing was loaded yet: the bundle's snapshot is in force.
    Loading,
    /// Up to date.
    Current,
    /// The last attempt to load failed; what was loaded before is in force.
    Stale,
}

impl DataState {
    /// Returns its name in `/ready`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Current => "current",
            Self::Stale => "stale",
        }
    }
}

/// How the connection to the control plane's subscription data is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataStatus {
    /// Whether the data are up to date.
    pub state: DataState,
    /// When everything was loaded last, in milliseconds since the epoch; 0: never.
    pub loaded_at_ms: u64,
    /// How long ago that was, by a clock that does not jump; `None`: never.
    pub age: Option<Duration>,
    /// Whether notifications arrive; without them everything is loaded from time to time.
    pub notified: bool,
    /// Failed attempts to load.
    pub load_failures: u64,
    /// Records.
    pub counts: Counts,
    /// Objects that are remembered for not being known to the control plane.
    pub absent: usize,
    /// Elements and notifications that made no sense, and records for which there was no room.
    pub rejected: u64,
    /// Notifications that were applied.
    pub notifications: u64,
    /// Notifications that were older than what was known, or about another tenant.
    pub notifications_ignored: u64,
    /// Look-ups of single objects.
    pub lookups: u64,
    /// Look-ups that the control plane did not answer.
    pub lookup_failures: u64,
}

/// The numbers behind [`DataStatus`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    failing: AtomicBool,
    loaded_at_ms: AtomicU64,
    loaded_at: Mutex<Option<Instant>>,
    load_failures: AtomicU64,
    rejected: AtomicU64,
    notifications: AtomicU64,
    notifications_ignored: AtomicU64,
    lookups: AtomicU64,
    lookup_failures: AtomicU64,
}

impl Counters {
    pub(super) fn loaded(&self, now_ms: u64, now: Instant) {
        *self.loaded_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        self.loaded_at_ms.store(now_ms, Relaxed);
        self.failing.store(false, Relaxed);
    }

    pub(super) fn load_failed(&self) {
        self.load_failures.fetch_add(1, Relaxed);
        self.failing.store(true, Relaxed);
    }

    pub(super) fn rejected(&self, count: u64) {
        self.rejected.fetch_add(count, Relaxed);
    }

    pub(super) fn notified(&self, applied: u64, ignored: u64) {
        self.notifications.fetch_add(applied, Relaxed);
        self.notifications_ignored.fetch_add(ignored, Relaxed);
    }

    pub(super) fn looked_up(&self, answered: bool) {
        self.lookups.fetch_add(1, Relaxed);
        self.lookup_failures.fetch_add(u64::from(!answered), Relaxed);
    }

    pub(super) fn status(&self, counts: Counts, absent: usize, notified: bool, now: Instant) -> DataStatus {
        let loaded_at = *self.loaded_at.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded_at_ms = self.loaded_at_ms.load(Relaxed);
        DataStatus {
            state: match (loaded_at_ms, self.failing.load(Relaxed)) {
                (0, _) => DataState::Loading,
                (_, true) => DataState::Stale,
                (_, false) => DataState::Current,
            },
            loaded_at_ms,
            age: loaded_at.map(|at| now.saturating_duration_since(at)),
            notified,
            load_failures: self.load_failures.load(Relaxed),
            counts,
            absent,
            rejected: self.rejected.load(Relaxed),
            notifications: self.notifications.load(Relaxed),
            notifications_ignored: self.notifications_ignored.load(Relaxed),
            lookups: self.lookups.load(Relaxed),
            lookup_failures: self.lookup_failures.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_grows_until_the_next_load() {
        let (counters, start) = (Counters::default(), Instant::now());
        let age = |seconds| {
            let now = start + Duration::from_secs(seconds);
            let status = counters.status(Counts::default(), 0, true, now);
            status.age.map(|age| age.as_secs())
        };
        assert_eq!(age(5), None);
        counters.loaded(1, start);
        counters.load_failed();
        assert_eq!((age(0), age(90)), (Some(0), Some(90)), "also while loads fail");
        // Whatever the wall clock says meanwhile.
        counters.loaded(0, start + Duration::from_secs(100));
        assert_eq!(age(107), Some(7));
    }
}
