//! How sharing goes, for readiness and metrics.

use mgw_quota::LeaseTerms;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Counts of this process.
#[derive(Debug, Default)]
pub(super) struct Tally {
    connected: AtomicBool,
    ever_connected: AtomicBool,
    leases: AtomicU64,
    granted: AtomicU64,
    given_back: AtomicU64,
    alone: AtomicU64,
    overshoot: AtomicU64,
    strict: AtomicU64,
    strict_failures: AtomicU64,
    failures: AtomicU64,
    forgotten: AtomicU64,
    skew_ms: AtomicU64,
}

/// How sharing goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedQuotaStatus {
    /// The store answers.
    pub(crate) connected: bool,
    /// It has answered before.
    pub(crate) ever_connected: bool,
    /// Gateways that share the quotas, as far as it is known.
    pub(crate) gateways: u64,
    /// By how many thousandths of a limit all together may be wrong.
    pub(crate) tolerance: u64,
    /// Round trips for leases, those that gave something back included.
    pub(crate) leases: u64,
    /// Units that were leased.
    pub(crate) granted: u64,
    /// Units that were given back unused.
    pub(crate) given_back: u64,
    /// Shares that were taken without the store.
    pub(crate) alone: u64,
    /// Units over a limit that became known with this gateway's reports.
    pub(crate) overshoot: u64,
    /// Requests that were counted at the store before they were admitted.
    pub(crate) strict: u64,
    /// Those that could not be counted, and were refused.
    pub(crate) strict_failures: u64,
    /// Failed attempts to reach the store, and losses of it.
    pub(crate) failures: u64,
    /// Times that it had forgotten everything.
    pub(crate) forgotten: u64,
    /// Difference between its clock and this one, in milliseconds.
    pub(crate) skew_ms: u64,
}

impl SharedQuotaStatus {
    /// Its name in `/ready`.
    pub(crate) const fn state(&self) -> &'static str {
        match (self.connected, self.ever_connected) {
            (true, _) => "shared",
            (false, true) => "alone",
            (false, false) => "connecting",
        }
    }
}

impl Tally {
    pub(super) fn connected(&self) {
        self.ever_connected.store(true, Relaxed);
        if !self.connected.swap(true, Relaxed) {
            tracing::info!("quotas are shared through the store");
        }
    }

    pub(super) fn lost(&self, reason: &str) {
        self.failures.fetch_add(1, Relaxed);
        if self.connected.swap(false, Relaxed) {
            tracing::warn!(
                reason,
                "the store of the shared quotas is away; this gateway admits its part of each limit"
            );
        }
    }

    pub(super) fn missed(&self, reason: &str) {
        self.failures.fetch_add(1, Relaxed);
        tracing::debug!(reason, "a node of the store of the shared quotas cannot be used");
    }

    /// The first failure is worth a line at once, the rest say nothing new.
    pub(super) fn unreachable(&self, reason: &str) {
        let before = self.failures.fetch_add(1, Relaxed);
        if before == 0 {
            tracing::warn!(
                reason,
                "the store of the shared quotas cannot be reached; this gateway admits its part of each limit"
            );
        } else {
            tracing::debug!(reason, "the store of the shared quotas cannot be reached");
        }
    }

    pub(super) fn leased(&self, granted: u64, overshoot: u64) {
        self.leases.fetch_add(1, Relaxed);
        self.granted.fetch_add(granted, Relaxed);
        self.overshoot.fetch_add(overshoot, Relaxed);
    }

    pub(super) fn gave_back(&self, units: u64) {
        self.given_back.fetch_add(units, Relaxed);
    }

    pub(super) fn took_alone(&self) {
        self.alone.fetch_add(1, Relaxed);
    }

    pub(super) fn counted_strictly(&self, answered: bool) {
        let count = if answered { &self.strict } else { &self.strict_failures };
        count.fetch_add(1, Relaxed);
    }

    pub(super) fn forgotten(&self) {
        self.forgotten.fetch_add(1, Relaxed);
    }

    pub(super) fn skew(&self, milliseconds: u64) {
        self.skew_ms.store(milliseconds, Relaxed);
    }

    pub(super) fn status(&self, terms: LeaseTerms) -> SharedQuotaStatus {
        SharedQuotaStatus {
            connected: self.connected.load(Relaxed),
            ever_connected: self.ever_connected.load(Relaxed),
            gateways: terms.gateways,
            tolerance: terms.tolerance,
            leases: self.leases.load(Relaxed),
            granted: self.granted.load(Relaxed),
            given_back: self.given_back.load(Relaxed),
            alone: self.alone.load(Relaxed),
            overshoot: self.overshoot.load(Relaxed),
            strict: self.strict.load(Relaxed),
            strict_failures: self.strict_failures.load(Relaxed),
            failures: self.failures.load(Relaxed),
            forgotten: self.forgotten.load(Relaxed),
            skew_ms: self.skew_ms.load(Relaxed),
        }
    }
}
