//! Credentials that the control plane refuses are tried rarely: it locks accounts whose password is wrong again and again.

use crate::control_plane::NoAnswer;
use crate::pause::Pause;
use std::time::{Duration, Instant};

/// The pause after the first refusal, and the longest. Doubling, they make fewer than five attempts in the first five
/// minutes, which is what control planes lock an account for by default.
const PAUSES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3600));

/// When the control plane may be asked.
#[derive(Debug)]
pub(super) struct Refused {
    pause: Pause,
    until: Option<Instant>,
}

impl Refused {
    /// Nothing was refused so far.
    pub(super) fn new() -> Self {
        Self {
            pause: Pause::new(PAUSES.0, PAUSES.1),
            until: None,
        }
    }

    /// Whether the credentials may be tried.
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// Takes note of an answer. Questions that were under way together are refused together, and count as one.
    pub(super) fn note<T>(&mut self, answer: &Result<T, NoAnswer>, now: Instant) {
        match answer {
            Err(NoAnswer::Status(401)) if self.may_ask(now) => self.until = Some(now + self.pause.next_pause()),
            Ok(_) => *self = Self::new(),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_grow_far_apart_and_an_answer_ends_them() {
        let refusal: Result<(), _> = Err(NoAnswer::Status(401));
        let start = Instant::now();
        let mut refused = Refused::new();
        let mut attempts = Vec::new();
        for second in 0..4 * 3600 {
            let now = start + Duration::from_secs(second);
            if refused.may_ask(now) {
                attempts.push(second);
                refused.note(&refusal, now);
                // Another one that was under way counts for nothing, and trouble of other kinds neither.
                refused.note(&refusal, now);
                refused.note(&Err::<(), _>(NoAnswer::TooLate), now);
            }
        }
        assert_eq!(attempts, [0, 30, 90, 210, 450, 930, 1890, 3810, 7410, 11010]);
        refused.note(&Ok(()), start);
        assert!(refused.may_ask(start));
    }
}
