//! What is reported about following a control plane, and what is made of it.

use super::{ConnectedState, Freshness, Thresholds};
use std::time::{Duration, Instant};

/// How following the control plane goes.
#[derive(Debug, Clone)]
pub struct ConnectedReport {
    /// Address of the control plane.
    pub control_plane: String,
    /// Since when what is served holds.
    pub freshness: Freshness,
    /// The ages at which states begin.
    pub thresholds: Thresholds,
    /// Whether the gateway takes no traffic once it has expired.
    pub expired_refuses: bool,
    /// When the control plane's state was taken over last, in milliseconds since the epoch; `None`: never.
    pub last_success_ms: Option<u64>,
    /// When that was tried last, in milliseconds since the epoch; `None`: never.
    pub last_attempt_ms: Option<u64>,
    /// Why the last attempt failed, one sentence without secrets; `None`: it did not.
    pub last_error: Option<String>,
    /// What somebody has to do about it, whole sentences without secrets; `None`: nothing that is known.
    pub remedy: Option<String>,
    /// Attempts that failed since the last success.
    pub failures_in_a_row: u64,
    /// Whether there is a session that the control plane accepts, as far as it is known.
    pub signed_in: bool,
    /// The control plane does not accept the password that the gateway was given, or the client's secret.
    pub credentials_refused: bool,
    /// By how many seconds the control plane's clock is ahead of this machine's, by its last answer; `None`: it has not said.
    pub clock_ahead_seconds: Option<i64>,
    /// The same as a sentence, where that is more than tokens allow for.
    pub clock_skew: Option<String>,
    /// Digest of the bundle that the gateway was started with.
    pub base: String,
    /// Good bundles that are kept on disk.
    pub kept: usize,
    /// Why nothing can be kept on disk; `None`: it can.
    pub state_error: Option<String>,
    /// Time between two attempts while they succeed.
    pub poll: Duration,
    /// When the next attempt is due, in milliseconds since the epoch.
    pub next_attempt_ms: Option<u64>,
    /// Attempts by result, since the start.
    pub pulls: Pulls,
    /// APIs that the lock of what is served lists.
    pub locked_apis: usize,
    /// The bundle that the gateway was given last and does not serve; `None`: it serves it, or what was taken over since.
    pub refused_bundle: Option<RefusedBundle>,
}

/// A bundle that was given to a running gateway and that it does not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBundle {
    /// Its digest; `None`: it could not be read.
    pub digest: Option<String>,
    /// Why, without secrets.
    pub reason: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
}

/// Attempts to take over the control plane's state, by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pulls {
    /// Something had changed, and it is served.
    pub changed: u64,
    /// Nothing had changed.
    pub unchanged: u64,
    /// Nothing was asked for, because the control plane said that no API had changed.
    pub spared: u64,
    /// The control plane could not be asked, or did not answer as it should.
    pub failed: u64,
    /// What the control plane said is not served: it is incomplete, or has errors.
    pub refused: u64,
}

impl Pulls {
    /// Returns every result with its name and count.
    pub fn by_result(&self) -> [(&'static str, u64); 5] {
        [
            ("changed", self.changed),
            ("unchanged", self.unchanged),
            ("spared", self.spared),
            ("failed", self.failed),
            ("refused", self.refused),
        ]
    }
}

impl ConnectedReport {
    /// Returns the state at a moment.
    pub fn state(&self, now: Instant) -> ConnectedState {
        self.thresholds
            .state(self.freshness.age(now), self.freshness.is_never())
    }

    /// Returns how long that state has lasted.
    pub fn lasted(&self, now: Instant) -> Duration {
        let state = self.state(now);
        let begins = match state {
            // It has been stale from the beginning.
            ConnectedState::Stale if self.freshness.is_never() => Duration::ZERO,
            state => self.thresholds.begins(state),
        };
        self.freshness.age(now).saturating_sub(begins)
    }
}

/// A report as it stands at a moment.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedStatus {
    pub(crate) report: ConnectedReport,
    pub(crate) state: ConnectedState,
    /// Of what was taken over last; `None`: nothing was.
    pub(crate) age: Option<Duration>,
    /// How long the state has lasted.
    pub(crate) lasted: Duration,
}

impl ConnectedStatus {
    pub(crate) fn at(report: &ConnectedReport, now: Instant) -> Self {
        let freshness = report.freshness;
        Self {
            state: report.state(now),
            age: (!freshness.is_never()).then(|| freshness.age(now)),
            lasted: report.lasted(now),
            report: report.clone(),
        }
    }

    /// Whether traffic is to go elsewhere.
    pub(crate) fn refuses(&self) -> bool {
        self.report.expired_refuses && self.state == ConnectedState::Expired
    }
}
