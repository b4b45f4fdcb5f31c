//! Leaves a backend alone for a while after it failed too often.
//!
//! Closed: requests pass and are counted. Open: none passes, until some time after the last failure. Half open: one request
//! at a time finds out whether the backend is back; when it takes too long, a client that uploads without an end for one,
//! another one does.

use super::window::{Counts, Window};
use mgw_bundle::config::CircuitBreaker;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The circuit breaker of one target, used by all cores.
#[derive(Debug)]
pub(crate) struct Breaker {
    began: Instant,
    threshold: f64,
    reset_ms: u64,
    /// How long a request may take to find out, before another one does.
    probe_ms: u64,
    volume: u64,
    statuses: Box<[u16]>,
    window: Window,
    /// [`State`], packed.
    state: AtomicU64,
    opened: AtomicU64,
}

/// What a breaker does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// They pass.
    Closed,
    /// None passes.
    Open { last_failure_ms: u64 },
    /// One is on its way to find out.
    HalfOpen { since_ms: u64 },
}

impl State {
    fn pack(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open { last_failure_ms } => last_failure_ms << 2 | 1,
            Self::HalfOpen { since_ms } => since_ms << 2 | 2,
        }
    }

    fn unpack(packed: u64) -> Self {
        let ms = packed >> 2;
        match packed & 3 {
            0 => Self::Closed,
            1 => Self::Open { last_failure_ms: ms },
            _ => Self::HalfOpen { since_ms: ms },
        }
    }

    pub(crate) fn is_closed(self) -> bool {
        self == Self::Closed
    }

    /// The word for views.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
        }
    }
}

/// Leave for one request. Dropping it tells the breaker how the request ended.
#[derive(Debug)]
pub(super) struct Permit<'b> {
    breaker: &'b Breaker,
    /// When it began to find out.
    probe: Option<u64>,
    /// `None` while nothing is known about the backend: the client may go away first.
    failed: Option<bool>,
}

impl Permit<'_> {
    /// Notes how the backend fared, in place of what was noted before.
    pub(super) fn note(&mut self, failed: bool) {
        self.failed = Some(failed);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.settle(self.probe, self.failed, self.breaker.now_ms());
    }
}

impl Breaker {
    /// `timeout_ms`: how long the endpoint waits for an answer.
    pub(crate) fn new(settings: &CircuitBreaker, timeout_ms: u64) -> Self {
        Self {
            began: Instant::now(),
            threshold: settings.failure_threshold,
            reset_ms: settings.reset_ms,
            probe_ms: settings.reset_ms.max(timeout_ms),
            volume: u64::from(settings.request_volume),
            statuses: settings.statuses.clone().into(),
            window: Window::new(settings.window_ms, settings.bucket_ms),
            state: AtomicU64::new(State::Closed.pack()),
            opened: AtomicU64::new(0),
        }
    }

    /// Whether an answer of this status counts as a failure.
    pub(super) fn fails(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// Lets a request pass, or says for how many milliseconds it makes no sense to try again.
    pub(super) fn admit(&self) -> Result<Permit<'_>, u64> {
        self.enter(self.now_ms()).map(|probe| Permit {
            breaker: self,
            probe,
            failed: None,
        })
    }

    pub(crate) fn state(&self) -> State {
        State::unpack(self.state.load(Relaxed))
    }

