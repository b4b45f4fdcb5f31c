//! What one core remembers about callers.

use super::ClientCertificate;
use super::certificates::end_ms;
use super::failures::Failures;
use super::learnt::Learnt;
use super::token_cache::TokenCache;
use super::verdicts::{Place, Verdicts};
use crate::config::RuntimeConfig;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::net::IpAddr;
use std::time::Duration;

/// The authentication state of one core. Nothing in it is shared.
pub struct CoreAuth {
    pub(super) tokens: TokenCache,
    pub(super) verdicts: Verdicts,
    pub(super) failures: Failures,
    /// Generations of the bundle and of the trusted keys that the caches were filled under.
    pub(super) generations: (u64, u64),
    /// What is learnt of credentials; `None`: nobody explains anything.
    learnt: Option<Box<Learnt>>,
    /// Client certificates whose verdict was remembered.
    pub certificate_hits: u64,
    /// Client certificates that had to be judged.
    pub certificate_misses: u64,
    /// Requests whose credential was found in the cache.
    pub hits: u64,
    /// Requests whose credential had to be verified.
    pub misses: u64,
}

impl CoreAuth {
    /// Creates an empty state, bounded as configured.
    pub fn new(config: &RuntimeConfig) -> Self {
        let caching = &config.caching;
        Self {
            tokens: TokenCache::new(caching.capacity, caching.bytes, caching.negative_capacity),
            verdicts: Verdicts::new(if caching.enabled { caching.capacity } else { 0 }),
            learnt: None,
            certificate_hits: 0,
            certificate_misses: 0,
            failures: Failures::new(config.authentication.max_failures_per_address),
            generations: (0, 0),
            hits: 0,
            misses: 0,
        }
    }

    /// Keeps from now on what is learnt of credentials.
    pub(crate) fn keep_learnt(&mut self) {
        self.learnt = Some(Box::default());
    }

    /// Takes what was learnt of the last credential.
    pub(crate) fn take_learnt(&mut self) -> Option<Box<Learnt>> {
        self.learnt.take()
    }

    /// Notes something, where somebody wants to know.
    pub(super) fn learn(&mut self, note: impl FnOnce(&mut Learnt)) {
        if let Some(learnt) = &mut self.learnt {
            note(learnt);
        }
    }

    /// Returns the verdict about a certificate: the remembered one, else that of `decide`, which is remembered then.
    pub(super) fn judge(
        &mut self,
        shown: &ClientCertificate,
        place: Place,
        now_ms: u64,
        decide: impl FnOnce(&[CertificateDer<'static>], UnixTime) -> bool,
    ) -> bool {
        let digest = shown.digest();
        if let Some(accepted) = self.verdicts.get(digest, place, now_ms) {
            self.certificate_hits += 1;
            return accepted;
        }
        self.certificate_misses += 1;
        let chain = shown.chain();
        let accepted = decide(&chain, UnixTime::since_unix_epoch(Duration::from_millis(now_ms)));
        self.verdicts.insert(digest, place, accepted, now_ms, end_ms(&chain));
        accepted
    }

    /// Returns the milliseconds until `address` may present unknown credentials again, when it has failed too often.
    pub(crate) fn blocked_for(&self, address: IpAddr, now_ms: u64) -> Option<u64> {
        self.failures.blocked_for(address, now_ms)
    }

    /// Records that credentials from `address` were wrong.
    pub(crate) fn failed(&mut self, address: IpAddr, now_ms: u64) {
        self.failures.record(address, now_ms);
    }

    /// Returns the number of remembered tokens.
    pub fn remembered(&self) -> usize {
        self.tokens.len()
    }
}

impl std::fmt::Debug for CoreAuth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CoreAuth")
            .field("remembered", &self.remembered())
            .field("hits", &self.hits)
            .field("misses", &self.misses)
            .finish()
    }
}
