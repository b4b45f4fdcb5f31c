//! What is done with a request whose connection went away before it was looked at.
//!
//! A backend may take few requests on each connection. Those that it left behind go to the next one together, and others come
//! there too, so that one repeat is not enough, and any number may not be: in the end a request goes first on a connection.

use std::time::{Duration, Instant};

/// How often at the most it is sent again: there may be backends that go away each time.
const TIMES: u32 = 5;
/// How often of that on a connection that others may fill.
const SHARED_TIMES: u32 = 3;

/// How often connections left a request behind.
#[derive(Debug, Default)]
pub(super) struct LeftBehind {
    times: u32,
    /// When it happened first.
    first: Option<Instant>,
}

impl LeftBehind {
    /// Notes that it happened, and says whether the request is sent again; `patience` is the time for all of that.
    pub(super) fn is_followed(&mut self, now: Instant, patience: Duration) -> bool {
        self.times += 1;
        let first = *self.first.get_or_insert(now);
        self.times <= TIMES && now.saturating_duration_since(first) < patience
    }

    /// Whether the next connection is opened for this request before all others.
    pub(super) fn goes_first(&self) -> bool {
        self.times > SHARED_TIMES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_again_some_times_and_for_some_time() {
        let patience = Duration::from_secs(10);
        for (apart, expected) in [(0, TIMES), (1, TIMES), (4, 3), (10, 1), (60, 1)] {
            let began = Instant::now();
            let mut left_behind = LeftBehind::default();
            let times =
                (0..).take_while(|time| left_behind.is_followed(began + Duration::from_secs(apart) * *time, patience));
            assert_eq!(times.count(), expected as usize, "{apart} seconds apart");
        }
    }

    #[test]
    fn the_last_times_it_goes_first() {
        let mut left_behind = LeftBehind::default();
        let now = Instant::now();
        let first: Vec<bool> = std::iter::from_fn(|| {
            let is_followed = left_behind.is_followed(now, Duration::MAX);
            is_followed.then(|| left_behind.goes_first())
        })
        .collect();
        assert_eq!(first, [false, false, false, true, true]);
    }
}
