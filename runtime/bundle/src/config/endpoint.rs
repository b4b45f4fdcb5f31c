//! Backends.

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
    /// How the URLs are used.
    pub kind: EndpointKind,
    /// At least one `http` or `https` URL, without a trailing `/`.
    pub urls: Vec<String>,
    /// How long the gateway waits for the backend's answer to start, and between its parts, in milliseconds.
    pub timeout_ms: u64,
    /// Credentials that the gateway adds; the password comes from the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<EndpointAuth>,
}

/// How the URLs of an endpoint are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointKind {
    /// Exactly one URL.
    Single,
    /// Round robin over the URLs.
    LoadBalance,
    /// In order, starting with the last that worked.
    Failover,
}

/// Basic credentials towards a backend. There is no place for a password here on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointAuth {
    /// User name as written in the definition.
    pub username: String,
}
