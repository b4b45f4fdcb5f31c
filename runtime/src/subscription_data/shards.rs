//! Records by key, in immutable maps that are replaced one by one.

use super::records::Record;
use arc_swap::ArcSwap;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Maps per collection: with 100,000 records a change copies about 400 small entries.
const SHARDS: usize = 256;

/// What is kept under one key.
#[derive(Debug)]
pub(super) struct Stored<T> {
    /// `None`: the object is known to be gone.
    pub(super) value: Option<Arc<T>>,
    /// The newest notification that was applied, in the control plane's milliseconds; 0: none.
    pub(super) stamp: u64,
    /// When the observation behind it began, see [`Tickets`](super::store::Store::begin).
    pub(super) ticket: u64,
    /// When it was found gone, in milliseconds since the epoch.
    pub(super) gone_at_ms: u64,
}

/// By hand: the record need not be copyable.
impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            ..*self
        }
    }
}

/// A change of one record.
#[derive(Debug)]
pub(super) enum Change<T> {
    /// A notification with its time; `None` removes.
    Notified { stamp: u64, value: Option<T> },
    /// An answer of the control plane.
    Fetched(T),
}

/// What became of a batch of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Applied {
    /// Whether decisions may come out differently.
    pub(super) visible: bool,
    /// Changes that were older than what is kept.
    pub(super) outdated: u64,
    /// New records for which there was no room.
    pub(super) rejected: u64,
}

type Map<K, T> = HashMap<K, Stored<T>, RandomState>;

/// One collection. Readers take no lock; there is one writer at a time.
#[derive(Debug)]
pub(super) struct Shards<K, T> {
    shards: Box<[ArcSwap<Map<K, T>>]>,
    hasher: RandomState,
    len: AtomicUsize,
    capacity: usize,
}

impl<K: Clone + Eq + Hash, T: Record> Shards<K, T> {
    pub(super) fn new(capacity: usize) -> Self {
        let hasher = RandomState::new();
        let empty = || ArcSwap::from_pointee(Map::with_hasher(hasher.clone()));
        Self {
            shards: (0..SHARDS).map(|_| empty()).collect(),
            hasher,
            len: AtomicUsize::new(0),
            capacity,
        }
    }

    /// Returns the number of records, those known to be gone included.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<Stored<T>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let shard = self.shards.get(self.shard_of(key))?;
        shard.load().get(key).cloned()
    }

    /// Of several keys that one object may have, returns what was observed last.
    pub(super) fn newest(&self, keys: impl Iterator<Item = K>) -> Option<Stored<T>> {
        keys.filter_map(|key| self.get(&key)).max_by_key(|stored| stored.ticket)
    }

    fn shard_of<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        // The map inside uses the other bits.
        (self.hasher.hash_one(key) >> 32) as usize % SHARDS
    }

    /// Applies changes in their order; each shard is copied once however many of them it gets.
    pub(super) fn apply(&self, changes: Vec<(K, u64, Change<T>)>, now_ms: u64) -> Applied {
        let mut by_shard: HashMap<usize, Vec<(K, u64, Change<T>)>> = HashMap::new();
        for change in changes {
            by_shard.entry(self.shard_of(&change.0)).or_default().push(change);
        }
        let mut applied = Applied::default();
        for (number, changes) in by_shard {
            let Some(shard) = self.shards.get(number) else { continue };
            let mut map = Map::clone(&shard.load());
            let before = map.len();
            let mut room = self.capacity.saturating_sub(self.len());
            for (key, ticket, change) in changes {
                let known = map.contains_key(&key);
                if !known && room == 0 {
                    applied.rejected += 1;
                    continue;
                }
                room -= usize::from(!known);
                change_one(&mut map, key, ticket, change, now_ms, &mut applied);
            }
            self.len.fetch_add(map.len() - before, Ordering::Relaxed);
            shard.store(Arc::new(map));
        }
        applied
    }

    /// Puts a complete list in the place of everything that was observed before `ticket`. Returns whether decisions may
    /// come out differently.
    pub(super) fn replace(&self, list: Vec<(K, T)>, ticket: u64, now_ms: u64) -> bool {
        let mut by_shard: Vec<Vec<(K, T)>> = (0..SHARDS).map(|_| Vec::new()).collect();
        for entry in list {
            if let Some(shard) = by_shard.get_mut(self.shard_of(&entry.0)) {
                shard.push(entry);
            }
        }
        let mut visible = false;
        let mut len = 0;
        for (shard, list) in self.shards.iter().zip(by_shard) {
            let old = shard.load_full();
            let mut map = Map::with_capacity_and_hasher(list.len(), self.hasher.clone());
            for (key, value) in list {
                let stored = refreshed(old.get(&key), value, ticket, &mut visible);
                map.insert(key, stored);
            }
            for (key, stored) in old.iter() {
                if map.contains_key(key) {
                    continue;
                }
                if stored.ticket > ticket || stored.value.is_none() {
                    map.insert(key.clone(), stored.clone());
                } else {
                    visible = true;
                    if stored.stamp > 0 {
                        map.insert(key.clone(), gone(stored.stamp, ticket, now_ms));
                    }
                }
            }
            len += map.len();
            shard.store(Arc::new(map));
        }
        self.len.store(len, Ordering::Relaxed);
        visible
    }

    /// Forgets objects that are gone since `before_ms`: notifications that old do not come any more.
    pub(super) fn forget_gone(&self, before_ms: u64) {
        let old = |stored: &Stored<T>| stored.value.is_none() && stored.gone_at_ms < before_ms;
        for shard in &self.shards {
            let map = shard.load();
            let forgotten = map.values().filter(|stored| old(stored)).count();
            if forgotten > 0 {
                let mut map = Map::clone(&map);
                map.retain(|_, stored| !old(stored));
                self.len.fetch_sub(forgotten, Ordering::Relaxed);
                shard.store(Arc::new(map));
            }
        }
    }
}

