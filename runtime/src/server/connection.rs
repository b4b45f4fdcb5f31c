//! What is known about one client connection, and when it has to go.
//!
//! Timers per request cost more than all other bookkeeping, so there are none: the connection notes what happens with
//! plain stores, and the core's sweep, a few times a second, decides with [`Connection::verdict`].

use super::stream_tasks::{StreamEnd, TaskPlace};
use super::unread::{Unread, Waiting};
use crate::auth::ClientCertificate;
use crate::clock::Clock;
use futures_util::task::AtomicWaker;
use http::HeaderValue;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;
use tokio::task::{Id, try_id};

/// Time limits towards clients, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientTimeouts {
    /// From the first byte of a request to the end of its head.
    pub(crate) head_ms: u64,
    /// Without a request.
    pub(crate) idle_ms: u64,
    /// Without the client reading anything while there is something to read.
    pub(crate) stalled_ms: u64,
}

/// What a connection is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Order {
    /// Carry on.
    Serve = 0,
    /// Finish the requests in flight, take no more, close.
    Finish = 1,
    /// Close now.
    Abort = 2,
}

/// What a listener offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// APIs.
    Apis,
    /// APIs and the gateway's own services, over TLS.
    ApisAndServices,
    /// Only the gateway's own services, over TLS.
    Services,
}

impl Offer {
    /// Returns whether the listener speaks TLS.
    pub(crate) const fn is_tls(self) -> bool {
        !matches!(self, Self::Apis)
    }
}

/// One client connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    /// The peer's address as headers have it, made when it is first written.
    peer_text: OnceLock<HeaderValue>,
    pub(crate) offer: Offer,
    certificate: OnceLock<ClientCertificate>,
    clock: Clock,
    in_flight: AtomicU32,
    served: AtomicBool,
    http2: AtomicBool,
    /// When the last request ended, or the connection was made.
    idle_since_ms: AtomicU64,
    /// When the first byte of a request arrived whose head is not complete; 0: none.
    head_since_ms: AtomicU64,
    /// Since when the client does not read; 0: it does.
    stalled_since_ms: AtomicU64,
    /// HTTP/2 answers that wait for the client.
    unread: Unread,
    order: AtomicU8,
    /// The order that the task has seen; [`UNSEEN`] before its first look.
    watched: AtomicU8,
    waker: AtomicWaker,
    successor: Mutex<Successor>,
    /// Of the stream that is becoming a WebSocket at this moment, and the task that answers it.
    awaited_stream: Mutex<Option<(Option<Id>, TaskPlace)>>,
}

/// What a connection does once it speaks HTTP no more.
#[derive(Default)]
struct Successor(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl fmt::Debug for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Successor").field(&self.0.is_some()).finish()
    }
}

const UNSEEN: u8 = u8::MAX;

impl Connection {
    pub(crate) fn new(peer: SocketAddr, offer: Offer, clock: Clock) -> Self {
        Self {
            peer,
            peer_text: OnceLock::new(),
            offer,
            certificate: OnceLock::new(),
            in_flight: AtomicU32::new(0),
            served: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            idle_since_ms: AtomicU64::new(clock.coarse_ms()),
            head_since_ms: AtomicU64::new(0),
            stalled_since_ms: AtomicU64::new(0),
            unread: Unread::default(),
            order: AtomicU8::new(Order::Serve as u8),
            watched: AtomicU8::new(UNSEEN),
            waker: AtomicWaker::new(),
            successor: Mutex::default(),
            awaited_stream: Mutex::default(),
            clock,
        }
    }

    /// The peer's address as headers have it.
    pub(crate) fn peer_text(&self) -> &HeaderValue {
        self.peer_text.get_or_init(|| {
            let text = self.peer.ip().to_canonical().to_string();
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
        })
    }

    /// Has `successor` run in the connection's place when it has switched to another protocol.
    pub(crate) fn becomes(&self, successor: impl Future<Output = ()> + Send + 'static) {
        let mut place = self.successor.lock().unwrap_or_else(PoisonError::into_inner);
        place.0 = Some(Box::pin(successor));
    }

    /// Takes what runs in the connection's place.
    pub(super) fn successor(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let mut place = self.successor.lock().unwrap_or_else(PoisonError::into_inner);
        place.0.take()
    }

    /// Gives the end of the stream that becomes a WebSocket. Called by the task that answers, right before the answer that says
    /// so: the task that it starts then is the stream's. It starts none if the client has left.
    pub(crate) fn stream_end(&self) -> StreamEnd {
        let task = TaskPlace::default();
        let mut place = self.awaited_stream.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some((try_id(), Arc::clone(&task)));
        StreamEnd(task)
    }

