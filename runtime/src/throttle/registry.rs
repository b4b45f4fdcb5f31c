//! The bounded registry of counters, shared by all cores and kept across reloads.
//!
//! The request path meets it only when a caller is seen for the first time on a core; afterwards the caller's entry
//! holds the pointers. A counter is forgotten only when nobody else holds it and its window is over, so that no key can
//! ever be counted twice side by side.

use super::LevelKind;
use mgw_quota::Counter;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

const SHARDS: usize = 32;

/// Identifies a counter. The definition of the limit is part of it: a changed policy starts a new count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CounterKey {
    pub(super) level: LevelKind,
    pub(super) what: What,
    pub(super) name: Box<str>,
    pub(super) limit: u64,
    pub(super) window_ms: u64,
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum What {
    Requests,
    Burst,
    Bytes,
}

/// All counters of the process.
#[derive(Debug)]
pub struct Counters {
    shards: Vec<Mutex<HashMap<CounterKey, Arc<Counter>>>>,
    hasher: RandomState,
    capacity_per_shard: usize,
}

impl Counters {
    /// Creates a registry for about `capacity` keys.
    pub fn new(capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            capacity_per_shard: capacity.div_ceil(SHARDS).max(1),
        }
    }

    /// Finds or makes a counter.
    ///
    /// When the registry is full of live counters, further keys of one level and policy share a single counter: memory
    /// stays bounded, and whoever floods the gateway with keys only tightens the limit for further new keys.
    pub(super) fn counter(&self, key: CounterKey, now_ms: u64) -> Arc<Counter> {
        let hash = self.hasher.hash_one(&key);
        let Some(shard) = self.shards.get(hash as usize % SHARDS) else {
            return Arc::new(Counter::new(key.limit, key.window_ms, now_ms));
        };
        let mut counters = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = counters.get(&key) {
            return Arc::clone(counter);
        }
        if counters.len() >= self.capacity_per_shard {
            sweep(&mut counters, now_ms);
        }
        let key = if counters.len() >= self.capacity_per_shard {
            CounterKey { name: "".into(), ..key }
        } else {
            key
        };
        let (limit, window_ms) = (key.limit, key.window_ms);
        Arc::clone(
            counters
                .entry(key)
                .or_insert_with(|| Arc::new(Counter::new(limit, window_ms, now_ms))),
        )
    }

    /// Forgets counters whose window is over and that nobody holds. To be called about once a minute.
    pub fn sweep(&self, now_ms: u64) {
        for shard in &self.shards {
            sweep(&mut shard.lock().unwrap_or_else(PoisonError::into_inner), now_ms);
        }
    }

    /// Returns the number of counters, for the metric.
    pub fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }

    /// Returns whether there is no counter at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn sweep(counters: &mut HashMap<CounterKey, Arc<Counter>>, now_ms: u64) {
    counters.retain(|_, counter| {
        // Clones are made from the registry, under this lock, or from another holder: a count of one cannot rise here.
        if Arc::strong_count(counter) == 1 && counter.is_idle(now_ms) {
            return false;
        }
        counter.refresh(now_ms);
        true
    });
}
