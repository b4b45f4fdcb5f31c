//! Certificates that came with the project.

use serde::{Deserialize, Serialize};

/// A client certificate that an API accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// Its name in the control plane.
    pub alias: String,
    /// The subscription policy that it was uploaded with; told, not enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Name of the bundle entry with the certificate, PEM.
    pub entry: String,
}

/// A certificate that is trusted of one backend, beside the gateway's authorities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendCertificate {
    /// Its name in the control plane.
    pub alias: String,
    /// The backend: `https://HOST:PORT`, lower case, always with the port.
    pub backend: String,
    /// Name of the bundle entry with the certificates, PEM.
    pub entry: String,
}
