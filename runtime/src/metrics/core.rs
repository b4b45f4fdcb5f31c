//! What one core counts apart from APIs.

use super::add;
use super::api::Requests;
use super::histogram::Histogram;
use crate::refusal::Refusal;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The counters of one core.
#[derive(Debug)]
pub(crate) struct CoreMetrics {
    /// Requests that reached no API.
    pub(crate) unrouted: Requests,
    /// By [`Refusal::index`].
    pub(super) refusals: [AtomicU64; Refusal::ALL.len()],
    pub(super) upstream: Histogram,
    pub(super) in_flight: AtomicU64,
    pub(super) connections_accepted: AtomicU64,
    pub(super) connections_refused: AtomicU64,
    pub(super) handshake_failures: AtomicU64,
    pub(super) malformed: AtomicU64,
    pub(super) web_sockets: AtomicU64,
    pub(super) messages_from_clients: AtomicU64,
    pub(super) messages_to_clients: AtomicU64,
}

impl Default for CoreMetrics {
    fn default() -> Self {
        Self {
            unrouted: Requests::default(),
            refusals: [const { AtomicU64::new(0) }; Refusal::ALL.len()],
            upstream: Histogram::default(),
            in_flight: AtomicU64::new(0),
            connections_accepted: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
            handshake_failures: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
            web_sockets: AtomicU64::new(0),
            messages_from_clients: AtomicU64::new(0),
            messages_to_clients: AtomicU64::new(0),
        }
    }
}

impl CoreMetrics {
    pub(crate) fn refused(&self, refusal: Refusal) {
        if let Some(counter) = self.refusals.get(refusal.index()) {
            add(counter, 1);
        }
    }

    /// The time from handing a request to the backend to the head of its answer.
    pub(crate) fn upstream_answered(&self, duration: Duration) {
        self.upstream.observe(duration);
    }

    pub(crate) fn request_began(&self) {
        add(&self.in_flight, 1);
    }

    pub(crate) fn request_ended(&self) {
        add(&self.in_flight, u64::MAX);
    }

    pub(crate) fn connection_accepted(&self) {
        add(&self.connections_accepted, 1);
    }

    pub(crate) fn connection_refused(&self) {
        add(&self.connections_refused, 1);
    }

    pub(crate) fn handshake_failed(&self) {
        add(&self.handshake_failures, 1);
    }

    pub(crate) fn web_socket_began(&self) {
        add(&self.web_sockets, 1);
    }

    pub(crate) fn web_socket_ended(&self) {
        add(&self.web_sockets, u64::MAX);
    }

    /// A WebSocket message that is passed on.
    pub(crate) fn web_socket_message(&self, from_client: bool) {
        let counter = if from_client {
            &self.messages_from_clients
        } else {
            &self.messages_to_clients
        };
        add(counter, 1);
    }

    /// A head that cannot be read: the server has answered it before any request exists.
    pub(crate) fn malformed(&self) {
        add(&self.malformed, 1);
    }
}
