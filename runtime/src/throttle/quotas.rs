//! Looking at quotas, and resetting them.

use super::registry::{CounterKey, OVERFLOW, What};
use super::{Counters, LevelKind};
use mgw_quota::{Counter, PoolId};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Which quotas to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QuotaFilter {
    /// Those of one level.
    pub(crate) level: Option<LevelKind>,
    /// Those whose key holds this text.
    pub(crate) key: Option<String>,
    /// Those whose limit is reached.
    pub(crate) full: bool,
    /// At most so many.
    pub(crate) limit: usize,
}

/// A quota at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotaState {
    /// `api`, `resource`, `subscription` or `application`.
    pub(crate) level: &'static str,
    /// Who shares the count; empty where many keys share one because the registry was full.
    pub(crate) key: Box<str>,
    /// `requests`, `burst` or `bytes`.
    pub(crate) what: &'static str,
    /// Units per window.
    pub(crate) limit: u64,
    /// Units of the present window, those of other gateways that share the limit included, as far as they are known here.
    pub(crate) used: u64,
    /// Units that this gateway has admitted.
    pub(crate) used_here: u64,
    /// Whether this gateway admits nothing more, for now or until the window ends.
    pub(crate) full: bool,
    /// Length of a window in milliseconds.
    pub(crate) window_ms: u64,
    /// When the present window ends, in milliseconds since the epoch.
    pub(crate) ends_ms: u64,
}

/// The quotas that a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotaStates {
    /// Those used most, measured by their limits, first.
    pub(crate) quotas: Vec<QuotaState>,
    /// How many there are; more than `quotas` holds where the filter's limit cut some off.
    pub(crate) total: u64,
}

/// The counters to reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotaReset {
    pub(crate) level: LevelKind,
    /// The whole key.
    pub(crate) key: String,
    /// One kind of limit only.
    pub(crate) what: Option<What>,
}

/// Counts that began again.
#[derive(Debug)]
pub(crate) struct Resets {
    /// How many counters were found.
    pub(crate) found: u64,
    /// Those of strict limits, which the store has to forgive as well: their names there, and the units.
    pub(crate) strict: Vec<(PoolId, Arc<Counter>, u64)>,
}

impl Counters {
    /// Looks at every counter and returns those that the filter lets through. Takes a time that grows with the number of
    /// counters, and memory that grows with the filter's limit.
    pub(crate) fn quotas(&self, filter: &QuotaFilter, now_ms: u64) -> QuotaStates {
        let mut most_used = BinaryHeap::new();
        let mut total = 0;
        self.each(|key, counter| {
            if !filter.admits(key, counter, now_ms) {
                return;
            }
            total += 1;
            if most_used.len() >= filter.limit {
                // The least used of those kept is on top.
                let candidate = Place::of(key, counter, now_ms);
                if most_used.peek().is_none_or(|last: &Placed| candidate >= last.place()) {
                    return;
                }
                most_used.pop();
            }
            most_used.push(Placed(QuotaState::of(key, counter, now_ms)));
        });
        QuotaStates {
            quotas: most_used
                .into_sorted_vec()
                .into_iter()
                .map(|Placed(quota)| quota)
                .collect(),
            total,
        }
    }

    /// Starts counts again. Of limits that gateways share, what other gateways have admitted stays counted.
    pub(crate) fn reset(&self, which: &QuotaReset, now_ms: u64) -> Resets {
        let (mut found, mut strict) = (0, Vec::new());
        self.each(|key, counter| {
            let same_kind = which.what.is_none_or(|what| what == key.what);
            if key.level == which.level && *key.name == *which.key && same_kind {
                let units = counter.reset(now_ms);
                found += 1;
                // What many keys share is not one caller's to forgive.
                if key.strict && units > 0 && *key.name != *OVERFLOW {
                    strict.push((key.pool(None), Arc::clone(counter), units));
                }
            }
        });
        self.tally.reset(which.level, found);
        Resets { found, strict }
    }
}

impl QuotaFilter {
    fn admits(&self, key: &CounterKey, counter: &Counter, now_ms: u64) -> bool {
        self.level.is_none_or(|level| level == key.level)
            && self.key.as_ref().is_none_or(|text| key.name.contains(text.as_str()))
            && (!self.full || counter.is_full(now_ms))
    }
}

impl QuotaState {
    fn of(key: &CounterKey, counter: &Counter, now_ms: u64) -> Self {
        Self {
            level: key.level.name(),
            key: key.name.clone(),
            what: key.what.name(),
            limit: counter.limit(),
            used: counter.used_by_all(now_ms),
            used_here: counter.used(now_ms),
            full: counter.is_full(now_ms),
            window_ms: counter.window_ms(),
            ends_ms: now_ms.saturating_add(counter.remaining_ms(now_ms)),
        }
    }

    /// Whether keys share this count that should have one each.
    pub(crate) fn is_shared(&self) -> bool {
        *self.key == *OVERFLOW
    }
}

/// The order of quotas: the part of the limit that is used, most first, then names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place<'a> {
    used: u64,
    limit: u64,
    names: (&'a str, &'a str, &'a str),
}

impl<'a> Place<'a> {
    fn of(key: &'a CounterKey, counter: &Counter, now_ms: u64) -> Self {
        Self {
            used: counter.used_by_all(now_ms),
            limit: counter.limit(),
            names: (key.level.name(), &key.name, key.what.name()),
        }
    }
}

impl Ord for Place<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Fractions are compared without division; limits are at least 1.
        let (own, others) = (
            u128::from(self.used) * u128::from(other.limit),
            u128::from(other.used) * u128::from(self.limit),
        );
        others.cmp(&own).then_with(|| self.names.cmp(&other.names))
    }
}

impl PartialOrd for Place<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A quota in its [`Place`].
#[derive(Debug, PartialEq, Eq)]
struct Placed(QuotaState);

impl Placed {
    fn place(&self) -> Place<'_> {
        Place {
            used: self.0.used,
            limit: self.0.limit,
            names: (self.0.level, &self.0.key, self.0.what),
        }
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
#[path = "quotas_tests.rs"]
mod tests;
