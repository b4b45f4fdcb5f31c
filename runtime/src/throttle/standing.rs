//! How a caller stands against its limits, in the words of the `RateLimit` headers
//! (draft-ietf-httpapi-ratelimit-headers).

use super::{LevelKind, Levels, MAX_CUSTOM_POLICIES};
use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderValue;
use mgw_quota::Counter;

/// Bytes that hold the entries of two limits.
const USUAL_LENGTH: usize = 96;

/// The names of custom policies, each of which has to be another.
const CUSTOM_NAMES: [&str; MAX_CUSTOM_POLICIES] = [
    "custom", "custom-2", "custom-3", "custom-4", "custom-5", "custom-6", "custom-7", "custom-8",
];

/// The limits that apply to a request, and what is left of them.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Value of `RateLimit-Policy`: the quota and the window in seconds of each limit.
    pub policy: HeaderValue,
    /// Value of `RateLimit`: what is left of each limit and the seconds until its window ends.
    pub limit: HeaderValue,
}

impl Standing {
    /// Writes the headers; `None` where nothing limits the request. Limits that only report are left out: they stop
    /// nobody.
    pub(super) fn of(levels: &Levels<'_>, now_ms: u64) -> Option<Self> {
        let mut lists = Lists {
            policy: BytesMut::with_capacity(USUAL_LENGTH),
            limit: BytesMut::with_capacity(USUAL_LENGTH),
        };
        let mut custom = CUSTOM_NAMES.iter();
        for (kind, limits) in levels.limited() {
            let name = match kind {
                LevelKind::Custom => custom.next().copied().unwrap_or_default(),
                _ => kind.name(),
            };
            if let Some(counter) = &limits.burst {
                lists.add(name, "-burst", "", counter, now_ms);
            }
            if limits.stop_on_quota {
                if let Some(counter) = &limits.requests {
                    match &limits.strict {
                        Some(strict) => lists.add_used(name, "", "", counter, strict.used_by_all(now_ms), now_ms),
                        None => lists.add(name, "", "", counter, now_ms),
                    }
                }
                if let Some(counter) = &limits.bandwidth {
                    lists.add(name, "-bytes", ";qu=\"content-bytes\"", counter, now_ms);
                }
            }
        }
        lists.finish()
    }
}

struct Lists {
    policy: BytesMut,
    limit: BytesMut,
}

impl Lists {
    fn add(&mut self, name: &str, suffix: &str, unit: &str, counter: &Counter, now_ms: u64) {
        self.add_used(name, suffix, unit, counter, counter.used_by_all(now_ms), now_ms);
    }

    fn add_used(&mut self, name: &str, suffix: &str, unit: &str, counter: &Counter, used: u64, now_ms: u64) {
        for list in [&mut self.policy, &mut self.limit] {
            if !list.is_empty() {
                list.put_slice(b", ");
            }
        }
        let (quota, window) = (counter.limit(), counter.window_ms().div_ceil(1000));
        let left = quota.saturating_sub(used);
        let ends = counter.remaining_ms(now_ms).div_ceil(1000);
        let mut digits = itoa::Buffer::new();
        for text in ["\"", name, suffix, "\";q="] {
            self.policy.put_slice(text.as_bytes());
        }
        self.policy.put_slice(digits.format(quota).as_bytes());
        self.policy.put_slice(b";w=");
        self.policy.put_slice(digits.format(window).as_bytes());
        self.policy.put_slice(unit.as_bytes());
        for text in ["\"", name, suffix, "\";r="] {
            self.limit.put_slice(text.as_bytes());
        }
        self.limit.put_slice(digits.format(left).as_bytes());
        self.limit.put_slice(b";t=");
        self.limit.put_slice(digits.format(ends).as_bytes());
    }

    fn finish(self) -> Option<Standing> {
        if self.policy.is_empty() {
            return None;
        }
        let value = |list: BytesMut| HeaderValue::from_maybe_shared(Bytes::from(list)).ok();
        Some(Standing {
            policy: value(self.policy)?,
            limit: value(self.limit)?,
        })
    }
}
