//! What the gateway does about backends that are slow, busy or down.

use serde::{Deserialize, Serialize};

/// How a target is chosen among several.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Balance {
    /// In turn.
    #[default]
    RoundRobin,
    /// The one with the fewest requests that wait for the end of their answer.
    LeastOutstanding,
    /// The same target for the same key for as long as it can be used; few keys move when targets come and go.
    ConsistentHash(HashKey),
}

impl Balance {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What requests have in common that go to the same target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum HashKey {
    /// The client's address.
    ClientAddress,
    /// The value of a header; lower-case name.
    Header(String),
    /// The value of a cookie.
    Cookie(String),
    /// The value of a query parameter.
    Query(String),
    /// The request's path.
    Path,
}

/// When a request is sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts after the first.
    pub count: u32,
    /// Before the first of them, in milliseconds.
    pub interval_ms: u64,
    /// By which every further wait is longer than the one before; at least 1.
    pub back_off_factor: f64,
    /// Longest wait, in milliseconds.
    pub max_interval_ms: u64,
    /// Statuses that count as failures; broken connections always do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// Retry requests too whose method is not idempotent, though the backend may have acted on them. Off unless the
    /// author of the API asks for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsafe_methods: bool,
    /// Share of requests, in percent, that may be sent again over some seconds, so that retries never multiply load.
    pub budget_percent: u32,
}

/// When an endpoint is left alone for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitBreaker {
    /// Share of failures, 0 to 1, beyond which the circuit opens.
    pub failure_threshold: f64,
    /// How long it stays open after the last failure, in milliseconds.
    pub reset_ms: u64,
    /// Statuses that count as failures; errors always do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// Requests in the window below which it never opens.
    pub request_volume: u32,
    /// The window, in milliseconds.
    pub window_ms: u64,
    /// The step in which the window moves on, in milliseconds; at most the window.
    pub bucket_ms: u64,
}

/// Bounds on the connections of one endpoint, per core; absent members leave it to the runtime's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolBounds {
    /// Requests at a time, which is connections with HTTP/1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_active: Option<u64>,
    /// Idle connections that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_idle: Option<u64>,
    /// How long a request waits for its turn, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// Requests at a time on one HTTP/2 connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<u32>,
}

/// Probes that take targets out of use and back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// Path below the target's URL, starting with `/`.
    pub path: String,
    /// Between two probes, in milliseconds.
    pub interval_ms: u64,
    /// For one probe, in milliseconds.
    pub timeout_ms: u64,
    /// Failures in a row after which a target is not used.
    pub unhealthy_after: u32,
    /// Successes in a row after which it is used again.
    pub healthy_after: u32,
    /// Statuses of a healthy backend; none: 200 to 399.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
}
