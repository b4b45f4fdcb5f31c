//! `advanceEndpointConfig`: how long to wait, and what to do about backends that are slow, busy or down.

mod balance;
mod circuit_breaker;
mod health_check;
mod pool;
mod retry;

#[cfg(test)]
mod tests;

use super::fields::Fields;
use crate::diagnostics::Diagnostics;
use crate::yaml::{Node, Source};
use mgw_bundle::config::{Balance, CircuitBreaker, EndpointKind, HealthCheck, PoolBounds, Retry};

/// What the gateway waits for a backend when the definition does not say.
pub(in crate::compile) const DEFAULT_TIMEOUT_MS: u64 = 60_000;

/// Longest time: a day.
const MAX_MS: u64 = 86_400_000;

const KEYS: [&str; 8] = [
    "timeoutInMillis",
    // Read by `protocol`.
    "httpVersion",
    "totalTimeoutInMillis",
    "retryConfig",
    "circuitBreaker",
    "poolConfig",
    "loadBalance",
    "healthCheck",
];

/// What `advanceEndpointConfig` says.
#[derive(Debug)]
pub(super) struct Advanced {
    pub(super) timeout_ms: u64,
    pub(super) total_timeout_ms: Option<u64>,
    pub(super) balance: Balance,
    pub(super) retry: Option<Retry>,
    pub(super) circuit_breaker: Option<CircuitBreaker>,
    pub(super) pool: Option<PoolBounds>,
    pub(super) health_check: Option<HealthCheck>,
}

impl Default for Advanced {
    fn default() -> Self {
        Self {
            timeout_ms: DEFAULT_TIMEOUT_MS,
            total_timeout_ms: None,
            balance: Balance::default(),
            retry: None,
            circuit_breaker: None,
            pool: None,
            health_check: None,
        }
    }
}

/// Reads it; `None`: a mistake that has been reported.
pub(super) fn advanced(
    source: &Source,
    node: &Node,
    kind: EndpointKind,
    diagnostics: &mut Diagnostics,
) -> Option<Advanced> {
    let Some(fields) = Fields::of(source, node, "advanceEndpointConfig", &KEYS, diagnostics) else {
        return Some(Advanced::default());
    };
    let mut fields = fields?;
    let timeout_ms = fields.whole("timeoutInMillis", 1..=MAX_MS, DEFAULT_TIMEOUT_MS);
    let total = fields.whole("totalTimeoutInMillis", 1..=MAX_MS, 0);
    let retry = retry::retry(&mut fields);
    let circuit_breaker = circuit_breaker::circuit_breaker(&mut fields);
    let pool = pool::pool(&mut fields);
    let balance = balance::balance(&mut fields, kind);
    let health_check = health_check::health_check(&mut fields);
    let advanced = Advanced {
        timeout_ms,
        total_timeout_ms: (total > 0).then_some(total),
        retry: retry?,
        circuit_breaker: circuit_breaker?,
        pool: pool?,
        balance: balance?,
        health_check: health_check?,
    };
    fields.finish(advanced)
}
