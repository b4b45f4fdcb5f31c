//! When the next attempt is due.

use std::time::Duration;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);

/// Attempts are no closer to each other, whatever asks for them.
pub(super) const LEAST: Duration = Duration::from_secs(1);

/// How long events are gathered, so that many of them make one attempt.
pub(super) const GATHERING: Duration = Duration::from_millis(200);

/// Returns how long to wait after an attempt. After a success that is `poll`, more or less, so that gateways do not ask all at
/// once; after a failure it doubles from a second to `poll`. A control plane that asked for patience gets all of it. `jitter`
/// is between 0 and 1.
pub(super) fn wait(poll: Duration, failures: u64, asked_for_patience: bool, jitter: f64) -> Duration {
    let spread = jitter.clamp(0.0, 1.0);
    if failures == 0 || asked_for_patience {
        return poll.mul_f64(0.9 + 0.2 * spread).max(LEAST);
    }
    let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(20);
    let longest = FIRST.saturating_mul(1 << doublings).min(poll.max(FIRST));
    longest.mul_f64(0.5 + 0.5 * spread).max(FIRST / 2)
}

/// A number between 0 and 1; without randomness gateways merely coincide.
pub(super) fn jitter() -> f64 {
    let mut byte = [128];
    let _ = aws_lc_rs::rand::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn successes_are_a_poll_apart() {
        assert_eq!(wait(MINUTE, 0, false, 0.0), Duration::from_secs(54));
        assert_eq!(wait(MINUTE, 0, false, 0.5), MINUTE);
        assert_eq!(wait(MINUTE, 0, false, 1.0), Duration::from_secs(66));
        assert_eq!(wait(Duration::from_millis(1), 0, false, 0.5), LEAST);
    }

    #[test]
    fn failures_double_up_to_a_poll() {
        let waits: Vec<u64> = (1..9)
            .map(|failures| wait(MINUTE, failures, false, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(wait(MINUTE, u64::MAX, false, 1.0), MINUTE);
        assert_eq!(
            wait(MINUTE, 3, false, 0.0),
            Duration::from_secs(2),
            "half of it at least"
        );
    }

    #[test]
    fn gateways_that_begin_together_ask_apart() {
        let pauses: Vec<Duration> = (0..100).map(|_| wait(MINUTE, 0, false, jitter())).collect();
        let (least, most) = (Duration::from_secs(54), Duration::from_secs(66));
        assert!(pauses.iter().all(|pause| (least..=most).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }

    #[test]
    fn patience_is_given() {
        assert_eq!(wait(MINUTE, 1, true, 0.5), MINUTE);
    }
}
