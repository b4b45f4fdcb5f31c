//! How the connections are doing by which limits are told.

use crate::event_hub::DecodeError;
use crate::event_hub::amqp::TopicObserver;
use crate::told_once::ToldOnce;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// Least time between two warnings about messages, in milliseconds.
const BETWEEN_WARNINGS_MS: u64 = 10_000;

/// Whether something is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitsState {
    /// Nothing has come yet.
    Loading,
    /// Up to date.
    Current,
    /// The last attempt failed; what came before is in force.
    Stale,
}

/// How the connections are doing by which limits are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsStatus {
    /// Whether decisions arrive.
    pub decisions: LimitsState,
    /// When the event hub was there last, in milliseconds since the epoch; 0: never.
    pub connected_at_ms: u64,
    /// Whether the lists of key templates and blocks are up to date.
    pub lists: LimitsState,
    /// When they were fetched last, in milliseconds since the epoch; 0: never.
    pub listed_at_ms: u64,
    /// Decisions that are in force.
    pub in_force: u64,
    /// Key templates that are in force.
    pub templates: u64,
    /// Blocks that are in force beside the bundle's.
    pub blocks: u64,
    /// Messages that were applied.
    pub applied: u64,
    /// Messages and entries that could not be applied.
    pub rejected: u64,
    /// Failed attempts to reach the event hub or to fetch the lists.
    pub failures: u64,
}

impl LimitsState {
    /// Returns its name in `/ready`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Current => "current",
            Self::Stale => "stale",
        }
    }
}

/// The numbers behind [`LimitsStatus`]; told by the connections.
#[derive(Debug, Default)]
pub(super) struct Counters {
    connected: AtomicBool,
    connected_at_ms: AtomicU64,
    lists_failing: AtomicBool,
    listed_at_ms: AtomicU64,
    applied: AtomicU64,
    rejected: AtomicU64,
    failures: AtomicU64,
    warned_at_ms: AtomicU64,
    /// Something was missed that the lists know.
    pub(super) missed: Notify,
    /// Why no decisions arrive.
    told: ToldOnce,
}

impl Counters {
    pub(super) fn is_connected(&self) -> bool {
        self.connected.load(Relaxed)
    }

    pub(super) fn applied(&self) {
        self.applied.fetch_add(1, Relaxed);
    }

    pub(super) fn rejected(&self, count: u64) {
        self.rejected.fetch_add(count, Relaxed);
    }

    /// Counts a message that could not be applied, and warns from time to time: there may be thousands in a second.
    pub(super) fn refused(&self, reason: &str) {
        self.rejected(1);
        let (now, warned) = (now_ms(), self.warned_at_ms.load(Relaxed));
        if now.saturating_sub(warned) >= BETWEEN_WARNINGS_MS {
            self.warned_at_ms.store(now, Relaxed);
            tracing::warn!(reason, "a message about limits could not be applied");
        }
    }

    pub(super) fn listed(&self) {
        self.listed_at_ms.store(now_ms(), Relaxed);
        self.lists_failing.store(false, Relaxed);
    }

    pub(super) fn list_failed(&self) {
        self.failures.fetch_add(1, Relaxed);
        self.lists_failing.store(true, Relaxed);
    }

    /// Returns the status, without what others count.
    pub(super) fn status(&self) -> LimitsStatus {
        let (connected_at_ms, listed_at_ms) = (self.connected_at_ms.load(Relaxed), self.listed_at_ms.load(Relaxed));
        let state = |since_ms, failing| match (since_ms, failing) {
            (0, _) => LimitsState::Loading,
            (_, true) => LimitsState::Stale,
            (_, false) => LimitsState::Current,
        };
        LimitsStatus {
            decisions: state(connected_at_ms, !self.is_connected()),
            connected_at_ms,
            lists: state(listed_at_ms, self.lists_failing.load(Relaxed)),
            listed_at_ms,
            in_force: 0,
            templates: 0,
            blocks: 0,
            applied: self.applied.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            failures: self.failures.load(Relaxed),
        }
    }
}

impl TopicObserver for Counters {
    /// Told again with every sign of life.
    fn current(&self) {
        self.connected_at_ms.store(now_ms(), Relaxed);
        if !self.connected.swap(true, Relaxed) {
            self.told.forget();
            tracing::info!("decisions about limits arrive");
        }
    }

    fn lost(&self, reason: &str) {
        self.failures.fetch_add(1, Relaxed);
        self.connected.store(false, Relaxed);
        if self.told.is_new(reason) {
            tracing::warn!(
                reason,
                "no decisions about limits arrive: those in force hold until they expire, and nobody else is limited"
            );
        }
    }

    fn skipped(&self, error: DecodeError) {
        self.rejected(1);
        self.missed.notify_one();
        tracing::warn!(%error, "a message about limits was passed over");
    }
}

/// Returns the time in milliseconds since the epoch.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
