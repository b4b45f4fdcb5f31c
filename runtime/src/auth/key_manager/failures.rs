//! Calls to the key manager that did not bring what they should.

use reqwest::StatusCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts and logs the failures of one kind of call.
#[derive(Debug)]
pub(super) struct Failures {
    /// What the calls are for, in the log.
    task: &'static str,
    count: AtomicU64,
}

impl Failures {
    pub(super) const fn of(task: &'static str) -> Self {
        Self {
            task,
            count: AtomicU64::new(0),
        }
    }

    /// Returns how many there were altogether.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Records one. Of the answer nothing is logged but its status: it may hold anything.
    pub(super) fn record(&self, reason: &'static str, status: Option<StatusCode>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let (task, status) = (self.task, status.map(|status| status.as_u16()));
        tracing::warn!(task, reason, status, "the key manager did not answer as it should");
    }
}

/// Returns why an answer with another status than success brings nothing.
pub(super) fn refused(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "it does not accept the gateway's own credentials; check keymanager.security"
        }
        _ => "it refused the request",
    }
}

/// Returns whether a status says that another attempt may succeed.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}