fn gone<T>(stamp: u64, ticket: u64, now_ms: u64) -> Stored<T> {
    Stored {
        value: None,
        stamp,
        ticket,
        gone_at_ms: now_ms,
    }
}

/// What a list makes of one record. What was notified while the list was on its way is newer.
fn refreshed<T: Record>(stored: Option<&Stored<T>>, value: T, ticket: u64, visible: &mut bool) -> Stored<T> {
    if let Some(stored) = stored.filter(|stored| stored.ticket > ticket) {
        return stored.clone();
    }
    let stamp = stored.map_or(0, |stored| stored.stamp);
    let before = stored.and_then(|stored| stored.value.as_ref());
    let value = match before {
        Some(before) if **before == value => Arc::clone(before),
        _ => {
            *visible = true;
            Arc::new(value)
        }
    };
    Stored {
        value: Some(value),
        stamp,
        ticket,
        gone_at_ms: 0,
    }
}

fn change_one<K: Eq + Hash, T: Record>(
    map: &mut Map<K, T>,
    key: K,
    ticket: u64,
    change: Change<T>,
    now_ms: u64,
    applied: &mut Applied,
) {
    let stored = map.get(&key);
    let next = match change {
        Change::Fetched(value) => refreshed(stored, value, ticket, &mut applied.visible),
        // A notification that does not say when it was sent counts by its arrival.
        Change::Notified { stamp, .. } if stamp > 0 && stored.is_some_and(|stored| stored.stamp > stamp) => {
            applied.outdated += 1;
            return;
        }
        Change::Notified { stamp, value: None } => {
            let stamp = stored.map_or(stamp, |stored| stored.stamp.max(stamp));
            applied.visible |= stored.is_none_or(|stored| stored.value.is_some());
            gone(stamp, ticket, now_ms)
        }
        Change::Notified {
            stamp,
            value: Some(value),
        } => {
            let stamp = stored.map_or(stamp, |stored| stored.stamp.max(stamp));
            let before = stored.and_then(|stored| stored.value.as_deref());
            let value = match before {
                Some(before) => value.complete(before),
                None => value,
            };
            Stored {
                stamp,
                ..refreshed(stored, value, ticket, &mut applied.visible)
            }
        }
    };
    map.insert(key, next);
}
