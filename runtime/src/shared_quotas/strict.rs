//! Counting at the store before a request is admitted.

use super::SharedQuotas;
use super::store::Window;
use crate::refusal::Rejection;
use crate::throttle::{Levels, uncounted};
use mgw_quota::{Counter, PoolId};
use std::sync::Arc;

/// Units that the store has counted for a request. Dropped without [`Self::keep`], they go back: the request was refused
/// elsewhere, or its client has gone.
#[derive(Debug)]
pub(crate) struct Counted {
    shared: Arc<SharedQuotas>,
    windows: Vec<Window>,
}

impl SharedQuotas {
    /// Counts one unit for each strict limit of the levels, in their order.
    pub(crate) async fn count(self: &Arc<Self>, levels: &Levels<'_>, now_ms: u64) -> Result<Counted, Rejection> {
        let mut counted = Counted {
            shared: Arc::clone(self),
            windows: Vec::new(),
        };
        for (kind, limit) in levels.strict() {
            if limit.is_full(now_ms) {
                return Err(limit.over(kind, now_ms));
            }
            let window = Window::present(limit.pool, &limit.counter, now_ms);
            let answer = self.store.take(window, limit.counter.used(now_ms)).await;
            self.tally.counted_strictly(answer.is_some());
            match answer {
                Some((taken, total)) => {
                    limit.learn(total, taken, now_ms);
                    if !taken {
                        return Err(limit.over(kind, now_ms));
                    }
                    counted.windows.push(window);
                }
                None => return Err(uncounted()),
            }
        }
        Ok(counted)
    }
}

impl SharedQuotas {
    /// Puts back what this gateway has taken of strict limits whose counts begin again. Does not wait for the store.
    pub(crate) fn forgive(self: &Arc<Self>, strict: Vec<(PoolId, Arc<Counter>, u64)>, now_ms: u64) {
        for (pool, counter, units) in strict {
            let (shared, window) = (Arc::clone(self), Window::present(pool, &counter, now_ms));
            self.control
                .spawn(async move { shared.store.put_back(window, units).await });
        }
    }
}

impl Counted {
    /// The request was admitted.
    pub(crate) fn keep(mut self) {
        self.windows.clear();
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        for window in self.windows.drain(..) {
            let shared = Arc::clone(&self.shared);
            self.shared
                .control
                .spawn(async move { shared.store.put_back(window, 1).await });
        }
    }
}
