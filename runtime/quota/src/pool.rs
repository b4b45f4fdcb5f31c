//! One window of a shared limit, as the store keeps it.
//!
//! The gateway's store runs the same arithmetic as a script; this is its definition, for models and for the test that
//! compares the two.

use crate::{Ask, Reply};
use std::collections::HashMap;
use std::hash::Hash;

/// What all gateways hold of one window.
#[derive(Debug, Clone)]
pub struct Pool<G> {
    total: u64,
    held: HashMap<G, u64>,
}

impl<G> Default for Pool<G> {
    fn default() -> Self {
        Self {
            total: 0,
            held: HashMap::new(),
        }
    }
}

impl<G: Eq + Hash> Pool<G> {
    /// Takes a report and grants of `limit` what is asked for, but at most the half of a fair part of what is left: so
    /// leases become smaller as the pool runs dry, and nobody sits on what others need.
    pub fn settle(&mut self, gateway: G, ask: Ask, limit: u64) -> Reply {
        let before = self.total;
        let known = self.held.get(&gateway).copied().unwrap_or_default();
        let held = (before - known).saturating_add(ask.held);
        let sharers = self.held.len() as u64 + u64::from(!self.held.contains_key(&gateway));
        let left = limit.saturating_sub(held);
        let granted = ask.more.min(left).min((left / (2 * sharers)).max(1));
        self.held.insert(gateway, ask.held.saturating_add(granted));
        self.total = held.saturating_add(granted);
        Reply {
            granted,
            total: self.total,
            before,
        }
    }

    /// Takes one unit for a request that waits for it; `known` are the units that the gateway knows to have taken, which
    /// counts where the pool has forgotten them. Returns whether there was one.
    pub fn take(&mut self, gateway: G, known: u64, limit: u64) -> bool {
        let held = self.held.entry(gateway).or_default();
        let forgotten = known.saturating_sub(*held);
        *held += forgotten;
        self.total += forgotten;
        let free = self.total < limit;
        *held += u64::from(free);
        self.total += u64::from(free);
        free
    }

    /// Takes a unit back.
    pub fn put_back(&mut self, gateway: &G) {
        if let Some(held) = self.held.get_mut(gateway)
            && *held > 0
        {
            *held -= 1;
            self.total -= 1;
        }
    }

    /// Gateways that have reported.
    pub fn holders(&self) -> usize {
        self.held.len()
    }

    /// Units that all gateways hold.
    pub fn total(&self) -> u64 {
        self.total
    }
}
