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

    /// Decides what comes after an attempt that failed; `None`: its outcome is the request's. `left` is the time for all
    /// attempts to come.
    pub(super) fn after(
        &mut self,
        position: usize,
        ending: Ending,
        repeatable: Repeatable,
        left: Option<Duration>,
        counters: Option<&BackendCounters>,
    ) -> Option<Next> {
        if !is_safe(ending, repeatable) || left.is_some_and(|left| left.is_zero()) {
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
        let wait = policy.wait(self.retries, random());
        if left.is_some_and(|left| wait >= left) {
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

#[cfg(test)]
mod tests {
    use super::super::balance::Choice;
    use super::super::breaker::Breaker;
    use super::super::retry::{RetryPolicy, fails_over};
    use super::super::state::EndpointState;
    use super::super::{Origins, Place, Reuse, Target};
    use super::*;
    use http::{HeaderValue, StatusCode};
    use mgw_bundle::config::{CircuitBreaker, Retry};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn targets(count: usize) -> Arc<[Target]> {
        let origins = Origins::default();
        let url = url::Url::parse("http://b").expect("a URL");
        let place = || Place {
            origin: origins.of(&url, &[], Default::default()).expect("the URL has a host"),
            path: "".into(),
            host: HeaderValue::from_static("b"),
        };
        (0..count).map(|_| Target::fixed(place())).collect()
    }

    fn endpoint(choice: Choice, count: usize, retries: u32, state: EndpointState) -> Endpoint {
        let retry = Retry {
            count: retries,
            interval_ms: 10,
            back_off_factor: 2.0,
            max_interval_ms: 1000,
            statuses: vec![500],
            unsafe_methods: false,
            budget_percent: 100,
        };
        Endpoint {
            choice,
            targets: targets(count),
            seeds: (0..count as u64).collect(),
            web_socket: false,
            timeout: Duration::from_secs(1),
            total_timeout: None,
            credentials: None,
            retry: (retries > 0).then(|| RetryPolicy::new(&retry, true)),
            queue: None,
            reuse: Reuse::default(),
            kept_body: 0,
            compat: false,
            destinations: None,
            state: Arc::new(state),
        }
    }

    fn endings() -> impl Strategy<Value = Ending> {
        prop_oneof![
            Just(Ending::Queued),
            Just(Ending::Unsent),
            Just(Ending::Refused),
            Just(Ending::Sent),
            Just(Ending::Answered(StatusCode::INTERNAL_SERVER_ERROR)),
            Just(Ending::Answered(StatusCode::SERVICE_UNAVAILABLE)),
        ]
    }

    proptest! {
        /// Whatever happens: a round visits no target twice, there are no more rounds than retries allow, and what may
        /// have been acted on is not repeated.
        #[test]
        fn requests_are_repeated_within_bounds(
            count in 1_usize..6, retries in 0_u32..4, failover: bool, method: bool, whole: bool,
            outcomes in proptest::collection::vec(endings(), 40),
        ) {
            let choice = match (count, failover) {
                (1, _) => Choice::Single,
                (_, true) => Choice::Failover,
                (_, false) => Choice::RoundRobin,
            };
            let endpoint = endpoint(choice.clone(), count, retries, EndpointState::default());
            let (mut attempts, mut position) = Attempts::begin(&endpoint, None).expect("there is a target");
            let (mut round, mut rounds, mut sendings) = (vec![position], 0, 1);
            for ending in outcomes {
                let next = attempts.after(position, ending, Repeatable { method, whole }, None, None);
                let acted_on = matches!(ending, Ending::Sent | Ending::Answered(_));
                let Some(next) = next else {
                    break;
                };
                sendings += 1;
                prop_assert!(!acted_on || method && whole, "{ending:?}");
                prop_assert!(ending != Ending::Refused || whole);
                position = next.position;
                prop_assert!(position < count);
                if next.wait.is_zero() {
                    prop_assert!(!round.contains(&position), "{round:?} {position}");
                    if let Ending::Answered(status) = ending {
                        prop_assert!(choice == Choice::Failover && fails_over(status));
                    }
                    round.push(position);
                } else {
                    rounds += 1;
                    round = vec![position];
                }
            }
            prop_assert!(rounds <= retries);
            prop_assert!(sendings <= count * (1 + retries as usize));
        }
    }

    #[test]
    fn open_circuits_are_gone_round() {
        let breaker = || {
            let settings = CircuitBreaker {
                failure_threshold: 0.0,
                reset_ms: 3_600_000,
                statuses: Vec::new(),
                request_volume: 1,
                window_ms: 1000,
                bucket_ms: 1000,
            };
            Breaker::new(&settings, 1000)
        };
        let state = EndpointState {
            breakers: Some((0..3).map(|_| breaker()).collect()),
            ..EndpointState::default()
        };
        let endpoint = endpoint(Choice::RoundRobin, 3, 0, state);
        for open in 0..2 {
            let mut seen = Vec::new();
            for _ in 0..6 {
                let (mut attempts, position) = Attempts::begin(&endpoint, None).expect("a circuit is closed");
                seen.push(position);
                attempts.note(position, position == open);
            }
            let before = seen.iter().filter(|position| **position == open).count();
            assert_eq!(before, 1, "it opens at its first failure: {seen:?}");
        }
        let (mut attempts, last) = Attempts::begin(&endpoint, None).expect("one circuit is closed");
        attempts.note(last, true);
        drop(attempts);
        let refused = Attempts::begin(&endpoint, None).err();
        let Some(UpstreamError::CircuitOpen { retry_after_ms }) = refused else {
            panic!("{refused:?}")
        };
        assert!((3_500_000..=3_600_001).contains(&retry_after_ms), "{retry_after_ms}");
    }
}
