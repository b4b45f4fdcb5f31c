//! What one core has for limits that the traffic manager counts.

use super::{CallerLimits, Cell, Decisions};
use crate::throttle::bucket;
use aws_lc_rs::rand;
use quick_cache::unsync::Cache;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// Addresses, and keys of custom policies, that one core remembers.
const REMEMBERED: usize = 4096;

/// The state of one core. Nothing in it is shared.
pub(crate) struct CoreGlobal {
    generation: u64,
    anonymous: Cache<(u32, IpAddr), Arc<CallerLimits>>,
    /// Cells of keys that custom policies count by.
    custom: Cache<Box<str>, Arc<Cell>>,
    /// The key that is being looked up.
    key: String,
    /// Ids of requests: chosen at random, and counted.
    ids: (u64, u64),
}

impl CoreGlobal {
    /// Creates an empty state.
    pub(crate) fn new() -> Self {
        let mut random = [0; 16];
        // A gateway does not start where there are no random numbers.
        let _ = rand::fill(&mut random);
        let ids = u128::from_le_bytes(random);
        Self {
            generation: 0,
            anonymous: Cache::new(REMEMBERED),
            custom: Cache::new(REMEMBERED),
            key: String::new(),
            ids: ((ids >> 64) as u64, ids as u64),
        }
    }

    /// Returns the limits of an address, made by `make` when it is new here or was made for another configuration.
    pub(super) fn anonymous(
        &mut self,
        generation: u64,
        api: u32,
        address: IpAddr,
        make: impl FnOnce(IpAddr) -> CallerLimits,
    ) -> Arc<CallerLimits> {
        if self.generation != generation {
            self.anonymous.clear();
            self.generation = generation;
        }
        let address = bucket(address);
        if let Some(limits) = self.anonymous.get(&(api, address)) {
            return Arc::clone(limits);
        }
        let limits = Arc::new(make(address));
        self.anonymous.insert((api, address), Arc::clone(&limits));
        limits
    }

    /// Has `render` write a key, and returns until when its quota is used up. `None`: it is not, or there is no key.
    pub(super) fn custom(
        &mut self,
        decisions: &Decisions,
        now_ms: u64,
        render: impl FnOnce(&mut String) -> bool,
    ) -> Option<u64> {
        if !render(&mut self.key) {
            return None;
        }
        if let Some(cell) = self.custom.get(self.key.as_str()) {
            return cell.until(now_ms);
        }
        let cell = decisions.cell(&self.key, now_ms);
        let until_ms = cell.until(now_ms);
        self.custom.insert(self.key.as_str().into(), cell);
        until_ms
    }

    /// Returns the id of a request.
    pub(super) fn next_id(&mut self) -> Uuid {
        let (random, count) = &mut self.ids;
        *count = count.wrapping_add(1);
        Uuid::from_u64_pair(*random, *count)
    }
}

impl std::fmt::Debug for CoreGlobal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CoreGlobal")
            .field("generation", &self.generation)
            .field("addresses", &self.anonymous.len())
            .field("custom", &self.custom.len())
            .finish_non_exhaustive()
    }
}
