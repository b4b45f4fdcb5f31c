//! Connections of one core to its backends: idle ones of HTTP/1.1, and those of HTTP/2, which requests share.

use super::http2::Multiplexed;
use super::opening::{Joined, Opened, Openings};
use super::request_body::RequestBody;
use super::sender::Sender;
use hyper::client::conn::http1;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections that are still finishing their last exchange a checkout passes over.
const UNREADY_PASSED: usize = 8;

/// Where a connection leads and what was trusted when it was made; one made under other trust is not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolKey {
    /// Number of the origin.
    pub(super) origin: usize,
    /// Counts what was trusted of it.
    pub(super) trust: u64,
    /// Whether it speaks TLS.
    pub(super) tls: bool,
    /// Where the endpoint differs from the operator's settings.
    pub(super) reuse: Reuse,
}

/// Bounds of one endpoint where they differ from those of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reuse {
    /// Idle connections kept per origin and core.
    pub(crate) idle: Option<usize>,
    /// Requests at a time on one HTTP/2 connection.
    pub(crate) streams: Option<u32>,
}

/// Bounds of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolLimits {
    /// Idle connections kept per origin and core.
    pub(crate) idle_per_origin: usize,
    /// How long an idle connection is kept, in milliseconds.
    pub(crate) idle_ms: u64,
    /// Requests at a time on one HTTP/2 connection.
    pub(crate) streams: u32,
}

/// The connections of one core, by origin. Only its own core uses it, so the lock is never contended.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: PoolLimits,
    origins: Mutex<Vec<AtOrigin>>,
}

/// The connections to one origin.
#[derive(Debug, Default)]
struct AtOrigin {
    idle: VecDeque<Idle>,
    /// Requests go to the first with room, so that those which are too many become idle.
    shared: Vec<Shared>,
    openings: Openings,
}

/// A connection of HTTP/1.1.
#[derive(Debug)]
struct Idle {
    sender: http1::SendRequest<RequestBody>,
    since_ms: u64,
    trust: u64,
}

/// A connection of HTTP/2.
#[derive(Debug)]
struct Shared {
    connection: Arc<Multiplexed>,
    trust: u64,
}

impl Shared {
    /// Whether it is of use still. Where it is open, but for nothing, it is closed.
    fn is_kept(&self) -> bool {
        let connection = &self.connection;
        let is_useless = connection.is_useless();
        if is_useless && !connection.is_over() {
            connection.abort();
        }
        !is_useless
    }
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            origins: Mutex::default(),
        }
    }

    /// Takes a place on a shared connection, or the most recently used connection that is open and ready.
    pub(super) fn take(&self, key: PoolKey) -> Option<Sender> {
        let mut origins = self.lock();
        let origin = origins.get_mut(key.origin)?;
        if !origin.shared.is_empty() {
            origin
                .shared
                .retain(|shared| shared.trust == key.trust && shared.is_kept());
            let mut shared = origin.shared.iter();
            let streams = key.reuse.streams.unwrap_or(self.limits.streams);
            if let Some(stream) = shared.find_map(|shared| shared.connection.enter(streams)) {
                return Some(Sender::Http2(stream));
            }
        }
        let idle = &mut origin.idle;
        let mut position = idle.len();
        let mut passed = 0;
        while position > 0 && passed < UNREADY_PASSED {
            position -= 1;
            let Idle { sender, trust, .. } = idle.get(position)?;
            if sender.is_closed() || *trust != key.trust {
                idle.remove(position);
            } else if sender.is_ready() {
                return idle.remove(position).map(|idle| Sender::Http1(idle.sender));
            } else {
                passed += 1;
            }
        }
        None
    }

    /// Ends the use of a connection: keeps one of HTTP/1.1 for later, or closes it when enough are kept.
    pub(super) fn put(&self, key: PoolKey, sender: Sender, now_ms: u64) {
        let sender = match sender {
            Sender::Http1(sender) => sender,
            Sender::Http2(stream) => return stream.leave(now_ms),
        };
        if sender.is_closed() {
            return;
        }
        let keep = key.reuse.idle.unwrap_or(self.limits.idle_per_origin);
        if keep == 0 {
            return;
        }
        let mut origins = self.lock();
        let idle = &mut at(&mut origins, key.origin).idle;
        if idle.len() >= keep {
            idle.pop_front();
        }
        idle.push_back(Idle {
            sender,
            since_ms: now_ms,
            trust: key.trust,
        });
    }

    /// Has a request wait for a connection that is being opened, or says that it has to open one.
    pub(super) fn join(&self, key: PoolKey) -> Joined {
        let mut origins = self.lock();
        at(&mut origins, key.origin)
            .openings
            .join(key.trust, key.reuse.streams.unwrap_or(self.limits.streams))
    }

    /// Notes how opening a connection ended, and makes it available to those who wait.
    pub(super) fn opened(&self, key: PoolKey, number: Option<u64>, opened: &Opened, now_ms: u64) {
        let mut origins = self.lock();
        let origin = at(&mut origins, key.origin);
        origin.openings.ended(number, opened);
        if let Opened::Http2(connection) = opened {
            origin.shared.push(Shared {
                connection: Arc::clone(connection),
                trust: key.trust,
            });
            // Counts as used, or it would be idle for as long as the process runs.
            connection.used(now_ms);
        }
    }

    /// Closes connections that were idle for too long and forgets those that backends closed.
    pub(crate) fn sweep(&self, now_ms: u64) {
        let is_fresh = |since_ms: u64| now_ms.saturating_sub(since_ms) < self.limits.idle_ms;
        let mut origins = self.lock();
        for origin in origins.iter_mut() {
            let idle = &mut origin.idle;
            idle.retain(|idle| !idle.sender.is_closed() && is_fresh(idle.since_ms));
            if idle.is_empty() {
                idle.shrink_to_fit();
            }
            let mut kept = 0;
            origin.shared.retain(|shared| {
                if !shared.is_kept() {
                    return false;
                }
                let connection = &shared.connection;
                let is_idle = connection.is_idle();
                kept += usize::from(is_idle);
                !is_idle || is_fresh(connection.used_ms()) && kept <= self.limits.idle_per_origin
            });
        }
    }

    /// Closes every idle connection; those in use end with their last request.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The number of idle connections.
    pub(crate) fn idle(&self) -> usize {
        let count = |origin: &AtOrigin| {
            let shared = origin.shared.iter();
            origin.idle.len() + shared.filter(|shared| shared.connection.is_idle()).count()
        };
        self.lock().iter().map(count).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<AtOrigin>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the connections to origin number `number`.
fn at(origins: &mut Vec<AtOrigin>, number: usize) -> &mut AtOrigin {
    if origins.len() <= number {
        origins.resize_with(number + 1, AtOrigin::default);
    }
    &mut origins[number]
}
