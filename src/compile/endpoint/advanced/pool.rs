//! `poolConfig`: bounds on the connections of one endpoint.

use super::MAX_MS;
use crate::compile::endpoint::fields::Fields;
use mgw_bundle::config::PoolBounds;

const KEYS: [&str; 4] = [
    "maxActiveConnections",
    "maxIdleConnections",
    "waitTimeInMillis",
    "maxActiveStreamsPerConnection",
];

/// Stands for no bound, whatever the gateway's settings say.
const UNBOUNDED: u64 = u32::MAX as u64;
const MAX: i64 = u32::MAX as i64;

/// `Some(None)`: all as the gateway's settings say; `None`: a mistake that has been reported.
pub(super) fn pool(owner: &mut Fields<'_>) -> Option<Option<PoolBounds>> {
    let Some(fields) = owner.below("poolConfig", &KEYS) else {
        return Some(None);
    };
    let mut fields = fields?;
    let unsigned = |value: i64| u64::try_from(value).unwrap_or(UNBOUNDED);
    let bounds = PoolBounds {
        max_active: fields.optional("maxActiveConnections", -1..=MAX, 0).map(unsigned),
        max_idle: fields.optional("maxIdleConnections", 0..=MAX, -1).map(unsigned),
        wait_ms: fields
            .optional("waitTimeInMillis", 0..=i64::try_from(MAX_MS).unwrap_or(MAX), -1)
            .map(unsigned),
        max_streams: fields
            .optional("maxActiveStreamsPerConnection", 1..=MAX, -1)
            .and_then(|value| u32::try_from(value).ok()),
    };
    fields.finish((bounds != PoolBounds::default()).then_some(bounds))
}
