//! Idle connections of one core to its backends.

use super::request_body::RequestBody;
use hyper::client::conn::http1::SendRequest;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The sending side of a connection.
pub(super) type Sender = SendRequest<RequestBody>;

/// How many connections that are still finishing their last exchange a checkout passes over.
const UNREADY_PASSED: usize = 8;

/// Where a connection leads and what was trusted when it was made; one made under other trust is not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolKey {
    /// Number of the origin.
    pub(super) origin: usize,
    /// Counts what was trusted of it.
    pub(super) trust: u64,
}

/// Bounds of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolLimits {
    /// Idle connections kept per origin and core.
    pub(crate) idle_per_origin: usize,
    /// How long an idle connection is kept, in milliseconds.
    pub(crate) idle_ms: u64,
}

/// The idle connections of one core, by origin. Only its own core uses it, so the lock is never contended.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: PoolLimits,
    origins: Mutex<Vec<VecDeque<Idle>>>,
}

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since_ms: u64,
    trust: u64,
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            origins: Mutex::default(),
        }
    }

    /// Takes the most recently used connection that is open and ready.
    pub(super) fn take(&self, key: PoolKey) -> Option<Sender> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = origins.get_mut(key.origin)?;
        let mut position = idle.len();
        let mut passed = 0;
        while position > 0 && passed < UNREADY_PASSED {
            position -= 1;
            let Idle { sender, trust, .. } = idle.get(position)?;
            if sender.is_closed() || *trust != key.trust {
                idle.remove(position);
            } else if sender.is_ready() {
                return idle.remove(position).map(|idle| idle.sender);
            } else {
                passed += 1;
            }
        }
        None
    }

    /// Keeps a connection for later, or closes it when enough are kept.
    pub(super) fn put(&self, key: PoolKey, sender: Sender, now_ms: u64) {
        if sender.is_closed() {
            return;
        }
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.len() <= key.origin {
            origins.resize_with(key.origin + 1, VecDeque::new);
        }
        if let Some(idle) = origins.get_mut(key.origin) {
            if idle.len() >= self.limits.idle_per_origin {
                idle.pop_front();
            }
            idle.push_back(Idle {
                sender,
                since_ms: now_ms,
                trust: key.trust,
            });
        }
    }

    /// Closes connections that were idle for too long and forgets those that backends closed.
    pub(crate) fn sweep(&self, now_ms: u64) {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        for idle in origins.iter_mut() {
            idle.retain(|idle| !idle.sender.is_closed() && now_ms.saturating_sub(idle.since_ms) < self.limits.idle_ms);
            if idle.is_empty() {
                idle.shrink_to_fit();
            }
        }
    }

    /// Closes every idle connection.
    pub(crate) fn clear(&self) {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The number of idle connections.
    pub(crate) fn idle(&self) -> usize {
        let origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.iter().map(VecDeque::len).sum()
    }
}
