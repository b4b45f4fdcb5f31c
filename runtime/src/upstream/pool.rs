//! Idle connections of one core to its backends.

use super::request_body::RequestBody;
use hyper::client::conn::http1::SendRequest;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The sending side of a connection.
pub(super) type Sender = SendRequest<RequestBody>;

/// How many connections that are still finishing their last exchange a checkout passes over.
const UNREADY_PASSED: usize = 8;

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
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            origins: Mutex::default(),
        }
    }

    /// Takes the most recently used connection that is open and ready.
    pub(super) fn take(&self, origin: usize) -> Option<Sender> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = origins.get_mut(origin)?;
        let mut position = idle.len();
        let mut passed = 0;
        while position > 0 && passed < UNREADY_PASSED {
            position -= 1;
            let sender = &idle.get(position)?.sender;
            if sender.is_closed() {
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
    pub(super) fn put(&self, origin: usize, sender: Sender, now_ms: u64) {
        if sender.is_closed() {
            return;
        }
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.len() <= origin {
            origins.resize_with(origin + 1, VecDeque::new);
        }
        if let Some(idle) = origins.get_mut(origin) {
            if idle.len() >= self.limits.idle_per_origin {
                idle.pop_front();
            }
            idle.push_back(Idle {
                sender,
                since_ms: now_ms,
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
