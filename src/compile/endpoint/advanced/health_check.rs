//! `healthCheck`: probes that take targets out of use and back.

use super::MAX_MS;
use crate::compile::endpoint::fields::Fields;
use mgw_bundle::config::HealthCheck;

const KEYS: [&str; 6] = [
    "path",
    "intervalInMillis",
    "timeoutInMillis",
    "unhealthyThreshold",
    "healthyThreshold",
    "statusCodes",
];

/// Shortest time between two probes: more would be load.
const MIN_INTERVAL_MS: u64 = 100;
const DEFAULT_INTERVAL_MS: u64 = 10_000;
const DEFAULT_TIMEOUT_MS: u64 = 2_000;
const MAX_THRESHOLD: u64 = 100;
const MAX_PATH: usize = 1024;

/// `Some(None)`: there is none; `None`: a mistake that has been reported.
pub(super) fn health_check(owner: &mut Fields<'_>) -> Option<Option<HealthCheck>> {
    let Some(fields) = owner.below("healthCheck", &KEYS) else {
        return Some(None);
    };
    let mut fields = fields?;
    let interval_ms = fields.whole("intervalInMillis", MIN_INTERVAL_MS..=MAX_MS, DEFAULT_INTERVAL_MS);
    let timeout_ms = fields.whole("timeoutInMillis", 1..=MAX_MS, DEFAULT_TIMEOUT_MS);
    let unhealthy = fields.whole("unhealthyThreshold", 1..=MAX_THRESHOLD, 3);
    let healthy = fields.whole("healthyThreshold", 1..=MAX_THRESHOLD, 2);
    let statuses = fields.statuses("statusCodes");
    let path = match fields.value("path") {
        None => "/".to_owned(),
        Some(node) => match node.as_str().filter(|path| is_path(path)) {
            Some(path) => path.to_owned(),
            None => {
                let message = "`path` should be a path below the backend's URL that starts with `/`".to_owned();
                fields.fail(node.span, message);
                String::new()
            }
        },
    };
    fields.finish(Some(HealthCheck {
        path,
        interval_ms,
        timeout_ms,
        unhealthy_after: u32::try_from(unhealthy).unwrap_or(u32::MAX),
        healthy_after: u32::try_from(healthy).unwrap_or(u32::MAX),
        statuses,
    }))
}

fn is_path(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    text.starts_with('/') && text.len() <= MAX_PATH && text.bytes().all(sound)
}
