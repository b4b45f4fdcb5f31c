//! What one core remembers about callers.

use super::failures::Failures;
use super::token_cache::TokenCache;
use crate::config::RuntimeConfig;
use std::net::IpAddr;

/// The authentication state of one core. Nothing in it is shared.
pub struct CoreAuth {
    pub(super) tokens: TokenCache,
    pub(super) failures: Failures,
    /// Generations of the bundle and of the trusted keys that the caches were filled under.
    pub(super) generations: (u64, u64),
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
            failures: Failures::new(config.authentication.max_failures_per_address),
            generations: (0, 0),
            hits: 0,
            misses: 0,
        }
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
