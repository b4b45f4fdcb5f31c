//! What the traffic manager has decided, by key. Shared by all cores and kept across reloads.
//!
//! The request path meets this registry only when a caller or a key is seen for the first time on a core; afterwards it
//! holds the [`Cell`]. A key has a cell when somebody holds it or a decision about it is in force, whichever comes first,
//! so that decisions about keys which nobody has asked for yet are kept too.

use super::conditioned::GroupName;
use super::conditions::{Conditions, MAX_TEXT};
use super::{Cell, Conditioned};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

const SHARDS: usize = 32;
/// Most different conditions at a time: there are a few for each policy.
const MAX_CONDITIONS: usize = 1024;
/// Least time between two attempts to make room, in milliseconds.
const BETWEEN_SWEEPS_MS: u64 = 1000;
/// Before the number of a group.
const GROUP: &str = "_condition_";
/// The end of the key of requests of no group.
const DEFAULT: &str = "_default";

/// One decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision<'a> {
    pub(super) key: &'a str,
    /// Milliseconds since the epoch; `None`: it is taken back.
    pub(super) until_ms: Option<u64>,
    /// Base64 of JSON.
    pub(super) conditions: Option<&'a str>,
}

/// Why a decision has no effect, or not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unapplied {
    #[error("there is no room for more decisions; raise throttlingConfig.maxCounters")]
    NoRoom,
    #[error("its conditions cannot be read")]
    Conditions,
    #[error("some of its conditions cannot be told here, and no request meets them")]
    Unusable,
}

/// All decisions of the process.
#[derive(Debug)]
pub(crate) struct Decisions {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    capacity_per_shard: usize,
    /// When the last decision of all expires, in milliseconds since the epoch.
    latest_ms: AtomicU64,
    /// By their text: what many keys have in common is read once.
    conditions: Mutex<HashMap<Box<str>, Weak<Conditions>>>,
}

#[derive(Debug, Default)]
struct Shard {
    cells: HashMap<Box<str>, Arc<Cell>>,
    conditioned: HashMap<Box<str>, Arc<Conditioned>>,
    /// When room may be made next, in milliseconds since the epoch.
    next_sweep_ms: u64,
}

