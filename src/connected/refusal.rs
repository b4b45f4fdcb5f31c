//! Credentials that the control plane refuses are tried rarely: it locks accounts whose password is wrong again and again.

use std::time::{Duration, Instant};

/// The pause after the first refusal, and the longest; it doubles. One attempt in five minutes, beside what follows the data
/// for gateways, is fewer than control planes lock an account for by default.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5 * 60), Duration::from_secs(3600));

/// What one kind of service says of the credentials.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    /// The pause after the last refusal, and when it ends; `None`: nothing is refused.
    pause: Option<(Duration, Instant)>,
}

impl Refusal {
    /// Whether the last word was a refusal.
    pub(super) fn stands(&self) -> bool {
        self.pause.is_some()
    }

    /// Whether the credentials may be tried.
    pub(super) fn may_try(&self, now: Instant) -> bool {
        self.pause.is_none_or(|(_, until)| until <= now)
    }

    /// They were refused.
    pub(super) fn refused(&mut self, now: Instant) {
        let pause = match self.pause {
            Some((pause, _)) => (pause * 2).min(PAUSES.1),
            None => PAUSES.0,
        };
        self.pause = Some((pause, now + pause));
    }

    /// They were accepted, or there are other ones.
    pub(super) fn lift(&mut self) {
        self.pause = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_grow_far_apart_and_end_with_the_first_success() {
        let start = Instant::now();
        let mut refusal = Refusal::default();
        assert!(!refusal.stands());
        let mut tried = Vec::new();
        for minute in 0..5 * 60 {
            let now = start + Duration::from_secs(60 * minute);
            if refusal.may_try(now) {
                tried.push(minute);
                refusal.refused(now);
            }
            assert!(refusal.stands(), "also while it is not tried");
        }
        assert_eq!(tried, [0, 5, 15, 35, 75, 135, 195, 255]);
        refusal.lift();
        assert!(!refusal.stands() && refusal.may_try(start));
        refusal.refused(start);
        assert!(!refusal.may_try(start));
        assert!(refusal.may_try(start + PAUSES.0), "it begins anew");
    }
}
