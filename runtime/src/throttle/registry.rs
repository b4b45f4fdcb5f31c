//! The bounded registry of counters, shared by all cores and kept across reloads.
//!
//! The request path meets it only when a caller is seen for the first time on a core; afterwards the caller's entry
//! holds the pointers. A counter is forgotten only when nobody else holds it and its window is over, so that no key can
//! ever be counted twice side by side.

use super::tally::Tally;
use super::{LeaseDesk, LevelKind, StrictLimit};
use aws_lc_rs::digest::{Context, SHA256};
use mgw_quota::{Counter, PoolId};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

const SHARDS: usize = 32;
/// Milliseconds for which a full part of the registry is not looked through again: whoever floods the gateway with keys must
/// not make it do so for every one.
const SWEEP_MS: u64 = 1000;

/// The name of counters that several keys share.
pub(super) const OVERFLOW: &str = "";

/// Identifies a counter. The definition of the limit is part of it: a changed policy starts a new count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CounterKey {
    pub(super) level: LevelKind,
    pub(super) what: What,
    pub(super) name: Box<str>,
    pub(super) limit: u64,
    pub(super) window_ms: u64,
    /// The store counts before this counter does.
    pub(super) strict: bool,
}

impl CounterKey {
    /// Names the limit of a counter that stands in a part of the registry.
    fn pool_in(&self, part: usize) -> PoolId {
        self.pool(Some(part).filter(|_| *self.name == *OVERFLOW))
    }

    /// Names the limit in the store, for all gateways alike and without showing who the key is about. What the store counts
    /// and what is leased are apart: reports of leases would take the place of what was counted.
    ///
    /// `overflow_of`: the part of the registry whose shared counter it is. Each is one holder of its own.
    pub(super) fn pool(&self, overflow_of: Option<usize>) -> PoolId {
        let mut context = Context::new(&SHA256);
        for number in [
            self.level.index() as u64,
            self.what as u64,
            self.limit,
            self.window_ms,
            u64::from(self.strict),
        ] {
            context.update(&number.to_be_bytes());
        }
        match overflow_of {
            None => context.update(self.name.as_bytes()),
            Some(part) => context.update(&[[0; 8], (part as u64).to_be_bytes()].concat()),
        }
        let mut pool = PoolId::default();
        for (byte, of_digest) in pool.iter_mut().zip(context.finish().as_ref()) {
            *byte = *of_digest;
        }
        pool
    }
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Requests,
    Burst,
    Bytes,
}

impl What {
    /// Every kind.
    pub(crate) const ALL: [Self; 3] = [Self::Requests, Self::Burst, Self::Bytes];

    /// The name that operators see.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Burst => "burst",
            Self::Bytes => "bytes",
        }
    }
}

/// A part of the registry.
#[derive(Debug, Default)]
struct Shard {
    counters: HashMap<CounterKey, Arc<Counter>>,
    /// When it was found to be full last.
    swept_ms: u64,
}

impl Shard {
    /// Whether it may be looked through for counters to forget. A clock that was set back does not keep it from that.
    fn may_sweep(&mut self, now_ms: u64) -> bool {
        let may = self.swept_ms.abs_diff(now_ms) >= SWEEP_MS;
        if may {
            self.swept_ms = now_ms;
        }
        may
    }
}

/// All counters of the process.
#[derive(Debug)]
pub struct Counters {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    capacity_per_shard: usize,
    /// Where limits are shared with other gateways.
    desk: Option<Arc<LeaseDesk>>,
    pub(super) tally: Tally,
}

