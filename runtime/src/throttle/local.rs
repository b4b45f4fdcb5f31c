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
    /// By number of the custom policy, then by key.
    custom: Vec<Cache<Box<str>, Level>>,
    /// Where keys are written.
    key: String,
}

impl CoreThrottle {
    /// Creates an empty state.
    pub fn new() -> Self {
        Self {
            generation: 0,
            anonymous: Cache::new(REMEMBERED),
            custom: Vec::new(),
            key: String::new(),
        }
    }

    /// Forgets what belongs to another configuration.
    pub(super) fn renew(&mut self, generation: u64) {
        if self.generation != generation {
            self.anonymous.clear();
            self.custom.clear();
            self.generation = generation;
        }
    }

    /// Returns the level of an address, made by `make` when it is new here.
    pub(super) fn anonymous(&mut self, api: u32, address: IpAddr, make: impl FnOnce(IpAddr) -> Level) -> Level {
        let address = bucket(address);
        if let Some(level) = self.anonymous.get(&(api, address)) {
            return level.clone();
        }
        let level = make(address);
        self.anonymous.insert((api, address), level.clone());
        level
    }

    /// Returns the level of the key that `render` writes for custom policy number `policy`, made by `make` when it is new
    /// here; `None` where there is no key.
    pub(super) fn custom(
        &mut self,
        policy: usize,
        render: impl FnOnce(&mut String) -> bool,
        make: impl FnOnce(&str) -> Level,
    ) -> Option<Level> {
        if !render(&mut self.key) {
            return None;
        }
        while self.custom.len() <= policy {
            self.custom.push(Cache::new(REMEMBERED));
        }
        let known = self.custom.get_mut(policy)?;
        let key = self.key.as_str();
        if let Some(level) = known.get(key) {
            return Some(level.clone());
        }
        let level = make(key);
        known.insert(key.into(), level.clone());
        Some(level)
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
