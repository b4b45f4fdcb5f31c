//! Failed signature checks per client address.
//!
//! A forged token costs a verification and cannot be cached, because each can be different. Past a limit per address
//! and window, unknown tokens from there are refused unchecked; tokens already verified keep working.

use crate::throttle::bucket;
use quick_cache::unsync::Cache;
use std::net::IpAddr;

const WINDOW_MS: u64 = 10_000;
const REMEMBERED: usize = 4096;

/// The failures that one core has seen.
pub(super) struct Failures {
    limit: u32,
    seen: Cache<IpAddr, (u64, u32)>,
}

impl Failures {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            seen: Cache::new(REMEMBERED),
        }
    }

    /// Returns the milliseconds until the address may try again, when it has failed too often.
    pub(super) fn blocked_for(&self, address: IpAddr, now_ms: u64) -> Option<u64> {
        let &(window, count) = self.seen.get(&bucket(address))?;
        (window == now_ms / WINDOW_MS && count >= self.limit).then(|| WINDOW_MS - now_ms % WINDOW_MS)
    }

    /// Records a failure.
    pub(super) fn record(&mut self, address: IpAddr, now_ms: u64) {
        let (address, now) = (bucket(address), now_ms / WINDOW_MS);
        let count = match self.seen.get(&address) {
            Some(&(window, count)) if window == now => count.saturating_add(1),
            _ => 1,
        };
        self.seen.insert(address, (now, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_blocked_at_its_limit_until_the_window_ends() {
        let mut failures = Failures::new(2);
        let (bad, good) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let start = 1_700_000_000_000;
        assert_eq!(failures.blocked_for(bad, start), None);
        failures.record(bad, start);
        assert_eq!(failures.blocked_for(bad, start), None);
        failures.record(bad, start);
        assert_eq!(failures.blocked_for(bad, start + 1), Some(WINDOW_MS - 1));
        assert_eq!(failures.blocked_for(good, start + 1), None);
        assert_eq!(failures.blocked_for(bad, start + WINDOW_MS), None);
    }
}