    /// How often it has opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX >> 2)
    }

    /// `Ok(Some(…))`: the request is the one that finds out, from now on.
    fn enter(&self, now_ms: u64) -> Result<Option<u64>, u64> {
        let mut packed = self.state.load(Relaxed);
        loop {
            match State::unpack(packed) {
                State::Closed => return Ok(None),
                State::HalfOpen { since_ms } => {
                    if now_ms.saturating_sub(since_ms) <= self.probe_ms {
                        return Err(0);
                    }
                }
                State::Open { last_failure_ms } => {
                    let since = now_ms.saturating_sub(last_failure_ms);
                    if since <= self.reset_ms {
                        return Err(self.reset_ms - since + 1);
                    }
                }
            }
            let probing = State::HalfOpen { since_ms: now_ms }.pack();
            match self.state.compare_exchange(packed, probing, Relaxed, Relaxed) {
                Ok(_) => return Ok(Some(now_ms)),
                Err(now) => packed = now,
            }
        }
    }

    /// `probe`: when the request began to find out.
    fn settle(&self, probe: Option<u64>, failed: Option<bool>, now_ms: u64) {
        if let Some(began_ms) = probe {
            self.settle_probe(began_ms, failed, now_ms);
            return;
        }
        let Some(failed) = failed else { return };
        let counts = Counts {
            all: 1,
            marked: u64::from(failed),
        };
        self.window.add(now_ms, counts);
        if !failed {
            return;
        }
        let opens = self.is_too_much(self.window.sums(now_ms));
        let open = State::Open {
            last_failure_ms: now_ms,
        };
        let was = self
            .state
            .fetch_update(Relaxed, Relaxed, |packed| match State::unpack(packed) {
                State::Closed => opens.then(|| open.pack()),
                // Requests that were under way when it opened.
                State::Open { last_failure_ms } => (now_ms > last_failure_ms).then(|| open.pack()),
                State::HalfOpen { .. } => None,
            });
        if was.is_ok_and(|packed| State::unpack(packed) == State::Closed) {
            self.opened.fetch_add(1, Relaxed);
        }
    }

    fn settle_probe(&self, began_ms: u64, failed: Option<bool>, now_ms: u64) {
        let State::HalfOpen { since_ms } = self.state() else {
            return;
        };
        let next = match failed {
            Some(false) => {
                self.window.clear();
                State::Closed
            }
            Some(true) => State::Open {
                last_failure_ms: now_ms,
            },
            // Another request finds out.
            None if since_ms != began_ms => return,
            // Nothing was found out: the next request tries.
            None => State::Open {
                last_failure_ms: began_ms.saturating_sub(self.reset_ms + 1),
            },
        };
        self.state.store(next.pack(), Relaxed);
    }

    fn is_too_much(&self, counts: Counts) -> bool {
        counts.all >= self.volume && counts.marked as f64 > self.threshold * counts.all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(threshold: f64, volume: u32) -> Breaker {
        let settings = CircuitBreaker {
            failure_threshold: threshold,
            reset_ms: 100,
            statuses: vec![503],
            request_volume: volume,
            window_ms: 1000,
            bucket_ms: 100,
        };
        Breaker::new(&settings, 150)
    }

    /// Ten requests, of which `failures` fail.
    fn ten(breaker: &Breaker, failures: usize) {
        for number in 0..10 {
            assert_eq!(breaker.enter(0), Ok(None));
            // Failures last: the breaker looks when one comes.
            breaker.settle(None, Some(number >= 10 - failures), 0);
        }
    }

    #[test]
    fn opens_beyond_the_threshold_and_not_below_the_volume() {
        for (threshold, volume, failures, opens) in [
            (0.5, 10, 5, false),
            (0.5, 10, 6, true),
            (0.5, 11, 10, false),
            (0.0, 10, 1, true),
            (0.0, 10, 0, false),
            (1.0, 10, 10, false),
        ] {
            let breaker = breaker(threshold, volume);
            ten(&breaker, failures);
            assert_eq!(
                breaker.state() != State::Closed,
                opens,
                "{threshold} {volume} {failures}"
            );
            assert_eq!(breaker.opened(), u64::from(opens));
        }
    }

    #[test]
    fn one_at_a_time_finds_out() {
        let breaker = breaker(0.5, 10);
        ten(&breaker, 10);
        assert_eq!(breaker.enter(60), Err(41), "the rest of the time");
        assert_eq!(breaker.enter(100), Err(1));
        assert_eq!(breaker.enter(101), Ok(Some(101)));
        assert_eq!(breaker.enter(101), Err(0), "one is on its way");
        breaker.settle(Some(101), None, 150);
        assert_eq!(breaker.enter(150), Ok(Some(150)), "the first found nothing out");
        breaker.settle(Some(150), Some(true), 200);
        assert_eq!(breaker.enter(300), Err(1));
        assert_eq!(breaker.enter(301), Ok(Some(301)));
        breaker.settle(Some(301), Some(false), 302);
        assert_eq!(breaker.state(), State::Closed);
        ten(&breaker, 5);
        assert_eq!(breaker.state(), State::Closed, "what was before is forgotten");
    }

    #[test]
    fn one_that_finds_nothing_out_holds_it_for_a_while_only() {
        let breaker = breaker(0.5, 10);
        ten(&breaker, 10);
        assert_eq!(breaker.enter(200), Ok(Some(200)));
        assert_eq!(breaker.enter(350), Err(0), "the backend may take that long");
        assert_eq!(breaker.enter(351), Ok(Some(351)));
        breaker.settle(Some(200), None, 352);
        assert_eq!(breaker.enter(352), Err(0), "the second is on its way");
        breaker.settle(Some(200), Some(false), 353);
        assert_eq!(breaker.state(), State::Closed, "the first came to something in the end");
        breaker.settle(Some(351), Some(true), 354);
        assert_eq!(breaker.state(), State::Closed, "it is decided");
    }

    #[test]
    fn late_failures_keep_it_open_longer() {
        let breaker = breaker(0.5, 10);
        ten(&breaker, 10);
        breaker.settle(None, Some(true), 90);
        assert_eq!(breaker.enter(101), Err(90));
        breaker.settle(None, Some(false), 95);
        assert_eq!(breaker.enter(191), Ok(Some(191)));
        breaker.settle(None, Some(true), 192);
        assert_eq!(breaker.state(), State::HalfOpen { since_ms: 191 });
    }

    #[test]
    fn a_permit_that_is_dropped_settles() {
        let breaker = breaker(0.0, 1);
        drop(breaker.admit().expect("it is closed"));
        assert_eq!(breaker.state(), State::Closed, "nothing was found out");
        breaker.admit().expect("it is closed").note(true);
        assert!(matches!(breaker.state(), State::Open { .. }));
        assert!(breaker.admit().is_err());
    }

    #[test]
    fn only_one_thread_is_let_through() {
        let breaker = breaker(0.0, 1);
        breaker.settle(None, Some(true), 0);
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| usize::from(breaker.enter(1000) == Ok(Some(1000)))))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("nothing panics"))
                .sum()
        });
        assert_eq!(admitted, 1);
    }
}
