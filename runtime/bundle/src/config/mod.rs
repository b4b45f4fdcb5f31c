//! The compiled gateway configuration, `gateway.json` in the bundle.
//!
//! One element, one file. Every type refuses unknown keys: a reader that is older than its bundle must say so instead of
//! serving something else. Changing what a key means, or taking one away, means raising [`FORMAT`]. A new key that is left out
//! where it says nothing does not: bundles without it stay what they were, and an older reader refuses those with it.

mod api;
mod block;
mod certificate;
mod condition;
mod cors;
mod endpoint;
mod policy;
mod resource;
mod security;

pub use api::{Api, ApiKind, ApiState, MutualTls, Transports};
pub use block::Block;
pub use certificate::{BackendCertificate, ClientCertificate};
pub use condition::{Condition, ConditionalLimit, Subject};
pub use cors::Cors;
pub use endpoint::{
    BackendProtocol, Balance, CircuitBreaker, CredentialPlace, Discovery, Endpoint, EndpointAuth, EndpointKind,
    Endpoints, HashKey, HealthCheck, PoolBounds, Retry, Target,
};
pub use policy::{Burst, CustomPolicy, Policies, Policy, PolicyRef, Quota};
pub use resource::{Method, Resource};
pub use security::{ApiKeyLocation, Impossible, Requirement, Scheme, ScopeMatch, Scopes, Security};

use serde::{Deserialize, Serialize};

/// The version of the configuration format that this crate writes and the only one it reads.
pub const FORMAT: u32 = 4;

/// Everything the gateway must know to serve a project, apart from the operator's runtime settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Format version, [`FORMAT`].
    pub format: u32,
    /// Name of the project that was compiled.
    pub project: String,
    /// The APIs, sorted by base path.
    pub apis: Vec<Api>,
    /// Throttling policies, referred to by index.
    pub policies: Policies,
    /// What identifies single backends, sorted by backend and alias.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backend_certificates: Vec<BackendCertificate>,
    /// Cross-origin rules of the gateway's own services (toolkit setting `corsConfiguration`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_cors: Option<Cors>,
    /// Answer unknown resources and methods with the JSON fault bodies (toolkit setting `codeGen.apiFaultResponses`).
    pub api_fault_responses: bool,
    /// Answer unknown base paths with the JSON fault body (toolkit setting `codeGen.globalFaultResponses`).
    pub global_fault_responses: bool,
}
