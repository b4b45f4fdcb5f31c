//! The operator's configuration of the measured gateway: addresses and the trusted issuer, everything else as a default
//! installation has it.

use super::issuer::{ISSUER, Issuer};
use crate::failure::Failure;
use crate::process::free_address;
use std::net::SocketAddr;

/// Where the gateway listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listeners {
    pub http: SocketAddr,
    pub https: SocketAddr,
    pub token: SocketAddr,
    pub admin: SocketAddr,
}

impl Listeners {
    /// Addresses that are free now.
    pub(crate) fn free() -> Result<Self, Failure> {
        Ok(Self {
            http: free_address()?,
            https: free_address()?,
            token: free_address()?,
            admin: free_address()?,
        })
    }
}

/// What makes usage records be kept, and uploaded by nobody.
const USAGE: &str = "\n[analytics.fileUpload]\nenable = true\ntaskUploadFiles = false\n";

/// Returns `micro-gw.conf`; `usage`: usage records are kept.
pub(super) fn text(listeners: &Listeners, issuer: &Issuer, usage: bool) -> String {
    let certificate = issuer.certificate.display();
    let usage = if usage { USAGE } else { "" };
    format!(
        r#"[listenerConfig]
host = "{host}"
httpPort = {http}
httpsPort = {https}
tokenListenerPort = {token}

[b7a.observability.metrics.prometheus]
port = {admin}

[security]
validateSubscriptions = true

[[jwtTokenConfig]]
issuer = "{ISSUER}"
certificateFile = "{certificate}"
{usage}"#,
        host = listeners.http.ip(),
        http = listeners.http.port(),
        https = listeners.https.port(),
        token = listeners.token.port(),
        admin = listeners.admin.port(),
    )
}
