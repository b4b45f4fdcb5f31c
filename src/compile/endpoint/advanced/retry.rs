//! `retryConfig`: when a request is sent again.

use super::MAX_MS;
use crate::compile::endpoint::fields::Fields;
use mgw_bundle::config::Retry;

const KEYS: [&str; 7] = [
    "count",
    "intervalInMillis",
    "backOffFactor",
    "maxWaitIntervalInMillis",
    "statusCodes",
    "unsafeMethods",
    "budgetPercent",
];

/// Most attempts after the first.
const MAX_COUNT: u64 = 1_000;
/// Longest wait where none is written, or 0.
const DEFAULT_MAX_WAIT_MS: u64 = 60_000;
/// Share of requests that may be sent again.
const DEFAULT_BUDGET_PERCENT: u64 = 20;

/// `Some(None)`: nothing is retried; `None`: a mistake that has been reported.
pub(super) fn retry(owner: &mut Fields<'_>) -> Option<Option<Retry>> {
    let Some(fields) = owner.below("retryConfig", &KEYS) else {
        return Some(None);
    };
    let mut fields = fields?;
    let count = fields.whole("count", 0..=MAX_COUNT, 0);
    let interval_ms = fields.whole("intervalInMillis", 0..=MAX_MS, 0);
    let factor = fields.number("backOffFactor", f64::MIN..=f64::MAX, "a number", 0.0);
    let longest = fields.whole("maxWaitIntervalInMillis", 0..=MAX_MS, 0);
    let statuses = fields.statuses("statusCodes");
    let unsafe_methods = fields.flag("unsafeMethods");
    let budget = fields.whole("budgetPercent", 0..=100, DEFAULT_BUDGET_PERCENT);
    if count == 0 && fields.value("count").is_none() {
        let span = fields.node().span;
        fields.warn(
            span,
            "`retryConfig` without `count` retries nothing",
            "Add `count: 1`, or more.",
        );
    }
    let retry = Retry {
        count: u32::try_from(count).unwrap_or(u32::MAX),
        interval_ms,
        back_off_factor: if factor <= 0.0 { 1.0 } else { factor.max(1.0) },
        max_interval_ms: if longest == 0 { DEFAULT_MAX_WAIT_MS } else { longest },
        statuses,
        unsafe_methods,
        budget_percent: u32::try_from(budget).unwrap_or(0),
    };
    fields.finish((count > 0).then_some(retry))
}