impl Counters {
    /// Creates a registry for about `capacity` keys.
    pub fn new(capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            capacity_per_shard: capacity.div_ceil(SHARDS).max(1),
            desk: None,
            tally: Tally::default(),
        }
    }

    /// Shares the limits with other gateways: counters ask for leases at `desk`.
    #[must_use]
    pub fn sharing(mut self, desk: Arc<LeaseDesk>) -> Self {
        self.desk = Some(desk);
        self
    }

    /// Where counters ask for leases; `None`: this gateway counts for itself.
    pub(super) fn desk(&self) -> Option<&Arc<LeaseDesk>> {
        self.desk.as_ref()
    }

    /// Finds or makes the counter of a limit that the store counts first.
    pub(super) fn strict(&self, key: CounterKey, now_ms: u64) -> StrictLimit {
        let key = CounterKey { strict: true, ..key };
        let own = key.pool(None);
        let (counter, overflow) = self.find(key, now_ms);
        // What is counted together here is counted together there, or the store would be told of others' requests.
        StrictLimit::new(overflow.unwrap_or(own), counter)
    }

    /// The shared counters that have admitted something in their present window.
    pub(crate) fn in_use(&self, now_ms: u64) -> Vec<Arc<Counter>> {
        let mut in_use = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let shared = shard.counters.values().filter(|counter| counter.pool().is_some());
            in_use.extend(shared.filter(|counter| !counter.is_idle(now_ms)).map(Arc::clone));
        }
        in_use
    }

    /// The counters of strict limits that have admitted something in their present window, and their names in the store.
    pub(crate) fn strict_in_use(&self, now_ms: u64) -> Vec<(PoolId, Arc<Counter>)> {
        let mut in_use = Vec::new();
        for (part, shard) in self.shards.iter().enumerate() {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, counter) in shard.counters.iter().filter(|(key, _)| key.strict) {
                if !counter.is_idle(now_ms) {
                    in_use.push((key.pool_in(part), Arc::clone(counter)));
                }
            }
        }
        in_use
    }

    /// Lets all shared counters go by the terms of the desk, which have changed. Locks a part of the registry at a time.
    pub(crate) fn follow_terms(&self) {
        let Some(terms) = self.desk().map(|desk| desk.terms()) else {
            return;
        };
        self.each(|_, counter| counter.set_terms(&terms));
    }

    /// Finds or makes a counter.
    ///
    /// When the registry is full of live counters, further keys of one level and limit share a counter (one per part of the
    /// registry): memory stays bounded, and whoever floods the gateway with keys only tightens the limit for further new keys. They
    /// get counters of their own when there is room and the shared one counts nothing of the present window.
    pub(super) fn counter(&self, key: CounterKey, now_ms: u64) -> Arc<Counter> {
        self.find(key, now_ms).0
    }

    /// The counter, and the name in the store of one that keys share because there is no room.
    fn find(&self, key: CounterKey, now_ms: u64) -> (Arc<Counter>, Option<PoolId>) {
        let part = self.hasher.hash_one(&key) as usize % SHARDS;
        let Some(shard) = self.shards.get(part) else {
            return (Arc::new(Counter::new(key.limit, key.window_ms, now_ms)), None);
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = shard.counters.get(&key) {
            return (Arc::clone(counter), None);
        }
        if shard.counters.len() >= self.capacity_per_shard && shard.may_sweep(now_ms) {
            self.sweep_shard(&mut shard.counters, now_ms);
        }
        let counters = &mut shard.counters;
        let overflow = CounterKey {
            name: OVERFLOW.into(),
            ..key
        };
        let shared = counters.get(&overflow);
        // Whose requests were counted there in this window would start afresh with a counter of its own.
        let is_shared = shared.is_some_and(|counter| !counter.is_idle(now_ms));
        let (key, pool) = if is_shared || counters.len() >= self.capacity_per_shard {
            self.tally.shared();
            let pool = self.desk().map(|_| overflow.pool(Some(part)));
            if let Some(counter) = shared {
                return (Arc::clone(counter), pool);
            }
            (overflow, pool)
        } else {
            (key, None)
        };
        let made = Counter::new(key.limit, key.window_ms, now_ms);
        let made = match self.desk() {
            Some(desk) if !key.strict => {
                let pool = pool.unwrap_or_else(|| key.pool(None));
                made.shared(pool, &desk.terms(), now_ms)
            }
            _ => made,
        };
        self.tally.kept(key.level);
        let made = Arc::new(made);
        counters.insert(key, Arc::clone(&made));
        (made, pool)
    }

    /// Forgets counters whose window is over and that nobody holds. To be called about once a minute.
    pub fn sweep(&self, now_ms: u64) {
        let mut full = [0; LevelKind::ALL.len()];
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            self.sweep_shard(&mut shard.counters, now_ms);
            for key in shard
                .counters
                .iter()
                .filter(|(_, counter)| counter.is_full(now_ms))
                .map(|(key, _)| key)
            {
                if let Some(full) = full.get_mut(key.level.index()) {
                    *full += 1;
                }
            }
        }
        self.tally.full(full);
    }

    /// Shows every counter to `visit`. Locks a part of the registry at a time, as [`Self::sweep`] does: whoever is new on a
    /// core may have to wait for that part.
    pub(super) fn each(&self, mut visit: impl FnMut(&CounterKey, &Arc<Counter>)) {
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, counter) in &shard.counters {
                visit(key, counter);
            }
        }
    }

    fn sweep_shard(&self, counters: &mut HashMap<CounterKey, Arc<Counter>>, now_ms: u64) {
        counters.retain(|key, counter| {
            // Clones are made from the registry, under this lock, or from another holder: a count of one cannot rise here.
            if Arc::strong_count(counter) == 1 && counter.is_idle(now_ms) {
                self.tally.forgotten(key.level);
                return false;
            }
            counter.refresh(now_ms);
            true
        });
    }

    /// Returns the number of counters, for the metric.
    pub fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).counters.len())
            .sum()
    }

    /// Returns whether there is no counter at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
