//! `circuitBreaker`: when a backend is left alone for a while.

use super::MAX_MS;
use crate::compile::endpoint::fields::Fields;
use mgw_bundle::config::CircuitBreaker;

const KEYS: [&str; 4] = ["failureThreshold", "resetTimeInMillis", "statusCodes", "rollingWindow"];
const WINDOW_KEYS: [&str; 3] = ["requestVolumeThreshold", "timeWindowInMillis", "bucketSizeInMillis"];

const DEFAULT_VOLUME: u64 = 10;
const DEFAULT_WINDOW_MS: u64 = 60_000;
const DEFAULT_BUCKET_MS: u64 = 10_000;

/// `Some(None)`: there is none; `None`: a mistake that has been reported.
pub(super) fn circuit_breaker(owner: &mut Fields<'_>) -> Option<Option<CircuitBreaker>> {
    let Some(fields) = owner.below("circuitBreaker", &KEYS) else {
        return Some(None);
    };
    let mut fields = fields?;
    let failure_threshold = fields.number("failureThreshold", 0.0..=1.0, "a share from 0 to 1", 0.0);
    let reset_ms = fields.whole("resetTimeInMillis", 0..=MAX_MS, 0);
    let statuses = fields.statuses("statusCodes");
    let window = window(&mut fields);
    let (request_volume, window_ms, bucket_ms) = window?;
    fields.finish(Some(CircuitBreaker {
        failure_threshold,
        reset_ms,
        statuses,
        request_volume,
        window_ms,
        bucket_ms,
    }))
}

/// Requests, window and step.
fn window(owner: &mut Fields<'_>) -> Option<(u32, u64, u64)> {
    let (mut volume, mut window_ms, mut bucket_ms) = (DEFAULT_VOLUME, DEFAULT_WINDOW_MS, DEFAULT_BUCKET_MS);
    if let Some(fields) = owner.below("rollingWindow", &WINDOW_KEYS) {
        let mut fields = fields?;
        volume = fields.whole("requestVolumeThreshold", 0..=u64::from(u32::MAX), DEFAULT_VOLUME);
        window_ms = fields.whole("timeWindowInMillis", 1..=MAX_MS, DEFAULT_WINDOW_MS);
        bucket_ms = fields.whole("bucketSizeInMillis", 1..=MAX_MS, DEFAULT_BUCKET_MS);
        if bucket_ms > window_ms {
            let place = fields
                .value("bucketSizeInMillis")
                .or(fields.value("timeWindowInMillis"));
            let span = place.map_or(fields.node().span, |node| node.span);
            fields.fail_with(
                span,
                format!("a step of {bucket_ms} ms does not fit into a window of {window_ms} ms"),
                Some("Make `bucketSizeInMillis` (10000 when absent) a part of `timeWindowInMillis`."),
            );
        }
        fields.finish(())?;
    }
    Some((u32::try_from(volume).unwrap_or(u32::MAX), window_ms, bucket_ms))
}
