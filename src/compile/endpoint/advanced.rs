//! `advanceEndpointConfig`: how long to wait, and what to do about backends that are slow, busy or down.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};

/// What the gateway waits for a backend when the definition does not say.
pub(in crate::compile) const DEFAULT_TIMEOUT_MS: u64 = 60_000;

/// Longest time limit: a day.
const MAX_TIMEOUT_MS: u64 = 86_400_000;

/// Returns the time limit; `None`: a mistake that has been reported.
pub(super) fn timeout(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<u64> {
    let Some(advanced) = node.get("advanceEndpointConfig").filter(|node| !node.is_null()) else {
        return Some(DEFAULT_TIMEOUT_MS);
    };
    let Some(members) = advanced.as_object() else {
        diagnostics.push(Diagnostic::expected(
            "endpoint",
            source,
            advanced,
            "`advanceEndpointConfig`",
            "a map",
        ));
        return None;
    };
    const KEYS: [&str; 5] = [
        "timeoutInMillis",
        "httpVersion",
        "retryConfig",
        "circuitBreaker",
        "poolConfig",
    ];
    for (key, member) in members {
        if !KEYS.contains(&key.as_str()) {
            let message = format!("`advanceEndpointConfig` has no `{key}`");
            diagnostics.push(Diagnostic::error("endpoint", source, member.key, message).did_you_mean(key, KEYS));
        } else if !matches!(key.as_str(), "timeoutInMillis" | "httpVersion") && !member.node.is_null() {
            let message = format!("this version of mgw does not act on `{key}`");
            diagnostics.push(Diagnostic::warning("endpoint", source, member.key, message));
        }
    }
    let Some(value) = advanced.get("timeoutInMillis").filter(|node| !node.is_null()) else {
        return Some(DEFAULT_TIMEOUT_MS);
    };
    let timeout = value.as_u64().filter(|value| (1..=MAX_TIMEOUT_MS).contains(value));
    if timeout.is_none() {
        let message = format!("`timeoutInMillis` should be a whole number from 1 to {MAX_TIMEOUT_MS}");
        diagnostics.push(Diagnostic::error("endpoint", source, value.span, message));
    }
    timeout
}
