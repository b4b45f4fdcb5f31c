//! Backends: where they are, how they are chosen and how they are spoken to.

mod auth;
mod resilience;
mod target;

pub use auth::{CredentialPlace, EndpointAuth};
pub use resilience::{Balance, CircuitBreaker, HashKey, HealthCheck, PoolBounds, Retry};
pub use target::{BackendProtocol, Discovery, Target};

use serde::{Deserialize, Serialize};

/// The backends of an API or of one resource, by key type.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Serves callers with production keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<Endpoint>,
    /// Serves callers with sandbox keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Endpoint>,
}

/// One logical backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The name under which an operator overrides this endpoint at run time: the reference name of `x-wso2-endpoints`,
    /// else the API id. Absent for endpoints written inline at an operation, which cannot be overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How the targets are used.
    pub kind: EndpointKind,
    /// How a target is chosen where [`EndpointKind::LoadBalance`] applies.
    #[serde(default, skip_serializing_if = "Balance::is_default")]
    pub balance: Balance,
    /// At least one.
    pub targets: Vec<Target>,
    /// How long the gateway waits for the backend's answer to start, and between its parts, in milliseconds.
    pub timeout_ms: u64,
    /// For all attempts together until an answer starts, in milliseconds; absent: each attempt has its own time only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_timeout_ms: Option<u64>,
    /// What is spoken.
    #[serde(default, skip_serializing_if = "BackendProtocol::is_default")]
    pub protocol: BackendProtocol,
    /// When a request is sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// When the endpoint is left alone for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Bounds on connections where they differ from the runtime's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolBounds>,
    /// Probes that take targets out of use and back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Credentials that the gateway adds; secrets come from the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<EndpointAuth>,
}

impl Endpoint {
    /// Returns an endpoint of these URLs with nothing else said about it. One URL is [`EndpointKind::Single`].
    pub fn plain(
        name: Option<String>,
        kind: EndpointKind,
        urls: impl IntoIterator<Item = String>,
        timeout_ms: u64,
    ) -> Self {
        Self {
            name,
            kind,
            balance: Balance::default(),
            targets: urls.into_iter().map(Target::at).collect(),
            timeout_ms,
            total_timeout_ms: None,
            protocol: BackendProtocol::default(),
            retry: None,
            circuit_breaker: None,
            pool: None,
            health_check: None,
            auth: None,
        }
    }

    /// Returns the URLs of all targets, as written.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().map(|target| target.url.as_str())
    }
}

/// How the targets of an endpoint are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointKind {
    /// Exactly one target.
    Single,
    /// Requests are spread over the targets as [`Endpoint::balance`] says.
    LoadBalance,
    /// In order, starting with the last that worked.
    Failover,
}
