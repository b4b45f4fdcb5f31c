//! TLS towards clients.

use super::certificate::{CertificateError, CertificateOrigin};
use super::rotation::Rotation;
use super::sources::CertificateSources;
use crate::config::{RuntimeConfig, VerifyClient};
use crate::tls::protocol::{Settings, choose};
use crate::tls::{ClientTrust, ClientTrustError, ClientVerifier, ProtocolError};
use rustls::ServerConfig;
use std::path::Path;
use std::sync::Arc;

/// Why the TLS listener cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No usable certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Versions or cipher suites of which none is supported.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The TLS library refused the settings.
    #[error("TLS towards clients cannot be set up")]
    Settings(#[source] rustls::Error),
    /// Authorities for client certificates that cannot be used.
    #[error(transparent)]
    ClientTrust(#[from] ClientTrustError),
    /// Every client has to show a certificate and none would be believed.
    #[error(
        "`mutualSSLConfig.sslVerifyClient` requires client certificates and nothing says which; set \
         `mutualSSLConfig.clientCaFile`, `listenerConfig.trustStorePath` or `mutualSSLConfig.api.certificates`"
    )]
    NobodyTrusted,
}

impl TlsError {
    /// Returns what the settings name that the error is about.
    pub(crate) fn named(&self) -> Option<String> {
        match self {
            Self::Certificate(error) => error.named(),
            Self::Protocol(_) | Self::Settings(_) | Self::ClientTrust(_) | Self::NobodyTrusted => None,
        }
    }
}

/// TLS towards clients.
#[derive(Debug)]
pub(crate) struct ServerTls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) origin: CertificateOrigin,
    pub(crate) rotation: Rotation,
}

/// Sets TLS up; makes a self-signed certificate in `data_dir` when the operator gave none.
pub(crate) fn server_tls(
    config: &RuntimeConfig,
    data_dir: &Path,
    trust: &Arc<ClientTrust>,
) -> Result<ServerTls, TlsError> {
    let settings = &config.mutual_tls;
    let choice = choose(
        &settings.protocol_versions,
        &settings.ciphers,
        Settings {
            versions: "mutualSSLConfig.protocolVersions",
            suites: "mutualSSLConfig.ciphers",
        },
    )?;
    for warning in &choice.warnings {
        tracing::warn!("{warning}");
    }
    let provider = Arc::new(choice.provider);
    let (rotation, origin) = Rotation::start(
        CertificateSources::of(&config.listener, data_dir),
        Arc::clone(&provider),
    )?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&choice.versions)
        .map_err(TlsError::Settings)?;
    let mandatory = settings.verify_client == VerifyClient::Require;
    let builder = match trust.is_empty() {
        true if mandatory => return Err(TlsError::NobodyTrusted),
        true => builder.with_no_client_auth(),
        false => builder.with_client_cert_verifier(Arc::new(ClientVerifier {
            trust: Arc::clone(trust),
            mandatory,
        })),
    };
    let mut tls = builder.with_cert_resolver(rotation.served());
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    if config.listener.http2 {
        tls.alpn_protocols.insert(0, b"h2".to_vec());
    }
    // Sessions are resumed from tickets, so that nothing is kept per client.
    tls.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(TlsError::Settings)?;
    Ok(ServerTls {
        config: Arc::new(tls),
        origin,
        rotation,
    })
}
