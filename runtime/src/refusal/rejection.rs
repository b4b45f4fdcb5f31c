//! A refusal with what depends on the request.

use super::Refusal;
use crate::throttle::Standing;
use http::HeaderValue;
use std::num::NonZeroU32;

/// A refusal, ready to be rendered.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The reason.
    pub refusal: Refusal,
    /// Value of `WWW-Authenticate`, on 401 and on 403 for a missing scope.
    pub challenge: Option<HeaderValue>,
    /// Value of `Retry-After`, in seconds.
    pub retry_after: Option<NonZeroU32>,
    /// What the caller is told about its limits, when one of them is the reason.
    pub standing: Option<Box<Standing>>,
}

impl Rejection {
    /// Returns a rejection that says nothing but its reason.
    pub const fn new(refusal: Refusal) -> Self {
        Self {
            refusal,
            challenge: None,
            retry_after: None,
            standing: None,
        }
    }

    /// Adds the challenge; cloning a prebuilt value copies no bytes.
    pub fn with_challenge(mut self, challenge: Option<&HeaderValue>) -> Self {
        self.challenge = challenge.cloned();
        self
    }

    /// Adds the time after which a retry makes sense, rounded up to whole seconds.
    pub fn with_retry_after_ms(mut self, milliseconds: u64) -> Self {
        let seconds = milliseconds.div_ceil(1000).clamp(1, u64::from(u32::MAX));
        self.retry_after = u32::try_from(seconds).ok().and_then(NonZeroU32::new);
        self
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal)
    }
}
