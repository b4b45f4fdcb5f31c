//! Decides what holds about a name.

use super::lookup::LookUpError;
use crate::config::DnsSettings;
use std::time::{Duration, Instant};

/// Longest pause before a name that cannot be looked up is asked for again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What is known about a name, apart from its addresses.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    /// Addresses hold until then; `None`: there are none.
    pub(super) holds_until: Option<Instant>,
    /// `None`: the last look-up was good, or there was none.
    pub(super) failure: Option<Failure>,
}

/// A look-up that failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure {
    pub(super) error: LookUpError,
    pause: Duration,
    ask_again_at: Instant,
}

/// What somebody who wants to connect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Use the addresses that are known.
    Use,
    /// Use them though they do not hold any more: there are no others.
    UseStale,
    /// Wait for a look-up.
    Wait,
    Fail(LookUpError),
}

impl Standing {
    pub(super) fn decide(&self, now: Instant, settings: &DnsSettings) -> Decision {
        let may_ask = self.failure.is_none_or(|failure| now >= failure.ask_again_at);
        match (self.holds_until, self.failure) {
            (Some(until), _) if now < until => Decision::Use,
            // The name does not exist any more, says who knows.
            (_, Some(failure)) if !may_ask && failure.error == LookUpError::NoSuchName => Decision::Fail(failure.error),
            (Some(until), Some(_)) if !may_ask && now < until + settings.stale => Decision::UseStale,
            (_, Some(failure)) if !may_ask => Decision::Fail(failure.error),
            _ => Decision::Wait,
        }
    }

    /// Returns what holds after addresses were found that hold for `ttl`.
    pub(super) fn found(now: Instant, ttl: Duration, settings: &DnsSettings) -> Self {
        Self {
            holds_until: now.checked_add(ttl.clamp(settings.min_ttl, settings.max_ttl)),
            failure: None,
        }
    }

    /// Returns what holds after a look-up failed; `ttl`: how long that it found nothing holds.
    pub(super) fn failed(
        &self,
        now: Instant,
        error: LookUpError,
        ttl: Option<Duration>,
        settings: &DnsSettings,
    ) -> Self {
        let next = self
            .failure
            .map_or(FIRST_PAUSE, |failure| failure.pause * 2)
            .min(LONGEST_PAUSE);
        let pause = match (error, ttl) {
            (LookUpError::NoSuchName, Some(ttl)) => {
                ttl.clamp(settings.min_ttl, settings.negative_ttl.max(settings.min_ttl))
            }
            (LookUpError::NoSuchName, None) => settings.negative_ttl,
            _ => next,
        };
        Self {
            holds_until: self.holds_until,
            failure: Some(Failure {
                error,
                pause: next,
                ask_again_at: now + pause,
            }),
        }
    }

    /// How long until the name is to be looked up again: when most of its time is over.
    pub(super) fn renew_in(&self, now: Instant) -> Duration {
        match (self.failure, self.holds_until) {
            (Some(failure), _) => failure.ask_again_at.saturating_duration_since(now),
            (None, Some(until)) => until.saturating_duration_since(now).mul_f64(0.8),
            (None, None) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_then_are_asked_for_then_are_stale() {
        let settings = DnsSettings::default();
        let now = Instant::now();
        let at = |seconds: f64| now + Duration::from_secs_f64(seconds);
        let decide = |standing: &Standing, seconds| standing.decide(at(seconds), &settings);
        assert_eq!(decide(&Standing::default(), 0.0), Decision::Wait);
        let found = Standing::found(now, Duration::from_secs(60), &settings);
        assert_eq!(decide(&found, 59.0), Decision::Use);
        assert_eq!(decide(&found, 60.0), Decision::Wait);
        assert!(found.renew_in(now) < Duration::from_secs(60));
        let failed = found.failed(at(50.0), LookUpError::TooLate, None, &settings);
        assert_eq!(decide(&failed, 59.0), Decision::Use);
        let failed = failed.failed(at(60.0), LookUpError::TooLate, None, &settings);
        assert_eq!(decide(&failed, 60.5), Decision::UseStale);
        assert_eq!(decide(&failed, 61.5), Decision::Wait, "asked again after the pause");
        let much_later = 60.0 + settings.stale.as_secs_f64();
        let failed = failed.failed(at(much_later), LookUpError::TooLate, None, &settings);
        assert_eq!(decide(&failed, much_later + 0.1), Decision::Fail(LookUpError::TooLate));
        let gone = found.failed(
            at(60.0),
            LookUpError::NoSuchName,
            Some(Duration::from_secs(9)),
            &settings,
        );
        assert_eq!(decide(&gone, 60.1), Decision::Fail(LookUpError::NoSuchName));
    }

    #[test]
    fn times_are_bounded() {
        let settings = DnsSettings::default();
        let now = Instant::now();
        for (ttl, expected) in [
            (Duration::ZERO, settings.min_ttl),
            (Duration::from_secs(u32::MAX.into()), settings.max_ttl),
        ] {
            assert_eq!(Standing::found(now, ttl, &settings).holds_until, Some(now + expected));
        }
        let mut standing = Standing::default();
        for _ in 0..100 {
            standing = standing.failed(now, LookUpError::TooLate, None, &settings);
        }
        assert!(standing.renew_in(now) <= LONGEST_PAUSE);
    }
}
