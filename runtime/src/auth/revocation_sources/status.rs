//! How a source of revocations is doing.

use super::now_ms;
use crate::told_once::ToldOnce;
use tokio::sync::watch;

/// Whether what a source has brought is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationSourceState {
    /// Nothing was read yet: tokens revoked there are still accepted.
    Loading,
    /// Up to date.
    Current,
    /// The source cannot be read; what it brought before is in force.
    Stale,
}

/// How a source of revocations is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationSourceStatus {
    /// Which one: `redis`, `control-plane` or `event-hub`.
    pub source: &'static str,
    /// Whether it is up to date.
    pub state: RevocationSourceState,
    /// When it was up to date last, in milliseconds since the epoch; 0: never.
    pub current_at_ms: u64,
    /// Revocations applied, repeated ones included.
    pub applied: u64,
    /// Entries that could not be applied: malformed, of an unknown kind, or for want of room.
    pub rejected: u64,
    /// Failed attempts to read.
    pub failures: u64,
}

impl RevocationSourceState {
    /// Returns its name in `/ready`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Current => "current",
            Self::Stale => "stale",
        }
    }
}

/// Publishes the status of one source.
#[derive(Debug)]
pub(in crate::auth) struct Reporter {
    status: watch::Sender<RevocationSourceStatus>,
    told: ToldOnce,
}

impl Reporter {
    /// Returns the reporter and where its reports arrive.
    pub(in crate::auth) fn new(source: &'static str) -> (Self, watch::Receiver<RevocationSourceStatus>) {
        let (sender, receiver) = watch::channel(RevocationSourceStatus {
            source,
            state: RevocationSourceState::Loading,
            current_at_ms: 0,
            applied: 0,
            rejected: 0,
            failures: 0,
        });
        let told = ToldOnce::default();
        (Self { status: sender, told }, receiver)
    }

    /// Records what was read.
    pub(super) fn read(&self, applied: u64, rejected: u64) {
        if rejected > 0 {
            tracing::warn!(
                rejected,
                "revocations could not be applied; their tokens are still accepted"
            );
        }
        self.status.send_modify(|status| {
            status.applied += applied;
            status.rejected += rejected;
        });
    }

    /// Records that everything there was has been read.
    pub(super) fn current(&self) {
        self.told.forget();
        self.status.send_modify(|status| {
            status.state = RevocationSourceState::Current;
            status.current_at_ms = now_ms();
        });
    }

    /// Records that the source cannot be read.
    pub(super) fn failed(&self, reason: &str) {
        self.status.send_modify(|status| {
            status.failures += 1;
            if status.state == RevocationSourceState::Current {
                status.state = RevocationSourceState::Stale;
            }
        });
        if self.told.is_new(reason) {
            let source = self.status.borrow().source;
            tracing::warn!(source, reason, "revocations could not be read");
        }
    }
}
