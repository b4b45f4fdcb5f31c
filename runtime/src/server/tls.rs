//! TLS towards clients.

use super::certificate::{CertificateError, CertificateOrigin};
use super::rotation::Rotation;
use super::sources::CertificateSources;
use crate::config::{RuntimeConfig, VerifyClient};
use crate::tls::protocol::{Settings, choose};
use crate::tls::{ClientTrust, ClientVerifier, ProtocolError};
use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::sync::{Arc, Mutex, PoisonError};

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
            Self::Protocol(_) | Self::Settings(_) | Self::NobodyTrusted => None,
        }
    }
}

/// TLS towards clients.
#[derive(Debug)]
pub(crate) struct ServerTls {
    /// What new connections are made with.
    pub(crate) config: Arc<ArcSwap<ServerConfig>>,
    pub(crate) origin: CertificateOrigin,
    parts: Parts,
    /// Whom handshakes believe now.
    trust: Mutex<Arc<ClientTrust>>,
}

/// What the TLS library is set up from, but for whom to believe.
#[derive(Debug)]
struct Parts {
    rotation: Rotation,
    provider: Arc<CryptoProvider>,
    versions: Vec<&'static SupportedProtocolVersion>,
    /// No certificate, no connection.
    mandatory: bool,
    http2: bool,
}

impl ServerTls {
    /// Sets TLS up with the certificates of `sources`, for clients of which `trust` believes those that show one.
    pub(crate) fn new(
        config: &RuntimeConfig,
        sources: CertificateSources,
        trust: ClientTrust,
    ) -> Result<Self, TlsError> {
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
        let (rotation, origin) = Rotation::start(sources, Arc::clone(&provider))?;
        let parts = Parts {
            rotation,
            provider,
            versions: choice.versions,
            mandatory: settings.verify_client == VerifyClient::Require,
            http2: config.listener.http2,
        };
        if parts.mandatory && trust.is_empty() {
            return Err(TlsError::NobodyTrusted);
        }
        let trust = Arc::new(trust);
        Ok(Self {
            config: Arc::new(ArcSwap::from_pointee(parts.config(&trust)?)),
            origin,
            parts,
            trust: Mutex::new(trust),
        })
    }

    /// Has new handshakes believe others. Sessions of before are not resumed: that would skip the check.
    pub(crate) fn believe(&self, trust: ClientTrust) -> Result<(), TlsError> {
        let mut current = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.is_same(&trust) {
            let trust = Arc::new(trust);
            self.config.store(Arc::new(self.parts.config(&trust)?));
            *current = trust;
        }
        Ok(())
    }

    /// Returns the certificates that clients are shown.
    pub(crate) fn rotation(&self) -> &Rotation {
        &self.parts.rotation
    }
}

impl Parts {
    fn config(&self, trust: &Arc<ClientTrust>) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&self.versions)
            .map_err(TlsError::Settings)?;
        // Where a certificate is mandatory and nobody is believed any more, nobody gets in.
        let builder = if trust.is_empty() && !self.mandatory {
            builder.with_no_client_auth()
        } else {
            builder.with_client_cert_verifier(Arc::new(ClientVerifier {
                trust: Arc::clone(trust),
                mandatory: self.mandatory,
            }))
        };
        let mut tls = builder.with_cert_resolver(self.rotation.served());
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        if self.http2 {
            tls.alpn_protocols.insert(0, b"h2".to_vec());
        }
        // Sessions are resumed from tickets, so that nothing is kept per client.
        tls.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(TlsError::Settings)?;
        Ok(tls)
    }
}
