//! When a request is sent again, and after how long. Plain functions over plain data.

use http::StatusCode;
use mgw_bundle::config::Retry;
use std::time::Duration;

/// When a request is sent again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RetryPolicy {
    /// Rounds after the first.
    pub(super) count: u32,
    first: Duration,
    factor: f64,
    longest: Duration,
    statuses: Box<[u16]>,
    /// Methods that are not idempotent are repeated too.
    pub(super) unsafe_methods: bool,
    /// Waits are shortened at random, so that clients that failed together do not come back together.
    jitter: bool,
}

/// How an attempt ended that brought no answer to pass on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// No place became free: nothing was tried.
    Queued,
    /// The request is still whole: nothing of it was sent.
    Unsent,
    /// It was sent, and the backend said that it did not look at it.
    Refused,
    /// It was at least partly sent; the backend may have acted on it.
    Sent,
    /// The backend answered.
    Answered(StatusCode),
}

/// What of a request decides whether it may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeatable {
    /// Its effect is the same however often it is sent, or the API's author says that it may be.
    pub(super) method: bool,
    /// Head and body are at hand.
    pub(super) whole: bool,
}

impl RetryPolicy {
    /// `exact` leaves out what micro-gw did not have: jitter.
    pub(crate) fn new(retry: &Retry, exact: bool) -> Self {
        Self {
            count: retry.count,
            first: Duration::from_millis(retry.interval_ms),
            factor: retry.back_off_factor.max(1.0),
            longest: Duration::from_millis(retry.max_interval_ms),
            statuses: retry.statuses.clone().into(),
            unsafe_methods: retry.unsafe_methods,
            jitter: !exact,
        }
    }

    /// Whether this ending is one that the policy repeats.
    pub(super) fn covers(&self, ending: Ending) -> bool {
        match ending {
            Ending::Answered(status) => self.statuses.contains(&status.as_u16()),
            // A retry would wait in the same queue again.
            Ending::Queued => false,
            Ending::Unsent | Ending::Refused | Ending::Sent => true,
        }
    }

    /// The wait before retry number `number`, from 0. `random` is from 0 to 1.
    pub(super) fn wait(&self, number: u32, random: f64) -> Duration {
        let longest = self.longest.as_secs_f64();
        let power = self.factor.powi(i32::try_from(number).unwrap_or(i32::MAX));
        let wait = (self.first.as_secs_f64() * power).min(longest);
        let wait = if self.jitter {
            wait * random.clamp(0.0, 1.0)
        } else {
            wait
        };
        Duration::try_from_secs_f64(wait).unwrap_or(self.longest)
    }
}

/// Whether a request may be sent again without a risk that its author has not taken.
pub(super) fn is_safe(ending: Ending, repeatable: Repeatable) -> bool {
    match ending {
        Ending::Queued | Ending::Unsent => true,
        Ending::Refused => repeatable.whole,
        Ending::Sent | Ending::Answered(_) => repeatable.whole && repeatable.method,
    }
}

/// The statuses that send a request to the next target of a failover endpoint.
pub(super) fn fails_over(status: StatusCode) -> bool {
    matches!(status.as_u16(), 501..=504)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(interval_ms: u64, factor: f64, max_interval_ms: u64, exact: bool) -> RetryPolicy {
        let retry = Retry {
            count: 3,
            interval_ms,
            back_off_factor: factor,
            max_interval_ms,
            statuses: vec![503],
            unsafe_methods: false,
            budget_percent: 20,
        };
        RetryPolicy::new(&retry, exact)
    }

    #[test]
    fn waits_grow_to_the_longest() {
        for (interval, factor, longest, expected) in [
            (100, 2.0, 60_000, [100, 200, 400, 800]),
            (100, 2.0, 300, [100, 200, 300, 300]),
            (100, 1.0, 60_000, [100, 100, 100, 100]),
            (100, 0.0, 60_000, [100, 100, 100, 100]),
            (0, 3.0, 60_000, [0, 0, 0, 0]),
        ] {
            let policy = policy(interval, factor, longest, true);
            let waits = [0, 1, 2, 3].map(|number| policy.wait(number, 0.3).as_millis());
            assert_eq!(waits, expected, "{interval} {factor} {longest}");
        }
        let policy = policy(1000, 1e300, 5000, true);
        assert_eq!(policy.wait(u32::MAX, 0.5), Duration::from_secs(5), "no overflow");
    }

    #[test]
    fn jitter_takes_any_part_of_the_wait() {
        let policy = policy(100, 2.0, 60_000, false);
        assert_eq!(policy.wait(1, 0.0), Duration::ZERO);
        assert_eq!(policy.wait(1, 0.5), Duration::from_millis(100));
        assert_eq!(policy.wait(1, 1.0), Duration::from_millis(200));
    }

    #[test]
    fn what_may_be_repeated() {
        let answered = Ending::Answered(StatusCode::SERVICE_UNAVAILABLE);
        for (ending, [neither, method, whole, both]) in [
            (Ending::Unsent, [true, true, true, true]),
            (Ending::Refused, [false, false, true, true]),
            (Ending::Sent, [false, false, false, true]),
            (answered, [false, false, false, true]),
        ] {
            let safe = |method, whole| is_safe(ending, Repeatable { method, whole });
            let found = [
                safe(false, false),
                safe(true, false),
                safe(false, true),
                safe(true, true),
            ];
            assert_eq!(found, [neither, method, whole, both], "{ending:?}");
        }
    }

    #[test]
    fn statuses_are_covered_when_listed() {
        let policy = policy(0, 1.0, 0, true);
        assert!(policy.covers(Ending::Sent));
        assert!(policy.covers(Ending::Answered(StatusCode::SERVICE_UNAVAILABLE)));
        assert!(!policy.covers(Ending::Answered(StatusCode::BAD_GATEWAY)));
    }
}
