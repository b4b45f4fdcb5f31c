//! What came of a simulation.

use crate::case::Case;
use mgw_quota::LeaseTerms;
use serde::Serialize;

/// Length of the spans in which the store's load is looked at, in milliseconds.
pub(crate) const SPAN_MS: u64 = 100;

/// Sums over subjects; those of two groups of subjects add up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Subjects that sent anything.
    pub(crate) active: u64,
    pub(crate) requests: u64,
    pub(crate) admitted: u64,
    /// Refused while the limit was not reached.
    pub(crate) undeserved: u64,
    /// Round trips to the store, those that failed included.
    pub(crate) trips: Trips,
    pub(crate) failed: u64,
    pub(crate) errors: Errors,
    /// By span of 100 ms: round trips of all gateways.
    pub(crate) load: Vec<u32>,
    /// By gateway and second: round trips.
    pub(crate) gateways: Vec<u32>,
    /// By window: keys in the store, and what is held under them.
    pub(crate) stored: Vec<Stored>,
}

/// Round trips by what they were for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Trips {
    /// More of the present window.
    pub more: u64,
    /// The next window's first units.
    pub ahead: u64,
    /// Units that were not used.
    pub back: u64,
}

impl Trips {
    /// All of them.
    pub fn all(self) -> u64 {
        self.more + self.ahead + self.back
    }
}

/// What the store keeps of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Keys: limits of which a gateway has asked for more than its first units.
    pub keys: u64,
    /// Gateways that did, over all keys.
    pub holders: u64,
    /// Bytes in Redis 7, about.
    pub bytes: u64,
}

/// Bytes of a key with one holder in Redis 7.0, its name and expiry included; measured, as the others.
const BYTES_PER_KEY: u64 = 230;
/// Bytes of every further holder, and those of each where there are more than Redis keeps in a compact list.
const BYTES_PER_HOLDER: (u64, u64) = (41, 90);
/// How many those are, the total beside them.
const COMPACT: u64 = 510;

fn bytes(holders: u64) -> u64 {
    let (compact, spread) = BYTES_PER_HOLDER;
    let each = if holders <= COMPACT { compact } else { spread };
    BYTES_PER_KEY + each * holders.saturating_sub(1)
}

/// How far what was admitted was from what should have been, over windows of limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Errors {
    /// Windows of limits in which somebody sent anything.
    pub windows: u64,
    /// Those in which at least as many requests came as the limit allows.
    pub reached: u64,
    /// Those that admitted more than the limit.
    pub over: u64,
    /// Those that admitted more than the formula allows.
    pub beyond_over: u64,
    /// Those that admitted less than was asked for, up to the limit.
    pub under: u64,
    /// Those that admitted still less than the formula allows.
    pub beyond_under: u64,
    /// Units over the limit, in all.
    pub over_units: u64,
    /// Units missing, in all.
    pub under_units: u64,
    /// The largest part of a limit that was admitted on top, in thousandths.
    pub worst_over: u64,
    /// The largest part of a limit that was missing, in thousandths.
    pub worst_under: u64,
    /// The largest overshoot as part of what the formula allows, in thousandths.
    pub worst_over_of_formula: u64,
    /// The largest undershoot as part of what the formula allows, in thousandths.
    pub worst_under_of_formula: u64,
}

impl Errors {
    /// Counts one window of one limit.
    pub(crate) fn count(&mut self, asked: u64, admitted: u64, limit: u64, terms: &LeaseTerms) {
        self.windows += 1;
        self.reached += u64::from(asked >= limit);
        let over = admitted.saturating_sub(limit);
        let under = asked.min(limit).saturating_sub(admitted);
        let (may_over, may_under) = (terms.worst_overshoot(limit), terms.worst_undershoot(limit));
        self.over += u64::from(over > 0);
        self.under += u64::from(under > 0);
        self.beyond_over += u64::from(over > may_over);
        self.beyond_under += u64::from(under > may_under);
        self.over_units += over;
        self.under_units += under;
        self.worst_over = self.worst_over.max(over * 1000 / limit);
        self.worst_under = self.worst_under.max(under * 1000 / limit);
        self.worst_over_of_formula = self.worst_over_of_formula.max(over * 1000 / may_over.max(1));
        self.worst_under_of_formula = self.worst_under_of_formula.max(under * 1000 / may_under.max(1));
    }

    fn add(&mut self, other: &Self) {
        self.windows += other.windows;
        self.reached += other.reached;
        self.over += other.over;
        self.beyond_over += other.beyond_over;
        self.under += other.under;
        self.beyond_under += other.beyond_under;
        self.over_units += other.over_units;
        self.under_units += other.under_units;
        self.worst_over = self.worst_over.max(other.worst_over);
        self.worst_under = self.worst_under.max(other.worst_under);
        self.worst_over_of_formula = self.worst_over_of_formula.max(other.worst_over_of_formula);
        self.worst_under_of_formula = self.worst_under_of_formula.max(other.worst_under_of_formula);
    }
}

/// Why a gateway turns to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    More,
    Ahead,
    Back,
}

impl Tally {
    pub(crate) fn trip(&mut self, case: &Case, gateway: u32, at_us: u64, purpose: Purpose) {
        match purpose {
            Purpose::More => self.trips.more += 1,
            Purpose::Ahead => self.trips.ahead += 1,
            Purpose::Back => self.trips.back += 1,
        }
        let count = |counts: &mut Vec<u32>, index: u64| {
            let index = usize::try_from(index).unwrap_or_default();
            if counts.len() <= index {
                counts.resize(index + 1, 0);
            }
            if let Some(count) = counts.get_mut(index) {
                *count += 1;
            }
        };
        count(&mut self.load, at_us / 1000 / SPAN_MS);
        let second = at_us / 1_000_000;
        count(
            &mut self.gateways,
            second * u64::from(case.gateways) + u64::from(gateway),
        );
    }

    pub(crate) fn stored(&mut self, window: u64, holders: u64) {
        let index = usize::try_from(window).unwrap_or_default();
        if self.stored.len() <= index {
            self.stored.resize(index + 1, Stored::default());
        }
        if let Some(stored) = self.stored.get_mut(index) {
            stored.keys += 1;
            stored.holders += holders;
            stored.bytes += bytes(holders);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.active += other.active;
        self.requests += other.requests;
        self.admitted += other.admitted;
        self.undeserved += other.undeserved;
        self.trips.more += other.trips.more;
        self.trips.ahead += other.trips.ahead;
        self.trips.back += other.trips.back;
        self.failed += other.failed;
        self.errors.add(&other.errors);
        add_each(&mut self.load, &other.load, |sum, count| *sum += count);
        add_each(&mut self.gateways, &other.gateways, |sum, count| *sum += count);
        add_each(&mut self.stored, &other.stored, |sum, stored| {
            sum.keys += stored.keys;
            sum.holders += stored.holders;
            sum.bytes += stored.bytes;
        });
    }
}

fn add_each<T: Clone + Default>(sums: &mut Vec<T>, others: &[T], add: impl Fn(&mut T, &T)) {
    if sums.len() < others.len() {
        sums.resize(others.len(), T::default());
    }
    for (sum, other) in sums.iter_mut().zip(others) {
        add(sum, other);
    }
}
