//! The gateway's own access token: how long it is used, and when the token endpoint may be asked again.

use super::token_request::TokenAnswer;
use secrecy::{ExposeSecret, SecretString};
use std::time::{Duration, Instant};

/// Life of an access token whose answer does not tell.
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// Longest life that is believed.
const MAX_LIFE: Duration = Duration::from_secs(86_400);
/// A token is renewed so long before it ends, short-lived ones after three quarters of their life.
const MARGIN: Duration = Duration::from_secs(10);
/// A token that was refused although younger than this is kept: another would be refused too.
const MIN_AGE: Duration = Duration::from_secs(5);
/// After a failure the token endpoint is left alone for the first of these, and twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The tokens of the gateway, and what came of asking for them.
#[derive(Debug, Default)]
pub(super) struct KeptToken {
    access: Option<Access>,
    pub(super) refresh: Option<SecretString>,
    pause: Duration,
    not_before: Option<Instant>,
}

#[derive(Debug)]
struct Access {
    token: SecretString,
    since: Option<Instant>,
    /// `None`: until it is refused.
    until: Option<Instant>,
}

/// What to do for a token.
#[derive(Debug)]
pub(super) enum Next {
    /// Use this one.
    Use(SecretString),
    /// Ask the token endpoint.
    Ask,
    /// Do without: asking has just failed.
    GiveUp,
}

impl KeptToken {
    /// Starts with a token from the configuration.
    pub(super) fn given(token: SecretString) -> Self {
        Self {
            access: Some(Access {
                token,
                since: None,
                until: None,
            }),
            ..Self::default()
        }
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        if let Some(access) = &self.access
            && access.until.is_none_or(|until| now < until)
        {
            return Next::Use(access.token.clone());
        }
        if self.not_before.is_some_and(|not_before| now < not_before) {
            Next::GiveUp
        } else {
            Next::Ask
        }
    }

    /// Records that a token was refused. Returns whether it makes sense to try with the next one.
    pub(super) fn refused(&mut self, token: &SecretString, now: Instant) -> bool {
        match &self.access {
            Some(access) if access.token.expose_secret() == token.expose_secret() => {
                let young = |since: Instant| now.saturating_duration_since(since) < MIN_AGE;
                if access.since.is_some_and(young) {
                    return false;
                }
                self.access = None;
                true
            }
            // Somebody else has renewed it, or is about to.
            _ => true,
        }
    }

    /// Records a new token and returns it.
    pub(super) fn renewed(&mut self, answer: TokenAnswer, now: Instant) -> SecretString {
        let life = answer
            .expires_in
            .map_or(DEFAULT_LIFE, Duration::from_secs)
            .min(MAX_LIFE);
        // The old refresh token goes on being good when the answer brings no other.
        self.refresh = answer.refresh_token.or(self.refresh.take());
        self.pause = Duration::ZERO;
        self.not_before = None;
        self.access = Some(Access {
            token: answer.access_token.clone(),
            since: Some(now),
            until: Some(now + life - MARGIN.min(life / 4)),
        });
        answer.access_token
    }

    /// Records that there is none to be had.
    pub(super) fn failed(&mut self, now: Instant) {
        self.access = None;
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, MAX_PAUSE);
        self.not_before = Some(now + self.pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(token: &str, seconds: Option<u64>) -> TokenAnswer {
        let json = serde_json::json!({"access_token": token, "expires_in": seconds});
        TokenAnswer::read(json.to_string().as_bytes()).expect("a usable answer")
    }

    fn uses(kept: &KeptToken, now: Instant) -> Option<String> {
        match kept.next(now) {
            Next::Use(token) => Some(token.expose_secret().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut kept = KeptToken::default();
        assert!(matches!(kept.next(now), Next::Ask));
        kept.renewed(answer("long", Some(3600)), now);
        assert_eq!(uses(&kept, at(3589)).as_deref(), Some("long"));
        assert!(matches!(kept.next(at(3590)), Next::Ask));
        kept.renewed(answer("short", Some(4)), now);
        assert!(uses(&kept, at(2)).is_some() && uses(&kept, at(3)).is_none());
        kept.renewed(answer("silent", None), now);
        assert!(uses(&kept, at(49)).is_some() && uses(&kept, at(50)).is_none());
        kept.renewed(answer("endless", Some(u64::MAX)), now);
        assert!(uses(&kept, at(80_000)).is_some() && uses(&kept, at(86_400)).is_none());
    }

    #[test]
    fn a_refused_token_is_replaced_but_not_again_and_again() {
        let now = Instant::now();
        let later = now + Duration::from_secs(6);
        let token = |text: &str| SecretString::from(text);
        let mut kept = KeptToken::given(token("given"));
        assert!(kept.refused(&token("given"), now) && matches!(kept.next(now), Next::Ask));
        kept.renewed(answer("new", Some(600)), now);
        // Late news about the old one.
        assert!(kept.refused(&token("given"), now) && uses(&kept, now).is_some());
        assert!(!kept.refused(&token("new"), now) && uses(&kept, now).is_some());
        assert!(kept.refused(&token("new"), later) && uses(&kept, later).is_none());
    }

    #[test]
    fn failures_make_pauses_that_grow_to_a_bound() {
        let mut now = Instant::now();
        let mut kept = KeptToken::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            kept.failed(now);
            assert!(matches!(kept.next(now), Next::GiveUp));
            pauses.push(kept.pause.as_millis());
            now += kept.pause;
            assert!(matches!(kept.next(now), Next::Ask));
        }
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        kept.renewed(answer("new", None), now);
        assert_eq!(kept.pause, Duration::ZERO);
    }
}
