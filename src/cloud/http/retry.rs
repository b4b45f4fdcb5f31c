//! Whether and when a request is sent again.

use std::time::Duration;

/// Attempts altogether.
const ATTEMPTS: u32 = 3;

/// The longest pause. Where the server asks for more, nothing better is to be had of it sooner.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A pause of this length is told to whoever waits.
pub(super) const TOLD_PAUSE: Duration = Duration::from_secs(5);

/// When a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Reads: whenever the failure looks temporary.
    Idempotent,
    /// Writes: only when the request never reached the server.
    Unsent,
    /// Not at all.
    Never,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A complete answer.
    Answered(u16, Option<Duration>),
    /// No connection.
    NotConnected,
    /// No answer in time, or a broken one.
    Broken,
}

/// Returns how long to wait before the next attempt; `None` when there is to be none. `jitter` is between 0 and 1.
pub(super) fn pause(repeat: Repeat, attempt: u32, outcome: Outcome, unit: Duration, jitter: f64) -> Option<Duration> {
    if attempt >= ATTEMPTS {
        return None;
    }
    let back_off = unit
        .saturating_mul(1 << (attempt - 1).min(6))
        .mul_f64(0.5 + jitter.clamp(0.0, 1.0));
    let wanted = match (repeat, outcome) {
        (Repeat::Never, _) => return None,
        (_, Outcome::NotConnected) => back_off,
        (Repeat::Unsent, _) => return None,
        (Repeat::Idempotent, Outcome::Broken) => back_off,
        (Repeat::Idempotent, Outcome::Answered(429 | 502 | 503 | 504, retry_after)) => match retry_after {
            Some(wanted) if wanted > LONGEST_PAUSE => return None,
            wanted => wanted.unwrap_or(back_off),
        },
        (Repeat::Idempotent, Outcome::Answered(..)) => return None,
    };
    Some(wanted.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Duration = Duration::from_secs(1);

    fn next(repeat: Repeat, attempt: u32, outcome: Outcome) -> Option<Duration> {
        pause(repeat, attempt, outcome, UNIT, 0.5)
    }

    #[test]
    fn reads_are_repeated_when_the_failure_looks_temporary() {
        for outcome in [Outcome::NotConnected, Outcome::Broken, Outcome::Answered(503, None)] {
            assert_eq!(next(Repeat::Idempotent, 1, outcome), Some(UNIT), "{outcome:?}");
            assert_eq!(next(Repeat::Idempotent, 2, outcome), Some(UNIT * 2), "{outcome:?}");
            assert_eq!(next(Repeat::Idempotent, 3, outcome), None, "{outcome:?}");
        }
        for status in [200, 400, 401, 403, 404, 500] {
            assert_eq!(
                next(Repeat::Idempotent, 1, Outcome::Answered(status, None)),
                None,
                "{status}"
            );
        }
    }

    #[test]
    fn writes_are_repeated_only_when_they_never_left() {
        assert_eq!(next(Repeat::Unsent, 1, Outcome::NotConnected), Some(UNIT));
        assert_eq!(next(Repeat::Unsent, 1, Outcome::Broken), None);
        assert_eq!(next(Repeat::Unsent, 1, Outcome::Answered(503, None)), None);
        assert_eq!(next(Repeat::Never, 1, Outcome::NotConnected), None);
    }

    #[test]
    fn the_server_may_name_the_pause_within_bounds() {
        let after = |seconds| {
            next(
                Repeat::Idempotent,
                1,
                Outcome::Answered(429, Some(Duration::from_secs(seconds))),
            )
        };
        assert_eq!(after(7), Some(Duration::from_secs(7)));
        assert_eq!(after(60), Some(LONGEST_PAUSE));
        assert_eq!(after(86_400), None);
    }

    #[test]
    fn jitter_spreads_the_pause() {
        let outcome = Outcome::Answered(429, None);
        assert_eq!(pause(Repeat::Idempotent, 1, outcome, UNIT, 0.0), Some(UNIT / 2));
        assert_eq!(pause(Repeat::Idempotent, 1, outcome, UNIT, 1.0), Some(UNIT * 3 / 2));
    }
}
