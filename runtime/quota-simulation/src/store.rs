//! The store: one pool per window of a limit.

use mgw_quota::{Ask, Pool, Reply};

/// Who holds units: a gateway, and how often it has crashed, as a gateway that starts anew is somebody else.
pub(crate) type Holder = (u32, u32);

/// The pools of one subject, by the window's number. Those of windows long past have expired.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pools: Vec<(u64, Pool<Holder>)>,
}

impl Store {
    /// Forgets everything.
    pub(crate) fn flush(&mut self) {
        self.pools.clear();
    }

    /// Answers a gateway; `expired` is told the window and the holders of every pool that is not needed any more.
    pub(crate) fn settle(&mut self, holder: Holder, ask: Ask, limit: u64, expired: impl FnMut(u64, u64)) -> Reply {
        if let Some((_, pool)) = self.pools.iter_mut().find(|(window, _)| *window == ask.window) {
            return pool.settle(holder, ask, limit);
        }
        self.expire(|window| window + 1 < ask.window, expired);
        let mut pool = Pool::default();
        let reply = pool.settle(holder, ask, limit);
        self.pools.push((ask.window, pool));
        reply
    }

    /// Ends all pools.
    pub(crate) fn expire_all(&mut self, expired: impl FnMut(u64, u64)) {
        self.expire(|_| true, expired);
    }

    fn expire(&mut self, is_over: impl Fn(u64) -> bool, mut expired: impl FnMut(u64, u64)) {
        self.pools.retain(|(window, pool)| {
            if is_over(*window) {
                expired(*window, pool.holders() as u64);
                return false;
            }
            true
        });
    }
}
