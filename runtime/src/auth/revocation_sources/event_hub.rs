//! Revoked tokens as the control plane's event hub tells them.
//!
//! The hub tells what happens and keeps nothing: what was revoked while the gateway was away is only in the control plane's
//! list, which is fetched again whenever the connection is back.

use super::{Reporter, now_ms};
use crate::auth::revocation::DEFAULT_LIFE_MS;
use crate::auth::revocation_list::milliseconds;
use crate::auth::{Revocations, Revoked};
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{DecodeError, FeedItem, Outlet, TokenRevocation};
use secrecy::ExposeSecret;
use std::sync::Arc;
use tokio::sync::Notify;

/// A revocation is kept this long at least, whatever the message says: clocks differ, and so do the units that senders
/// write expiries in.
const LEAST_LIFE_MS: u64 = 3600 * 1000;

/// Returns the topic with revoked tokens, and what applies them as long as it goes on. `missed` is notified when something
/// may have been missed.
pub(in crate::auth) fn revoked_tokens(
    routing_key: String,
    revocations: Arc<Revocations>,
    reporter: Reporter,
    missed: Arc<Notify>,
) -> (Topic, impl Future<Output = ()> + Send + 'static) {
    let reporter = Arc::new(reporter);
    let (outlet, mut feed) = Outlet::token_revocations();
    let topic = Topic {
        routing_key,
        outlet,
        observer: Arc::clone(&reporter) as Arc<dyn TopicObserver>,
    };
    let follow = async move {
        while let Some(item) = feed.next().await {
            match item {
                FeedItem::Reload => missed.notify_one(),
                FeedItem::Message(message) => {
                    let applied = apply(&revocations, &message, now_ms());
                    reporter.read(applied.into(), (!applied).into());
                }
            }
        }
    };
    (topic, follow)
}

/// Applies one revocation; `false`: there is no room.
fn apply(revocations: &Revocations, message: &TokenRevocation, now_ms: u64) -> bool {
    let what = Revoked::any(message.token.expose_secret());
    revocations.revoke(what, Some(expiry(message, now_ms)), now_ms).is_ok()
}

/// Returns until when a revocation is kept. `ttl` says for how long the sender wants to be heard, which is not how long the
/// token lives; so it lengthens and never shortens.
fn expiry(message: &TokenRevocation, now_ms: u64) -> u64 {
    match message.expires {
        Some(time) => milliseconds(time).max(now_ms.saturating_add(LEAST_LIFE_MS)),
        None => {
            let ttl_ms = message.ttl.unwrap_or(0).saturating_mul(1000);
            now_ms.saturating_add(DEFAULT_LIFE_MS.max(ttl_ms))
        }
    }
}

impl TopicObserver for Reporter {
    fn current(&self) {
        Reporter::current(self);
    }

    fn lost(&self, reason: &str) {
        self.failed(reason);
    }

    fn skipped(&self, error: DecodeError) {
        // The warning that follows counts it; this says why.
        tracing::info!(%error, "a message of the event hub was passed over");
        self.read(0, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_are_read_in_either_unit_and_are_never_too_short() {
        const NOW: u64 = 1_767_000_000_000;
        const HOUR: u64 = LEAST_LIFE_MS;
        for (expires, ttl, expected) in [
            (Some(NOW + 2 * HOUR), None, NOW + 2 * HOUR),
            (Some((NOW + 2 * HOUR) / 1000), Some(5), NOW + 2 * HOUR),
            // Past, or the seconds that are left.
            (Some(NOW - HOUR), None, NOW + HOUR),
            (Some(3600), None, NOW + HOUR),
            (None, None, NOW + DEFAULT_LIFE_MS),
            (None, Some(5000), NOW + DEFAULT_LIFE_MS),
            (None, Some(10_000_000), NOW + 10_000_000_000),
            (None, Some(u64::MAX), u64::MAX),
            (Some(u64::MAX), None, u64::MAX),
        ] {
            let message = TokenRevocation {
                token: "t".into(),
                expires,
                ttl,
                kind: None,
            };
            assert_eq!(expiry(&message, NOW), expected, "{expires:?} {ttl:?}");
        }
    }
}
