//! How it goes with the receivers of one group.

use super::outbox::Outbox;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How it goes with the receivers of one group, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupStatus {
    /// Events that a receiver has taken.
    pub sent: u64,
    /// Events that found no room on the way.
    pub dropped: u64,
    /// Events that a receiver refused.
    pub refused: u64,
    /// Attempts to reach a receiver that failed, and connections that were lost.
    pub failures: u64,
    /// Events that wait or are on their way.
    pub waiting: usize,
    /// Receivers of the group.
    pub receivers: usize,
    /// Those that can be used now.
    pub connected: usize,
}

/// One group: what waits for it and what has become of the rest.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) outbox: Outbox,
    pub(super) sent: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) failures: AtomicU64,
}

impl Group {
    pub(super) fn new(outbox: Outbox) -> Arc<Self> {
        Arc::new(Self {
            outbox,
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    pub(super) fn status(&self) -> GroupStatus {
        GroupStatus {
            sent: self.sent.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            refused: self.refused.load(Relaxed),
            failures: self.failures.load(Relaxed),
            waiting: self.outbox.waiting(),
            receivers: self.outbox.receivers(),
            connected: self.outbox.there(),
        }
    }
}

/// Tells the log about one receiver: changes, not repetitions.
#[derive(Debug)]
pub(super) struct Teller {
    receiver: String,
    /// Why the receiver cannot be used, as it was told last.
    trouble: Option<String>,
    refusing: bool,
}

impl Teller {
    pub(super) fn new(receiver: String) -> Self {
        Self {
            receiver,
            trouble: None,
            refusing: false,
        }
    }

    /// The receiver can be used.
    pub(super) fn connected(&mut self) {
        self.trouble = None;
        tracing::info!(receiver = self.receiver, "the traffic manager is told of requests");
    }

    /// The receiver cannot be used.
    pub(super) fn failed(&mut self, reason: &str) {
        if self.trouble.as_deref() != Some(reason) {
            tracing::warn!(
                receiver = self.receiver,
                reason,
                "the traffic manager cannot be told of requests"
            );
            self.trouble = Some(reason.to_owned());
        }
    }

    /// The receiver has taken events, or refused them.
    pub(super) fn answered(&mut self, refused: bool) {
        match (self.refusing, refused) {
            (false, true) => tracing::warn!(
                receiver = self.receiver,
                "the traffic manager refuses events; they do not count"
            ),
            (true, false) => tracing::info!(receiver = self.receiver, "the traffic manager takes events again"),
            _ => {}
        }
        self.refusing = refused;
    }
}
