//! Which target gets a request next, and when it has been tried often enough.
//!
//! A request goes round the targets of its endpoint, each once. When all have failed, a retry begins a new round after a
//! wait. Each target's circuit breaker sees a request once, with what came of it in the end.

use super::balance::Targets;
use super::breaker::Permit;
use super::endpoint::Endpoint;
use super::error::UpstreamError;
use super::retry::{Ending, Repeatable, is_safe};
use crate::metrics::BackendCounters;
use aws_lc_rs::rand;
use std::time::Duration;

/// The attempts of one request.
#[derive(Debug)]
pub(super) struct Attempts<'e> {
    endpoint: &'e Endpoint,
    /// Where this round began.
    first: usize,
    key: Option<u64>,
    /// What this round has tried.
    tried: Targets,
    /// One for each target that was tried, where there are circuit breakers.
    permits: Vec<(usize, Permit<'e>)>,
    retries: u32,
    /// The shortest time after which an open circuit lets requests pass.
    open_ms: Option<u64>,
}

/// The next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) position: usize,
    /// Before it.
    pub(super) wait: Duration,
}

impl<'e> Attempts<'e> {
    /// Chooses the first target.
    pub(super) fn begin(endpoint: &'e Endpoint, key: Option<u64>) -> Result<(Self, usize), UpstreamError> {
        if let Some(budget) = &endpoint.state.budget {
            budget.request();
        }
        let mut attempts = Self {
            endpoint,
            first: endpoint.first(),
            key,
            tried: 0,
            permits: Vec::new(),
            retries: 0,
            open_ms: None,
        };
        match attempts.another() {
            Some(position) => Ok((attempts, position)),
            None => Err(UpstreamError::CircuitOpen {
                retry_after_ms: attempts.open_ms.unwrap_or(0),
            }),
        }
    }

    /// Notes for the circuit breaker whether a target failed.
    pub(super) fn note(&mut self, position: usize, failed: bool) {
        if let Some((_, permit)) = self.permits.iter_mut().find(|(of, _)| *of == position) {
            permit.note(failed);
        }
    }

    /// Decides what comes after an attempt that failed; `None`: its outcome is the request's.
    pub(super) fn after(
        &mut self,
        position: usize,
        ending: Ending,
        repeatable: Repeatable,
        counters: Option<&BackendCounters>,
    ) -> Option<Next> {
        if !is_safe(ending, repeatable) {
            return None;
        }
        if self.endpoint.moves_on(ending)
            && let Some(position) = self.another()
        {
            counters.inspect(|counters| counters.moved_on());
            let wait = Duration::ZERO;
            return Some(Next { position, wait });
        }
        let policy = self.endpoint.retry.as_ref()?;
        if self.retries >= policy.count || !policy.covers(ending) {
            return None;
        }
        if let Some(budget) = &self.endpoint.state.budget
            && !budget.take()
        {
            counters.inspect(|counters| counters.over_budget());
            return None;
        }
        (self.tried, self.first) = (0, position + 1);
        let position = self.another()?;
        let wait = policy.wait(self.retries, random());
        self.retries += 1;
        counters.inspect(|counters| counters.retried());
        Some(Next { position, wait })
    }

    /// Chooses a target that this round has not tried and whose circuit is not open.
    fn another(&mut self) -> Option<usize> {
        loop {
            let candidates = self.endpoint.usable() & !self.tried;
            let position = self.endpoint.choose(candidates, self.first, self.key)?;
            self.tried |= 1_u64 << position;
            let breakers = self.endpoint.state.breakers.as_ref();
            let Some(breaker) = breakers.and_then(|breakers| breakers.get(position)) else {
                return Some(position);
            };
            if self.permits.iter().any(|(of, _)| *of == position) {
                return Some(position);
            }
            match breaker.admit() {
                Ok(permit) => {
                    self.permits.push((position, permit));
                    return Some(position);
                }
                Err(open_ms) => self.open_ms = Some(self.open_ms.map_or(open_ms, |least| least.min(open_ms))),
            }
        }
    }
}

/// A number from 0 to 1.
fn random() -> f64 {
    let mut bytes = [0; 2];
    // Without random numbers retries come together, which is no failure.
    let _ = rand::fill(&mut bytes);
    f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)
}
