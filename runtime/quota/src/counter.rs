//! One limit for one key: a fixed window and its count in a single atomic word.
//!
//! The word holds, from the top, the window's number (modulo its width), how many requests are between reservation and
//! commitment, and how many were admitted. One compare-and-swap therefore sees window and counts together, which keeps
//! the count exact while the window rolls over. A clock that is a little behind another core's never turns a window back;
//! one that was set back by more starts afresh, or limits would stay used up until it has caught up.

use crate::LeaseTerms;
use crate::share::{PoolId, Share};
use crate::sync::{AtomicU64, Ordering};

/// Bits for requests that are being decided; one per core at most, so ten are plenty.
const PENDING_BITS: u32 = 10;
/// The widest count: more than two million million per window.
const MAX_COUNT_BITS: u32 = 42;

/// By how much the clocks of cores may differ; each is read anew twice a second.
const MAX_SKEW_MS: u64 = 5_000;

/// A limit for one key. Windows are aligned to multiples of their full length since the epoch.
///
/// A counter fills one cache line: no core slows down another that counts something else.
#[derive(Debug)]
#[repr(align(64))]
pub struct Counter {
    state: AtomicU64,
    limit: u64,
    window_ms: u64,
    count_bits: u32,
    /// Where several processes share the limit.
    share: Option<Box<Share>>,
}

/// What was used of a shared limit in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The window's number since the epoch.
    pub window: u64,
    /// When the window began, in milliseconds since the epoch.
    pub began_ms: u64,
    /// Admitted here, units under decision included.
    pub used: u64,
    /// May be admitted here.
    pub allowance: u64,
}

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// One unit is held until it is committed or released.
    Held(Held),
    /// The limit is reached; nothing is held.
    Full,
    /// The limit would be reached if those who hold units commit them; ask again.
    Contended,
}

/// One reserved unit, of the window in which it was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    window: u64,
}

#[derive(Clone, Copy)]
struct Word {
    window: u64,
    pending: u64,
    count: u64,
}

impl Counter {
    /// Creates a counter for `limit` units per window of `window_ms` milliseconds (at least 1 each).
    pub fn new(limit: u64, window_ms: u64, now_ms: u64) -> Self {
        let limit = limit.clamp(1, (1 << (MAX_COUNT_BITS - 1)) - 1);
        let count_bits = (u64::BITS - limit.leading_zeros() + 1).clamp(16, MAX_COUNT_BITS);
        let counter = Self {
            state: AtomicU64::new(0),
            limit,
            window_ms: window_ms.max(1),
            count_bits,
            share: None,
        };
        let word = counter.pack(Word {
            window: counter.window_at(now_ms),
            pending: 0,
            count: 0,
        });
        counter.state.store(word, Ordering::Relaxed);
        counter
    }

    /// Makes the counter one of several that share the limit through `pool`.
    #[must_use]
    pub fn shared(mut self, pool: PoolId, terms: &LeaseTerms, now_ms: u64) -> Self {
        let window = self.window_at(now_ms);
        self.share = Some(Box::new(Share::new(pool, self.limit, terms, window)));
        self
    }

    /// Admitted units per window.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Length of a window in milliseconds.
    pub fn window_ms(&self) -> u64 {
        self.window_ms
    }

    /// Milliseconds until the window of `now_ms` ends.
    pub fn remaining_ms(&self, now_ms: u64) -> u64 {
        self.window_ms - now_ms % self.window_ms
    }

    /// Returns how many units were admitted in the current window.
    pub fn used(&self, now_ms: u64) -> u64 {
        self.at(self.state.load(Ordering::Acquire), now_ms).count
    }

    /// Returns how many units were admitted in the current window by all processes together, as far as it is known here.
    pub fn used_by_all(&self, now_ms: u64) -> u64 {
        let word = self.at(self.state.load(Ordering::Acquire), now_ms);
        let others = self.share.as_ref().map_or(0, |share| share.others(word.window));
        word.count.saturating_add(others)
    }

    /// Returns whether nothing more may be admitted, for now or until the window ends.
    pub fn is_full(&self, now_ms: u64) -> bool {
        let word = self.at(self.state.load(Ordering::Acquire), now_ms);
        word.count >= self.allowance(word.window)
    }

    /// Returns whether nothing of the current window is recorded, so that forgetting the counter loses nothing.
    pub fn is_idle(&self, now_ms: u64) -> bool {
        let word = self.at(self.state.load(Ordering::Acquire), now_ms);
        word.count == 0 && word.pending == 0
    }

    /// Takes one unit at once. For a request that has to pass no other limit.
    pub fn acquire(&self, now_ms: u64) -> Reservation {
        self.take(now_ms, |word| {
            Some(Word {
                count: word.count + 1,
                ..word
            })
        })
    }

    /// Holds one unit until [`Self::commit`] or [`Self::release`].
    pub fn reserve(&self, now_ms: u64) -> Reservation {
        self.take(now_ms, |word| {
            (word.pending + 1 < 1 << PENDING_BITS).then_some(Word {
                pending: word.pending + 1,
                ..word
            })
        })
    }

