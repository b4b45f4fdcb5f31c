//! Connections of one core to its backends: idle ones of HTTP/1.1, and those of HTTP/2, which requests share.

use super::http2::Multiplexed;
use super::opening::{Joined, Opened, Openings};
use super::request_body::RequestBody;
use super::seats::{NOBODY, Seats};
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
    /// Its seat, which may have been another's before and may be yet another's by now.
    pub(super) seat: u32,
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
    seats: Arc<Seats>,
    /// By seat.
    origins: Mutex<Vec<AtOrigin>>,
}

/// The connections to one origin.
#[derive(Debug, Default)]
struct AtOrigin {
    /// Number of the origin.
    origin: usize,
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
    pub(crate) fn new(limits: PoolLimits, seats: Arc<Seats>) -> Self {
        Self {
            limits,
            seats,
            origins: Mutex::default(),
        }
    }

    /// Takes a place on a shared connection, or the most recently used connection that is open and ready.
    pub(super) fn take(&self, key: PoolKey) -> Option<Sender> {
        let mut origins = self.lock();
        let at_seat = origins.get_mut(key.seat as usize);
        let origin = at_seat.filter(|origin| origin.origin == key.origin)?;
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
        // The last request to an origin may outlive it.
        if origins
            .get(key.seat as usize)
            .is_some_and(|origin| origin.origin > key.origin)
        {
            return;
        }
        let idle = &mut at(&mut origins, key).idle;
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
        at(&mut origins, key)
            .openings
            .join(key.trust, key.reuse.streams.unwrap_or(self.limits.streams))
    }

    /// Notes how opening a connection ended, and makes it available to those who wait.
    pub(super) fn opened(&self, key: PoolKey, number: Option<u64>, opened: &Opened, now_ms: u64) {
        let mut origins = self.lock();
        let origin = at(&mut origins, key);
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

    /// Closes connections that were idle for too long or whose origin is gone, and forgets those that backends closed.
    pub(crate) fn sweep(&self, now_ms: u64) {
        let is_fresh = |since_ms: u64| now_ms.saturating_sub(since_ms) < self.limits.idle_ms;
        let mut origins = self.lock();
        let owners = self.seats.owners();
        for (seat, origin) in origins.iter_mut().enumerate() {
            if origin.origin != NOBODY && owners.get(seat) != Some(&origin.origin) {
                *origin = AtOrigin::default();
            }
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

/// Returns the connections to an origin. Those to one that had the seat before are closed.
fn at(origins: &mut Vec<AtOrigin>, key: PoolKey) -> &mut AtOrigin {
    let seat = key.seat as usize;
    if origins.len() <= seat {
        origins.resize_with(seat + 1, AtOrigin::default);
    }
    let at_seat = &mut origins[seat];
    if at_seat.origin != key.origin {
        *at_seat = AtOrigin {
            origin: key.origin,
            ..AtOrigin::default()
        };
    }
    at_seat
}

#[cfg(test)]
mod tests {
    use super::super::seats::Seat;
    use super::*;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use std::sync::atomic::AtomicU32;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    fn pool() -> (Pool, Arc<Seats>) {
        let seats = Arc::<Seats>::default();
        let limits = PoolLimits {
            idle_per_origin: 10,
            idle_ms: 1000,
            streams: 10,
        };
        (Pool::new(limits, Arc::clone(&seats)), seats)
    }

    fn key(seat: &Seat) -> PoolKey {
        PoolKey {
            origin: seat.owner,
            seat: seat.index,
            trust: 0,
            tls: false,
            reuse: Reuse::default(),
        }
    }

    /// An idle connection, and its other end.
    async fn connection() -> (Sender, DuplexStream) {
        let (near, far) = duplex(1024);
        let (mut sender, connection) = http1::handshake(TokioIo::new(near)).await.expect("a connection");
        tokio::spawn(connection);
        sender.ready().await.expect("nobody closes it");
        (Sender::Http1(sender), far)
    }

    async fn shared() -> Opened {
        let (near, far) = duplex(1024);
        let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near));
        let (sender, connection) = made.await.expect("a connection");
        let driver = tokio::spawn(async move {
            let _far = far;
            let _ = connection.await;
        });
        let admitted = Arc::new(AtomicU32::new(u32::MAX));
        let connection = Multiplexed::new(sender, 10, admitted, Arc::default(), driver.abort_handle());
        Opened::Http2(Arc::new(connection))
    }

    async fn is_closed(mut far: DuplexStream) -> bool {
        far.read(&mut [0]).await.is_ok_and(|read| read == 0)
    }

    #[tokio::test]
    async fn nobody_gets_connections_of_an_origin_that_had_the_seat_before() {
        let (pool, seats) = pool();
        let first = seats.take();
        let before = key(&first);
        let (idle, idle_far) = connection().await;
        pool.put(before, idle, 0);
        pool.opened(before, None, &shared().await, 0);
        assert!(matches!(pool.take(before), Some(Sender::Http2(_))));
        drop(first);
        let second = seats.take();
        let now = key(&second);
        assert_eq!(now.seat, before.seat);
        assert!(pool.take(now).is_none());
        let (own, _own_far) = connection().await;
        pool.put(now, own, 0);
        assert!(is_closed(idle_far).await);
        // The last request to the first ends late.
        let (late, late_far) = connection().await;
        pool.put(before, late, 0);
        assert!(is_closed(late_far).await);
        assert_eq!(pool.idle(), 1);
        assert!(matches!(pool.take(now), Some(Sender::Http1(_))));
        assert!(pool.take(now).is_none());
    }

    #[tokio::test]
    async fn what_is_known_of_an_origin_goes_with_it() {
        let (pool, seats) = pool();
        let first = seats.take();
        pool.opened(key(&first), None, &Opened::Http1, 0);
        assert!(matches!(pool.join(key(&first)), Joined::Alone));
        drop(first);
        assert!(matches!(pool.join(key(&seats.take())), Joined::Opens(..)));
    }

    #[tokio::test]
    async fn connections_of_an_origin_that_is_gone_are_closed_soon() {
        let (pool, seats) = pool();
        let [kept, gone] = [seats.take(), seats.take()];
        let (sender, _far) = connection().await;
        pool.put(key(&kept), sender, 0);
        let (sender, far) = connection().await;
        let late = key(&gone);
        pool.put(late, sender, 0);
        pool.opened(late, None, &shared().await, 0);
        pool.sweep(0);
        assert_eq!(pool.idle(), 3);
        drop(gone);
        pool.sweep(0);
        assert_eq!(pool.idle(), 1);
        assert!(is_closed(far).await);
        // Also one that comes back afterwards.
        let (sender, far) = connection().await;
        pool.put(late, sender, 0);
        pool.sweep(0);
        assert!(is_closed(far).await);
    }
}
