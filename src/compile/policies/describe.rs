//! Policies in words.

use crate::compile::time_unit;
use mgw_bundle::config::{Policy, Quota};

/// A policy in a few words.
pub(crate) fn describe(policy: &Policy) -> String {
    let limit = match policy.quota {
        Quota::Unlimited => "no limit".to_owned(),
        Quota::Requests { count, window_ms } => format!("{count} requests per {}", time_unit::describe(window_ms)),
        Quota::Bandwidth { bytes, window_ms } => {
            format!(
                "{} per {}",
                super::data::describe(bytes),
                time_unit::describe(window_ms)
            )
        }
    };
    let stop = if policy.stop_on_quota { "" } else { ", not enforced" };
    let burst = policy
        .burst
        .map(|burst| format!(", at most {} per {}", burst.count, time_unit::describe(burst.window_ms)))
        .unwrap_or_default();
    let conditional = match policy.conditional.len() {
        0 => String::new(),
        1 => ", other under a condition".to_owned(),
        many => format!(", others under {many} sets of conditions"),
    };
    let strict = if policy.strict { ", counted strictly" } else { "" };
    format!("{limit}{burst}{stop}{strict}{conditional}")
}
