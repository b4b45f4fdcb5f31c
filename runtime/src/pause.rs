//! Pauses between attempts, growing to a bound.

use aws_lc_rs::rand;
use std::time::Duration;

/// The next pause. Doubles every time, from the first to the longest.
#[derive(Debug)]
pub(crate) struct Pause {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Pause {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// Returns how long to wait this time.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// Begins anew after a success.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Shortens a pause by up to half, so that gateways that failed together do not come back together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without random numbers they come together, which is no failure.
    let _ = rand::fill(&mut byte);
    pause.mul_f64(1.0 - f64::from(byte[0]) / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_longest_and_begin_anew() {
        let mut pause = Pause::new(Duration::from_secs(1), Duration::from_secs(5));
        let pauses: Vec<_> = (0..5).map(|_| pause.next_pause().as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        pause.reset();
        assert_eq!(pause.next_pause().as_secs(), 1);
    }

    #[test]
    fn jitter_takes_away_half_at_the_most() {
        let pauses: Vec<_> = (0..100).map(|_| jittered(Duration::from_secs(2))).collect();
        assert!(pauses.iter().all(|pause| (1000..=2000).contains(&pause.as_millis())));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
