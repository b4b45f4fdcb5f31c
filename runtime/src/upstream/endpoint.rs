//! A logical backend: one or several URLs and how they are used.

use super::active::Queue;
use super::balance::{self, Choice, Keyed, Targets};
use super::credentials::Credentials;
use super::pool::Reuse;
use super::retry::{Ending, RetryPolicy, fails_over};
use super::state::EndpointState;
use super::target::Target;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// A logical backend, resolved.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) choice: Choice,
    /// At least one, and [`balance::MAX_TARGETS`] at the most.
    pub(crate) targets: Arc<[Target]>,
    /// Numbers of the targets' URLs, for choosing by key.
    pub(crate) seeds: Box<[u64]>,
    /// Whether WebSockets are opened to it, and nothing else.
    pub(crate) web_socket: bool,
    /// For the start of the answer and between its parts.
    pub(crate) timeout: Duration,
    /// For all attempts together until an answer starts.
    pub(crate) total_timeout: Option<Duration>,
    /// Credentials that the gateway adds.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) retry: Option<RetryPolicy>,
    /// How requests wait for a place, where the endpoint bounds its connections itself.
    pub(crate) queue: Option<Queue>,
    /// How connections are kept, where it differs from the operator's settings.
    pub(crate) reuse: Reuse,
    /// Bytes of a request body that are kept so that it can be sent again.
    pub(crate) kept_body: usize,
    /// Answer as micro-gw did when every target failed.
    pub(crate) compat: bool,
    /// The URLs of the targets, where usage records want to know.
    pub(crate) destinations: Option<Arc<[Box<str>]>>,
    pub(crate) state: Arc<EndpointState>,
}

impl Endpoint {
    /// Whether requests of this method may be sent again after they were sent.
    pub(super) fn repeats(&self, method: &Method) -> bool {
        method.is_idempotent() || self.retry.as_ref().is_some_and(|retry| retry.unsafe_methods)
    }

    /// How many bytes of a request's body are worth keeping: of one that may be sent again after it was sent, for its method,
    /// or because the backend may say that it did not look at it, which HTTP/1.1 cannot.
    pub(crate) fn kept_body(&self, method: &Method) -> usize {
        let may_be_refused = self.credentials.as_ref().is_some_and(Credentials::may_be_refused);
        if self.repeats(method) || may_be_refused || self.targets.iter().any(Target::expects_http2) {
            self.kept_body
        } else {
            0
        }
    }

    /// The number that decides where a request goes, where keys decide.
    pub(crate) fn key(&self, request: Keyed<'_>) -> Option<u64> {
        match &self.choice {
            Choice::ConsistentHash(which) => balance::key(which, request),
            _ => None,
        }
    }

    /// Where a request's turn begins.
    pub(super) fn first(&self) -> usize {
        match self.choice {
            Choice::Single => 0,
            Choice::Failover => self.state.cursor.load(Relaxed) % self.count(),
            _ => self.state.cursor.fetch_add(1, Relaxed) % self.count(),
        }
    }

    /// Chooses among `candidates`.
    pub(super) fn choose(&self, candidates: Targets, first: usize, key: Option<u64>) -> Option<usize> {
        match (&self.choice, &self.state.loads, key) {
            (Choice::LeastOutstanding, Some(loads), _) => {
                balance::least_loaded(candidates, first, |target| loads.of(target))
            }
            (Choice::ConsistentHash(_), _, Some(key)) => balance::by_key(candidates, key, &self.seeds),
            _ => balance::in_turn(candidates, first),
        }
    }

    /// The targets that may be used: the healthy ones, or all when none is.
    pub(super) fn usable(&self) -> Targets {
        let all = balance::all(self.targets.len());
        let unhealthy = self.state.health.as_ref().map_or(0, |health| health.unhealthy());
        match all & !unhealthy {
            0 => all,
            healthy => healthy,
        }
    }

    /// Whether the next target gets the request after this ending.
    pub(super) fn moves_on(&self, ending: Ending) -> bool {
        match ending {
            _ if self.choice == Choice::Single => false,
            Ending::Answered(status) => self.choice == Choice::Failover && fails_over(status),
            _ => true,
        }
    }

    /// Whether the endpoint treats this ending as a failure.
    pub(super) fn fails(&self, ending: Ending) -> bool {
        self.moves_on(ending) || self.retry.as_ref().is_some_and(|retry| retry.covers(ending))
    }

    /// Whether an answer of this status counts as a failure for the target's circuit breaker.
    pub(super) fn breaks(&self, position: usize, status: StatusCode) -> bool {
        let breaker = self.state.breakers.as_ref().and_then(|breakers| breakers.get(position));
        breaker.is_some_and(|breaker| breaker.fails(status.as_u16()))
    }

    /// Notes which target answered.
    pub(super) fn worked(&self, position: usize) {
        if self.choice == Choice::Failover && self.state.cursor.load(Relaxed) != position {
            self.state.cursor.store(position, Relaxed);
        }
    }

    /// Notes which target failed. Requests to come begin behind it, also when this one could not be repeated.
    pub(super) fn failed(&self, position: usize) {
        if self.choice == Choice::Failover {
            let next = (position + 1) % self.count();
            // Another request may have found a better one.
            let _ = self.state.cursor.compare_exchange(position, next, Relaxed, Relaxed);
        }
    }

    fn count(&self) -> usize {
        self.targets.len().max(1)
    }
}
