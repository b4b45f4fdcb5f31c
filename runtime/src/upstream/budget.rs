//! Bounds how many requests may be sent again, so that retries never multiply the load of a backend that is down.

use super::window::{Counts, Window};
use std::time::Instant;

/// The time over which requests and their repetitions are compared.
const WINDOW_MS: u64 = 10_000;
const BUCKET_MS: u64 = 1_000;
/// Repetitions in this time that are allowed however few requests there are.
const FLOOR: u64 = 10;

/// The retry budget of one endpoint, used by all cores.
#[derive(Debug)]
pub(crate) struct Budget {
    began: Instant,
    percent: u64,
    window: Window,
}

impl Budget {
    /// Lets `percent` of a hundred requests be sent again.
    pub(crate) fn new(percent: u32) -> Self {
        Self {
            began: Instant::now(),
            percent: u64::from(percent),
            window: Window::new(WINDOW_MS, BUCKET_MS),
        }
    }

    /// Counts a request.
    pub(super) fn request(&self) {
        self.window.add(self.now_ms(), Counts { all: 1, marked: 0 });
    }

    /// Takes one repetition out of the budget, unless it is used up. Cores that ask in the same moment may take one each.
    pub(super) fn take(&self) -> bool {
        self.take_at(self.now_ms())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn take_at(&self, now_ms: u64) -> bool {
        let allowed = is_within(self.percent, self.window.sums(now_ms));
        if allowed {
            self.window.add(now_ms, Counts { all: 0, marked: 1 });
        }
        allowed
    }
}

/// Whether one more repetition fits.
fn is_within(percent: u64, Counts { all, marked }: Counts) -> bool {
    percent > 0 && marked < FLOOR.max(all * percent / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_requests_and_a_floor() {
        for (percent, all, marked, expected) in [
            (20, 1, 0, true),
            (20, 1, 9, true),
            (20, 1, 10, false),
            (20, 1000, 199, true),
            (20, 1000, 200, false),
            (0, 1000, 0, false),
            (100, 50, 49, true),
        ] {
            assert_eq!(
                is_within(percent, Counts { all, marked }),
                expected,
                "{percent} {all} {marked}"
            );
        }
    }

    #[test]
    fn it_comes_back_with_time() {
        let budget = Budget::new(20);
        let taken = |now| (0..100).filter(|_| budget.take_at(now)).count();
        assert_eq!(taken(0), 10);
        assert_eq!(taken(9_999), 0);
        assert_eq!(taken(10_000), 10);
    }
}
