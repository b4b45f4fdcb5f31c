//! What one core remembers about callers without credentials.

use super::Level;
use quick_cache::unsync::Cache;
use std::net::IpAddr;

/// Addresses that one core remembers.
const REMEMBERED: usize = 4096;

/// The throttling state of one core.
pub struct CoreThrottle {
    generation: u64,
    anonymous: Cache<(u32, IpAddr), Level>,
}

impl CoreThrottle {
    /// Creates an empty state.
    pub fn new() -> Self {
        Self {
            generation: 0,
            anonymous: Cache::new(REMEMBERED),
        }
    }

    /// Returns the level of an address, made by `make` when it is new here or was made for another configuration.
    pub(super) fn anonymous(
        &mut self,
        generation: u64,
        api: u32,
        address: IpAddr,
        make: impl FnOnce(IpAddr) -> Level,
    ) -> Level {
        if self.generation != generation {
            self.anonymous.clear();
            self.generation = generation;
        }
        let address = bucket(address);
        if let Some(level) = self.anonymous.get(&(api, address)) {
            return level.clone();
        }
        let level = make(address);
        self.anonymous.insert((api, address), level.clone());
        level
    }
}

impl Default for CoreThrottle {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for CoreThrottle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CoreThrottle")
            .field("generation", &self.generation)
            .field("addresses", &self.anonymous.len())
            .finish()
    }
}

/// An IPv6 customer has a /64 at least and could otherwise take a fresh address for every request.
pub(crate) fn bucket(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(prefix.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}