impl Decisions {
    /// Creates a registry for about `capacity` keys.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            capacity_per_shard: capacity.div_ceil(SHARDS).max(1),
            latest_ms: AtomicU64::new(0),
            conditions: Mutex::default(),
        }
    }

    /// Returns whether a decision may be in force, whatever its key.
    pub(crate) fn any(&self, now_ms: u64) -> bool {
        self.latest_ms.load(Ordering::Acquire) >= now_ms
    }

    /// Returns the cell of a key, to be held. Who holds cells is bounded elsewhere, so that there is room for every one.
    pub(crate) fn cell(&self, key: &str, now_ms: u64) -> Arc<Cell> {
        let mut shard = self.shard(key);
        if let Some(cell) = shard.cells.get(key) {
            return Arc::clone(cell);
        }
        self.has_room(&mut shard, now_ms);
        Arc::clone(shard.cells.entry(key.into()).or_default())
    }

    /// Returns the decisions about an API or a resource, to be held.
    pub(crate) fn conditioned(&self, key: &str) -> Arc<Conditioned> {
        let mut shard = self.shard(key);
        match shard.conditioned.get(key) {
            Some(known) => Arc::clone(known),
            // Not counted: there are as many as the bundle has resources.
            None => Arc::clone(shard.conditioned.entry(key.into()).or_default()),
        }
    }

    /// Applies a decision.
    pub(super) fn apply(&self, decision: Decision<'_>, now_ms: u64) -> Result<(), Unapplied> {
        let Some(until_ms) = decision.until_ms.filter(|until_ms| *until_ms >= now_ms) else {
            self.take_back(decision.key, now_ms);
            return Ok(());
        };
        let cell = {
            let mut shard = self.shard(decision.key);
            let known = shard.cells.get(decision.key).map(Arc::clone);
            match known {
                Some(cell) => cell,
                None if self.has_room(&mut shard, now_ms) => {
                    Arc::clone(shard.cells.entry(decision.key.into()).or_default())
                }
                None => return Err(Unapplied::NoRoom),
            }
        };
        cell.set(until_ms);
        self.latest_ms.fetch_max(until_ms, Ordering::Release);
        match group(decision.key) {
            Some((base, name)) => self.apply_to_group(base, name, &cell, decision.conditions, now_ms),
            None => Ok(()),
        }
    }

    /// Forgets what has expired and nobody holds. To be called about once a minute.
    pub(crate) fn sweep(&self, now_ms: u64) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.conditioned.retain(|_, conditioned| {
                conditioned.prune(now_ms);
                Arc::strong_count(conditioned) > 1 || !conditioned.is_empty()
            });
            sweep_cells(&mut shard, now_ms);
        }
        let mut conditions = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        conditions.retain(|_, known| known.strong_count() > 0);
    }

    /// Returns how many decisions are in force, for the metric.
    pub(crate) fn in_force(&self, now_ms: u64) -> usize {
        let count = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.cells.values().filter(|cell| cell.until(now_ms).is_some()).count()
        };
        self.shards.iter().map(count).sum()
    }

    fn apply_to_group(
        &self,
        base: &str,
        name: GroupName,
        cell: &Arc<Cell>,
        conditions: Option<&str>,
        now_ms: u64,
    ) -> Result<(), Unapplied> {
        let conditions = conditions.map(|text| self.read(text)).transpose()?;
        let unusable = conditions.as_ref().is_some_and(|conditions| conditions.unusable > 0);
        let mut shard = self.shard(base);
        let known = shard.conditioned.get(base).map(Arc::clone);
        let conditioned = match known {
            Some(known) => known,
            None if shard.conditioned.len() < self.capacity_per_shard => {
                Arc::clone(shard.conditioned.entry(base.into()).or_default())
            }
            None => return Err(Unapplied::NoRoom),
        };
        let put = conditioned.put(name, cell, conditions.clone());
        if put == Err(Unapplied::NoRoom) {
            conditioned.prune(now_ms);
            conditioned.put(name, cell, conditions)?;
        } else {
            put?;
        }
        if unusable { Err(Unapplied::Unusable) } else { Ok(()) }
    }

    fn take_back(&self, key: &str, now_ms: u64) {
        if let Some(cell) = self.shard(key).cells.get(key) {
            cell.set(0);
        }
        if let Some((base, _)) = group(key)
            && let Some(conditioned) = self.shard(base).conditioned.get(base)
        {
            conditioned.prune(now_ms);
        }
    }

    fn read(&self, text: &str) -> Result<Arc<Conditions>, Unapplied> {
        if text.len() > MAX_TEXT {
            return Err(Unapplied::Conditions);
        }
        let mut known = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(conditions) = known.get(text).and_then(Weak::upgrade) {
            return Ok(conditions);
        }
        if known.len() >= MAX_CONDITIONS {
            known.retain(|_, known| known.strong_count() > 0);
        }
        if known.len() >= MAX_CONDITIONS {
            return Err(Unapplied::NoRoom);
        }
        let conditions = Arc::new(Conditions::read(text).ok_or(Unapplied::Conditions)?);
        known.insert(text.into(), Arc::downgrade(&conditions));
        Ok(conditions)
    }

    /// Looks whether there is room for a decision about a new key, and makes some where that is possible. Not all the time:
    /// it takes a look at every key.
    fn has_room(&self, shard: &mut Shard, now_ms: u64) -> bool {
        if shard.cells.len() >= self.capacity_per_shard && now_ms >= shard.next_sweep_ms {
            shard.next_sweep_ms = now_ms.saturating_add(BETWEEN_SWEEPS_MS);
            sweep_cells(shard, now_ms);
        }
        shard.cells.len() < self.capacity_per_shard
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        let place = self.hasher.hash_one(key) as usize % SHARDS;
        // There are always as many shards as this.
        let shard = self.shards.get(place).or(self.shards.first());
        match shard {
            Some(shard) => shard.lock().unwrap_or_else(PoisonError::into_inner),
            None => unreachable!("the shards are made with the registry"),
        }
    }
}

fn sweep_cells(shard: &mut Shard, now_ms: u64) {
    // Clones are made from here, under this lock, or from another holder: a count of one cannot rise meanwhile.
    shard
        .cells
        .retain(|_, cell| Arc::strong_count(cell) > 1 || cell.until(now_ms).is_some());
}

/// Takes the key of a decision about an API or a resource apart: `…_condition_<n>` or `…_default`. Such keys begin with the
/// API's base path, which no other key does.
fn group(key: &str) -> Option<(&str, GroupName)> {
    if !key.starts_with('/') {
        return None;
    }
    if let Some(base) = key.strip_suffix(DEFAULT) {
        return Some((base, GroupName::Default));
    }
    let (base, number) = key.rsplit_once(GROUP)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((base, GroupName::Numbered(number.parse().ok()?)))
}