    /// Changes the word to what `next` makes of it, if the limit leaves room; `None` is for later.
    fn take(&self, now_ms: u64, next: impl Fn(Word) -> Option<Word>) -> Reservation {
        let mut seen = self.state.load(Ordering::Acquire);
        loop {
            let word = self.at(seen, now_ms);
            let allowance = self.allowance(word.window);
            if word.count >= allowance {
                return Reservation::Full;
            }
            let has_room = word.count + word.pending < allowance;
            let Some(next) = next(word).filter(|_| has_room) else {
                return Reservation::Contended;
            };
            match self.swap(seen, next) {
                Ok(()) => return Reservation::Held(Held { window: word.window }),
                Err(newer) => seen = newer,
            }
        }
    }

    /// Turns a held unit into an admitted one. When the window has rolled over meanwhile, the unit went with it.
    pub fn commit(&self, held: Held) {
        self.finish(held, 1);
    }

    /// Gives a held unit back.
    pub fn release(&self, held: Held) {
        self.finish(held, 0);
    }

    fn finish(&self, held: Held, admitted: u64) {
        let mut seen = self.state.load(Ordering::Acquire);
        loop {
            let word = self.unpack(seen);
            if word.window != held.window {
                return;
            }
            let next = Word {
                pending: word.pending.saturating_sub(1),
                count: word.count + admitted,
                ..word
            };
            match self.swap(seen, next) {
                Ok(()) => return,
                Err(newer) => seen = newer,
            }
        }
    }

    /// Adds `amount` whatever the limit says, up to what the word can hold, and returns the new count.
    pub fn add(&self, amount: u64, now_ms: u64) -> u64 {
        let ceiling = (1 << self.count_bits) - 1;
        let mut seen = self.state.load(Ordering::Acquire);
        loop {
            let word = self.at(seen, now_ms);
            let next = Word {
                count: word.count.saturating_add(amount).min(ceiling),
                ..word
            };
            match self.swap(seen, next) {
                Ok(()) => return next.count,
                Err(newer) => seen = newer,
            }
        }
    }

    /// Starts the current window's count again and returns what it was. Units under decision stay held.
    pub fn reset(&self, now_ms: u64) -> u64 {
        let mut seen = self.state.load(Ordering::Acquire);
        loop {
            let word = self.at(seen, now_ms);
            match self.swap(seen, Word { count: 0, ..word }) {
                Ok(()) => return word.count,
                Err(newer) => seen = newer,
            }
        }
    }

    /// Moves an idle counter to the present window, so that a long silence cannot make an old window look new.
    pub fn refresh(&self, now_ms: u64) {
        let seen = self.state.load(Ordering::Acquire);
        let word = self.at(seen, now_ms);
        // Losing the race means that somebody else has just brought it up to date.
        let _ = self.swap(seen, word);
        if let Some(share) = &self.share {
            share.refresh(word.window);
        }
    }

    pub(crate) fn share(&self) -> Option<&Share> {
        self.share.as_deref()
    }

    /// The present window as the word has it, and what is admitted or under decision in it.
    pub(crate) fn position(&self, now_ms: u64) -> (u64, u64) {
        let word = self.at(self.state.load(Ordering::Acquire), now_ms);
        (word.window, word.count + word.pending)
    }

    /// What was used of the present window.
    pub fn usage(&self, now_ms: u64) -> Usage {
        let (tagged, used) = self.position(now_ms);
        // A clock may be a little behind the one that opened the window.
        let now = now_ms / self.window_ms;
        let ahead = tagged.wrapping_sub(now) & self.window_mask();
        let window = now.wrapping_add(ahead);
        Usage {
            window,
            began_ms: window.saturating_mul(self.window_ms),
            used,
            allowance: self.allowance(tagged),
        }
    }

    fn allowance(&self, window: u64) -> u64 {
        self.share.as_ref().map_or(self.limit, |share| share.allowance(window))
    }

    fn swap(&self, seen: u64, next: Word) -> Result<(), u64> {
        self.state
            .compare_exchange_weak(seen, self.pack(next), Ordering::AcqRel, Ordering::Acquire)
            .map(|_| ())
    }

    /// Reads the word as of `now_ms`: empty when its window is over.
    fn at(&self, raw: u64, now_ms: u64) -> Word {
        let word = self.unpack(raw);
        let now = self.window_at(now_ms);
        let mask = self.window_mask();
        let ahead = now.wrapping_sub(word.window) & mask;
        let behind = word.window.wrapping_sub(now) & mask;
        let is_over = if ahead <= mask / 2 {
            ahead != 0
        } else {
            (behind - 1).saturating_mul(self.window_ms) > MAX_SKEW_MS
        };
        if is_over {
            Word {
                window: now,
                pending: 0,
                count: 0,
            }
        } else {
            word
        }
    }

    fn window_at(&self, now_ms: u64) -> u64 {
        (now_ms / self.window_ms) & self.window_mask()
    }

    fn window_mask(&self) -> u64 {
        (1 << (u64::BITS - PENDING_BITS - self.count_bits)) - 1
    }

    fn pack(&self, word: Word) -> u64 {
        word.window << (PENDING_BITS + self.count_bits) | word.pending << self.count_bits | word.count
    }

    fn unpack(&self, raw: u64) -> Word {
        Word {
            window: raw >> (PENDING_BITS + self.count_bits),
            pending: raw >> self.count_bits & ((1 << PENDING_BITS) - 1),
            count: raw & ((1 << self.count_bits) - 1),
        }
    }
}
