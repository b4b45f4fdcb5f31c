//! The age of what was taken over last, by a clock that does not jump.

use std::time::{Duration, Instant};

/// When the control plane's state was taken over last. Within a process the age grows with the monotonic clock alone: a wall
/// clock that is set forward or back changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// How old it was at `measured`; of what was never taken over, how long that has been tried.
    age: Duration,
    measured: Instant,
    never: bool,
}

impl Freshness {
    /// Nothing has been taken over, and the attempts begin now.
    pub fn never(now: Instant) -> Self {
        Self {
            age: Duration::ZERO,
            measured: now,
            never: true,
        }
    }

    /// It has just been taken over.
    pub fn renewed(now: Instant) -> Self {
        Self {
            never: false,
            ..Self::never(now)
        }
    }

    /// An earlier process took it over at `success_ms`, milliseconds since the epoch, and it is `unix_ms` now. A time that has
    /// not come yet says nothing: one of the two clocks was wrong.
    pub fn restored(success_ms: u64, unix_ms: u64, now: Instant) -> Self {
        match unix_ms.checked_sub(success_ms) {
            Some(age_ms) => Self {
                age: Duration::from_millis(age_ms),
                measured: now,
                never: false,
            },
            None => Self::never(now),
        }
    }

    /// Returns the age.
    pub fn age(&self, now: Instant) -> Duration {
        self.age.saturating_add(now.saturating_duration_since(self.measured))
    }

    /// Whether nothing has been taken over.
    pub fn is_never(&self) -> bool {
        self.never
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn ages_grow_with_the_monotonic_clock() {
        let start = Instant::now();
        assert_eq!(Freshness::renewed(start).age(start + MINUTE), MINUTE);
        assert_eq!(Freshness::never(start).age(start + MINUTE), MINUTE);
        assert!(Freshness::never(start).is_never() && !Freshness::renewed(start).is_never());
        // A reading that was taken earlier on another thread.
        assert_eq!(Freshness::renewed(start + MINUTE).age(start), Duration::ZERO);
    }

    #[test]
    fn an_earlier_process_hands_its_age_on() {
        let start = Instant::now();
        let day = 86_400_000;
        let restored = Freshness::restored(5 * day, 6 * day, start);
        assert_eq!(restored.age(start + MINUTE), Duration::from_secs(86_460));
        assert!(!restored.is_never());
        let ahead = Freshness::restored(6 * day, 5 * day, start);
        assert!(ahead.is_never(), "a time in the future is no success");
        assert_eq!(ahead.age(start), Duration::ZERO);
    }
}