    /// Takes the place for the task that the present one starts; `None` for most.
    pub(super) fn awaited_stream(&self) -> Option<TaskPlace> {
        let mut place = self.awaited_stream.lock().unwrap_or_else(PoisonError::into_inner);
        // Left behind by a stream that did not become one, it waits for a task that is gone.
        let (_, task) = place.take_if(|(starter, _)| *starter == try_id())?;
        Some(task)
    }

    /// What the client showed in the handshake.
    pub(crate) fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.get()
    }

    /// Notes what the client showed in the handshake.
    pub(crate) fn showed(&self, certificate: ClientCertificate) {
        // There is one handshake per connection.
        let _ = self.certificate.set(certificate);
    }

    pub(super) fn note_read(&self) {
        if self.in_flight.load(Relaxed) == 0 && self.head_since_ms.load(Relaxed) == 0 {
            self.head_since_ms.store(self.clock.coarse_ms().max(1), Relaxed);
        }
    }

    pub(super) fn note_write(&self, blocked: bool) {
        let since = self.stalled_since_ms.load(Relaxed);
        if !blocked && since != 0 {
            self.stalled_since_ms.store(0, Relaxed);
        } else if blocked && since == 0 {
            self.stalled_since_ms.store(self.clock.coarse_ms().max(1), Relaxed);
        }
    }

    /// A request's head is complete.
    pub(crate) fn request_began(&self, http2: bool) {
        self.head_since_ms.store(0, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        self.served.store(true, Relaxed);
        self.http2.store(http2, Relaxed);
    }

    /// An answer is complete, or given up.
    pub(crate) fn request_ended(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
        self.idle_since_ms.store(self.clock.coarse_ms(), Relaxed);
    }

    /// What is left of a request's body is read on: none of it is the head of another request.
    pub(super) fn rest_began(&self) {
        self.in_flight.fetch_add(1, Relaxed);
        self.head_since_ms.store(0, Relaxed);
    }

    /// It is not any more. Where it did not come to its end, no other request can come over HTTP/1.
    pub(super) fn rest_ended(&self, is_read: bool) {
        self.request_ended();
        if !is_read && !self.http2.load(Relaxed) {
            self.order(Order::Finish);
        }
    }

    /// More of an answer could be sent if the client took it. `None` for HTTP/1, where [`Self::note_write`] notices.
    pub(crate) fn answer_waits(&self) -> Option<Waiting> {
        self.http2.load(Relaxed).then(|| self.unread.begin())
    }

    /// The client took it, or the answer was given up.
    pub(crate) fn answer_goes_on(&self, waiting: &Waiting) {
        self.unread.end(waiting);
    }

    /// Decides what the connection has to do at `now_ms`.
    pub(super) fn verdict(&self, now_ms: u64, limits: &ClientTimeouts) -> Order {
        let exceeded = |since: u64, limit: u64| since != 0 && now_ms.saturating_sub(since) >= limit;
        if exceeded(self.stalled_since_ms.load(Relaxed), limits.stalled_ms) {
            return Order::Abort;
        }
        if self.in_flight.load(Relaxed) > 0 {
            return self.unread.verdict(now_ms, limits.stalled_ms);
        }
        // Between requests HTTP/2 connections carry pings and window updates, which begin no request.
        let http2 = self.http2.load(Relaxed);
        let idle_ms = now_ms.saturating_sub(self.idle_since_ms.load(Relaxed));
        if !http2 && exceeded(self.head_since_ms.load(Relaxed), limits.head_ms) {
            Order::Abort
        } else if idle_ms >= limits.idle_ms.saturating_add(limits.stalled_ms) {
            // Told to finish long ago: the client does not take part in closing.
            Order::Abort
        } else if idle_ms >= limits.idle_ms {
            Order::Finish
        } else {
            Order::Serve
        }
    }

    /// Whether nothing would be lost if the connection took no more requests now: it is at work, or has been, or has been
    /// given the time to start, and no request is half read.
    pub(super) fn may_finish(&self, now_ms: u64, patience_ms: u64) -> bool {
        let at_work = self.in_flight.load(Relaxed) > 0;
        let half_read = !self.http2.load(Relaxed) && self.head_since_ms.load(Relaxed) != 0;
        let waited = now_ms.saturating_sub(self.idle_since_ms.load(Relaxed)) >= patience_ms;
        at_work || waited || (self.served.load(Relaxed) && !half_read)
    }

    /// Raises the order; orders are never taken back.
    pub(super) fn order(&self, order: Order) {
        if self.order.fetch_max(order as u8, Relaxed) < order as u8 {
            self.waker.wake();
        }
    }

    /// Whether it takes no more requests.
    pub(super) fn is_closing(&self) -> bool {
        self.order.load(Relaxed) != Order::Serve as u8
    }

    /// Returns the order; the task of `waker` is woken when it rises.
    pub(super) fn ordered(&self, waker: &Waker) -> Order {
        let order = self.order.load(Relaxed);
        // A task keeps its waker for life, but waking uses it up: it is registered once for each order.
        if self.watched.load(Relaxed) != order {
            self.watched.store(order, Relaxed);
            self.waker.register(waker);
        }
        match order {
            0 => Order::Serve,
            1 => Order::Finish,
            _ => Order::Abort,
        }
    }
}

