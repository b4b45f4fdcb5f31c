//! Limits of policies where a request too many costs money: counted at the store before a request is admitted.

use super::{LevelKind, Levels};
use crate::refusal::{Refusal, Rejection};
use mgw_quota::{Counter, PoolId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// For how long a full window is believed without asking again, in milliseconds: whoever goes on calling makes the store
/// no more work than this. A unit that another gateway puts back is seen that much later.
const BELIEVED_MS: u64 = 200;

/// A limit that the store counts.
#[derive(Debug)]
pub struct StrictLimit {
    /// Names it in the store.
    pub(crate) pool: PoolId,
    /// Counts what this gateway admitted.
    pub(crate) counter: Arc<Counter>,
    /// Units that others have taken of the window that ends at `known_end_ms`.
    others: AtomicU64,
    known_end_ms: AtomicU64,
    full_until_ms: AtomicU64,
}

impl StrictLimit {
    pub(super) fn new(pool: PoolId, counter: Arc<Counter>) -> Self {
        Self {
            pool,
            counter,
            others: AtomicU64::new(0),
            known_end_ms: AtomicU64::new(0),
            full_until_ms: AtomicU64::new(0),
        }
    }

    /// Returns whether the window is known to be full.
    pub(crate) fn is_full(&self, now_ms: u64) -> bool {
        now_ms < self.full_until_ms.load(Relaxed)
    }

    /// Takes over how many units all gateways have taken; `taken`: one of them by the request that asked, which the counter
    /// does not know yet.
    pub(crate) fn learn(&self, total: u64, taken: bool, now_ms: u64) {
        let remaining = self.counter.remaining_ms(now_ms);
        let own = self.counter.used(now_ms) + u64::from(taken);
        let others = total.saturating_sub(own);
        self.others.store(others, Relaxed);
        self.known_end_ms.store(now_ms.saturating_add(remaining), Relaxed);
        if total >= self.counter.limit() {
            let until = now_ms.saturating_add(remaining.min(BELIEVED_MS));
            self.full_until_ms.store(until, Relaxed);
        }
    }

    /// Units that all gateways have taken of the present window, as far as it is known here.
    pub(super) fn used_by_all(&self, now_ms: u64) -> u64 {
        let known = now_ms < self.known_end_ms.load(Relaxed);
        let others = if known { self.others.load(Relaxed) } else { 0 };
        self.counter.used(now_ms).saturating_add(others)
    }

    /// The rejection of a request over the limit of a level.
    pub(crate) fn over(&self, kind: LevelKind, now_ms: u64) -> Rejection {
        Rejection::new(kind.refusal()).with_retry_after_ms(self.counter.remaining_ms(now_ms))
    }
}

impl Levels<'_> {
    /// The limits that have to be counted at the store first, in the order of levels.
    pub(crate) fn strict(&self) -> impl Iterator<Item = (LevelKind, &Arc<StrictLimit>)> {
        self.limited()
            .filter_map(|(kind, limits)| Some((kind, limits.strict.as_ref()?)))
    }
}

/// What a request is told whose limit could not be counted: nothing is admitted uncounted.
pub(crate) fn uncounted() -> Rejection {
    Rejection::new(Refusal::QuotaUnknown).with_retry_after_ms(1000)
}
