//! A logical backend: one or several URLs and the rule for choosing among them.

use super::target::Target;
use http::HeaderValue;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// A logical backend, resolved.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) choice: Choice,
    /// At least one.
    pub(crate) targets: Box<[Target]>,
    /// Whether WebSockets are opened to it, and nothing else.
    pub(crate) web_socket: bool,
    /// For the start of the answer and between its parts.
    pub(crate) timeout: Duration,
    /// Credentials that the gateway adds.
    pub(crate) authorization: Option<HeaderValue>,
    /// Round robin: the next target. Failover: the last that worked.
    pub(crate) cursor: AtomicUsize,
}

/// The rule for choosing a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// There is only one.
    Single,
    /// In turn; the next one when no connection is made.
    RoundRobin,
    /// The last that worked; the next one when no connection is made, or on 501 to 504 to a request without body that
    /// may be repeated.
    Failover,
}

impl Endpoint {
    /// Position of the target to try first.
    pub(super) fn first(&self) -> usize {
        match self.choice {
            Choice::Single => 0,
            Choice::RoundRobin => self.cursor.fetch_add(1, Relaxed) % self.targets.len(),
            Choice::Failover => self.cursor.load(Relaxed) % self.targets.len(),
        }
    }

    /// Notes which target answered.
    pub(super) fn worked(&self, position: usize) {
        if self.choice == Choice::Failover && self.cursor.load(Relaxed) != position {
            self.cursor.store(position, Relaxed);
        }
    }
}