impl ClientTimeouts {
    /// How often connections have to be looked at so that the shortest limit is kept within a tenth or so.
    pub(super) fn sweep_period(&self) -> Duration {
        let shortest = self.head_ms.min(self.idle_ms).min(self.stalled_ms);
        Duration::from_millis((shortest / 8).clamp(10, 500))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ClientTimeouts = ClientTimeouts {
        head_ms: 100,
        idle_ms: 1000,
        stalled_ms: 500,
    };

    fn connection() -> Connection {
        Connection::new(SocketAddr::from(([127, 0, 0, 1], 1)), Offer::Apis, Clock::new())
    }

    #[test]
    fn idle_connections_finish() {
        let connection = connection();
        assert_eq!(connection.verdict(999, &LIMITS), Order::Serve);
        assert_eq!(connection.verdict(1000, &LIMITS), Order::Finish);
        assert_eq!(connection.verdict(1500, &LIMITS), Order::Abort);
        connection.request_began(false);
        assert_eq!(connection.verdict(100_000, &LIMITS), Order::Serve);
    }

    #[test]
    fn slow_heads_are_cut_off() {
        let connection = connection();
        connection.note_read();
        assert_eq!(connection.verdict(50, &LIMITS), Order::Serve);
        assert_eq!(connection.verdict(101, &LIMITS), Order::Abort);
        connection.request_began(false);
        connection.request_ended();
        assert_eq!(connection.verdict(101, &LIMITS), Order::Serve);
    }

    #[test]
    fn the_rest_of_a_body_is_no_head() {
        let connection = connection();
        connection.request_began(false);
        connection.request_ended();
        connection.note_read();
        connection.rest_began();
        connection.note_read();
        assert_eq!(connection.verdict(10_000, &LIMITS), Order::Serve);
        connection.rest_ended(true);
        assert!(!connection.is_closing());
        connection.rest_began();
        connection.rest_ended(false);
        assert!(connection.is_closing(), "nothing can come behind half a body");
    }

    #[test]
    fn clients_that_do_not_read_are_cut_off() {
        let connection = connection();
        connection.request_began(false);
        connection.note_write(true);
        assert_eq!(connection.verdict(501, &LIMITS), Order::Abort);
        connection.note_write(false);
        assert_eq!(connection.verdict(501, &LIMITS), Order::Serve);
    }

    #[test]
    fn a_half_read_request_is_not_thrown_away_while_draining() {
        let connection = connection();
        assert!(!connection.may_finish(0, 1000), "accepted but not yet asked anything");
        assert!(connection.may_finish(1000, 1000));
        connection.request_began(false);
        assert!(connection.may_finish(0, 1000));
        connection.request_ended();
        assert!(connection.may_finish(0, 1000));
        connection.note_read();
        assert!(!connection.may_finish(0, 1000));
    }

    #[test]
    fn orders_only_rise() {
        let connection = connection();
        connection.order(Order::Abort);
        connection.order(Order::Finish);
        assert_eq!(connection.ordered(Waker::noop()), Order::Abort);
    }

    #[test]
    fn every_order_wakes_the_connection() {
        #[derive(Default)]
        struct Count(AtomicU32);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Relaxed);
            }
        }
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let connection = connection();
        assert_eq!(connection.ordered(&waker), Order::Serve);
        connection.order(Order::Finish);
        assert_eq!(count.0.load(Relaxed), 1);
        assert_eq!(connection.ordered(&waker), Order::Finish);
        // A client that does not take part in closing gives no other reason to look again.
        connection.order(Order::Abort);
        assert_eq!(count.0.load(Relaxed), 2);
        assert_eq!(connection.ordered(&waker), Order::Abort);
    }
}
