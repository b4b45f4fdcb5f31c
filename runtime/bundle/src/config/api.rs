//! One API: its identity, where it listens, what it asks of callers and where it sends them.

use super::{ClientCertificate, Cors, Endpoints, PolicyRef, Requirement, Resource};
use crate::api_id;
use serde::{Deserialize, Serialize};

/// An API as the gateway serves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// `api_` and the lower-case hex SHA-256 of `name:version`.
    pub id: String,
    /// `info.title` of the definition.
    pub name: String,
    /// `info.version` of the definition.
    pub version: String,
    /// What its clients speak.
    #[serde(default, skip_serializing_if = "ApiKind::is_default")]
    pub kind: ApiKind,
    /// The path prefix, starting with `/`, without a trailing `/` (except for `/` itself).
    pub base_path: String,
    /// A second prefix for the control plane's default version: the base path without its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_version_path: Option<String>,
    /// Publisher of the API (`x-wso2-owner`), for analytics and the backend JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Life-cycle state in the control plane; [`ApiState::Published`] for hand-written definitions.
    pub state: ApiState,
    /// The listeners that offer this API.
    pub transports: Transports,
    /// Name of the header with the caller's credentials; the runtime's setting when absent. Lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_header: Option<String>,
    /// What the API asks of callers where an operation does not say otherwise. Resources have their own resolved; this is
    /// for challenges in the manner of micro-gw, which names the API's schemes. Empty in bundles of older builds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Requirement>,
    /// Client certificates, not evaluated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_tls: Option<MutualTls>,
    /// Client certificates that are accepted beside those of the runtime's settings, sorted by alias.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_certificates: Vec<ClientCertificate>,
    /// Cross-origin rules; no CORS handling when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Limit over all resources of the API together. When present, resources carry no policy of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// Backends of every resource that has none of its own.
    pub endpoints: Endpoints,
    /// The operations, sorted by template, then method.
    pub resources: Vec<Resource>,
    /// Name of the bundle entry with the normalised definition.
    pub definition: String,
    /// The definition file in the project, relative, for messages. Never a path of the build machine.
    pub source: String,
}

impl Api {
    /// A published API over both transports, without operations, backends, limits or anything else that can be absent: whoever
    /// makes one sets what is different about it.
    pub fn plain(name: &str, version: &str, base_path: &str) -> Self {
        Self {
            id: api_id(name, version),
            name: name.to_owned(),
            version: version.to_owned(),
            kind: ApiKind::default(),
            base_path: base_path.to_owned(),
            default_version_path: None,
            provider: None,
            state: ApiState::Published,
            transports: Transports {
                http: true,
                https: true,
            },
            auth_header: None,
            alternatives: Vec::new(),
            mutual_tls: None,
            client_certificates: Vec::new(),
            cors: None,
            policy: None,
            endpoints: Endpoints::default(),
            resources: Vec::new(),
            definition: String::new(),
            source: String::new(),
        }
    }
}

/// What the clients of an API speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiKind {
    /// HTTP, described by OpenAPI.
    #[default]
    Http,
    /// gRPC, described by a `.proto` file: its base path is `/package.Service` and stays in the path that backends see.
    Grpc,
}

impl ApiKind {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Life-cycle state of an API in the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiState {
    /// Open to subscribers.
    Published,
    /// Served without subscriptions.
    Prototyped,
    /// Served to existing subscribers.
    Deprecated,
    /// Every call is refused with 900907.
    Blocked,
}

/// The listeners that offer an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transports {
    /// The plain listener.
    pub http: bool,
    /// The TLS listener.
    pub https: bool,
}

/// Whether a client certificate is needed (`x-wso2-mutual-ssl`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutualTls {
    /// No certificate, no service.
    Mandatory,
    /// A presented certificate must be valid; its absence is accepted.
    Optional,
}
