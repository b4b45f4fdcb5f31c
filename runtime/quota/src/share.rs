//! The part of a shared limit that this process may use, as the request path sees it.
//!
//! Several gateways share a limit through a pool in a store. A [`Counter`](crate::Counter) with a share admits as many
//! units of a window as its allowance says. Requests only read the allowance and say when it runs low; one task, outside
//! the request path, raises and lowers it. Whoever set `asked` is that task's only writer until it is cleared.

use crate::LeaseTerms;
use crate::lease::Lease;
use crate::sync::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bits of a window's number that are kept beside an amount.
const TAG_BITS: u32 = 12;
const MAX_UNITS: u64 = (1 << (u64::BITS - TAG_BITS)) - 1;

/// Names a limit for a key in the store: a digest, so that names of users stay here.
pub type PoolId = [u8; 16];

/// What this process may use of a shared limit.
#[derive(Debug)]
pub(crate) struct Share {
    pool: PoolId,
    /// Admitted at most, for this window and the next: by the parity of the window.
    allowances: [Tagged; 2],
    /// From this count on more is wanted, likewise.
    marks: [Tagged; 2],
    /// What other processes have been granted of the window.
    others: Tagged,
    /// Admitted at most in a window of which nothing has been asked yet.
    first: AtomicU64,
    /// More has been asked for.
    asked: AtomicBool,
    /// A look at the lease is planned.
    planned: AtomicBool,
    /// What the task knows about the lease.
    lease: Mutex<Lease>,
}

/// An amount that counts for one window only.
#[derive(Debug)]
struct Tagged(AtomicU64);

impl Tagged {
    /// Belongs to neither `window` nor those near it.
    fn apart_from(window: u64) -> Self {
        let tagged = Self(AtomicU64::new(0));
        tagged.clear(window);
        tagged
    }

    fn clear(&self, window: u64) {
        self.set(window.wrapping_add(1 << (TAG_BITS - 1)), 0);
    }

    fn set(&self, window: u64, units: u64) {
        self.0.store(tag(window) | units.min(MAX_UNITS), Ordering::Release);
    }

    fn get(&self, window: u64) -> Option<u64> {
        let word = self.0.load(Ordering::Acquire);
        (word & !MAX_UNITS == tag(window)).then_some(word & MAX_UNITS)
    }
}

fn tag(window: u64) -> u64 {
    window << (u64::BITS - TAG_BITS)
}

impl Share {
    pub(crate) fn new(pool: PoolId, limit: u64, terms: &LeaseTerms, window: u64) -> Self {
        Self {
            pool,
            allowances: [Tagged::apart_from(window), Tagged::apart_from(window)],
            marks: [Tagged::apart_from(window), Tagged::apart_from(window)],
            others: Tagged::apart_from(window),
            first: AtomicU64::new(terms.first(limit)),
            asked: AtomicBool::new(false),
            planned: AtomicBool::new(false),
            lease: Mutex::default(),
        }
    }

    pub(crate) fn pool(&self) -> &PoolId {
        &self.pool
    }

    /// Units that may be admitted in `window`.
    pub(crate) fn allowance(&self, window: u64) -> u64 {
        of(&self.allowances, window)
            .and_then(|slot| slot.get(window))
            .unwrap_or_else(|| self.first.load(Ordering::Relaxed))
    }

    /// Units of `window` that others have been granted, as far as it is known.
    pub(crate) fn others(&self, window: u64) -> u64 {
        self.others.get(window).unwrap_or_default()
    }

    /// Returns whether more has to be asked for; `true` at most once until [`Self::settled`].
    ///
    /// In a window of which nothing has been asked yet that is when half of the first units are used: rare callers never
    /// cost a message, and the other half is there for the time until the answer.
    pub(crate) fn wants(&self, window: u64, used: u64) -> bool {
        let mark = of(&self.marks, window).and_then(|mark| mark.get(window));
        used >= mark.unwrap_or_else(|| self.first.load(Ordering::Relaxed).div_ceil(2)) && self.claim()
    }

    pub(crate) fn claim(&self) -> bool {
        !self.asked.load(Ordering::Relaxed) && !self.asked.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn settled(&self) {
        self.asked.store(false, Ordering::Release);
    }

    /// Returns whether a look has to be planned: none is.
    pub(crate) fn plan_look(&self) -> bool {
        !self.planned.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn looking(&self) {
        self.planned.store(false, Ordering::Release);
    }

    pub(crate) fn allow(&self, window: u64, units: u64) {
        if let Some(slot) = of(&self.allowances, window) {
            slot.set(window, units);
        }
    }

    pub(crate) fn set_mark(&self, window: u64, units: u64) {
        if let Some(slot) = of(&self.marks, window) {
            slot.set(window, units);
        }
    }

    /// Undoes a mark that no count reaches.
    pub(crate) fn ask_again(&self, window: u64) {
        if let Some(mark) = of(&self.marks, window).filter(|mark| mark.get(window) == Some(MAX_UNITS)) {
            mark.set(window, 0);
        }
    }

    pub(crate) fn set_others(&self, window: u64, units: u64) {
        self.others.set(window, units);
    }

    /// Forgets what was for windows long past, before their tags come round again.
    pub(crate) fn refresh(&self, window: u64) {
        if !self.claim() {
            return;
        }
        let near = [window, window.wrapping_add(1)];
        for tagged in self.allowances.iter().chain(&self.marks).chain([&self.others]) {
            if near.iter().all(|near| tagged.get(*near).is_none()) {
                tagged.clear(window);
            }
        }
        self.settled();
    }

    pub(crate) fn set_first(&self, units: u64) {
        self.first.store(units, Ordering::Relaxed);
    }

    pub(crate) fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of(slots: &[Tagged; 2], window: u64) -> Option<&Tagged> {
    slots.get(usize::from(window % 2 == 1))
}
