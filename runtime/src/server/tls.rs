//! TLS towards clients.

use super::certificate::{self, CertificateError, CertificateOrigin};
use crate::config::{RuntimeConfig, VerifyClient};
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;

/// Why the TLS listener cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No usable certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Versions or cipher suites of which none is supported.
    #[error("{setting} names nothing that is supported")]
    Nothing {
        /// The setting.
        setting: &'static str,
    },
    /// The TLS library refused the settings.
    #[error("TLS towards clients cannot be set up")]
    Settings(#[source] rustls::Error),
    /// Authorities for client certificates that cannot be used.
    #[error("authorities for client certificates cannot be used")]
    ClientAuthorities(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// TLS towards clients.
#[derive(Debug)]
pub(crate) struct ServerTls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) origin: CertificateOrigin,
}

/// Sets TLS up; makes a self-signed certificate in `data_dir` when the operator gave none.
pub(crate) fn server_tls(config: &RuntimeConfig, data_dir: &Path) -> Result<ServerTls, TlsError> {
    let listener = &config.listener;
    let identity = match (&listener.certificate_file, &listener.private_key_file) {
        (Some(certificate), Some(key)) => certificate::from_files(certificate, key)?,
        _ => certificate::self_signed(data_dir)?,
    };
    let provider = Arc::new(provider(&config.mutual_tls.ciphers)?);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(&config.mutual_tls.protocol_versions)?)
        .map_err(TlsError::Settings)?;
    let builder = match &config.mutual_tls.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let unusable = |source: Box<dyn std::error::Error + Send + Sync>| TlsError::ClientAuthorities(source);
            let pem = std::fs::read(path).map_err(|source| CertificateError::Read {
                path: path.clone(),
                source,
            })?;
            let mut roots = RootCertStore::empty();
            for authority in CertificateDer::pem_slice_iter(&pem) {
                let authority = authority.map_err(|error| unusable(error.into()))?;
                roots.add(authority).map_err(|error| unusable(error.into()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match config.mutual_tls.verify_client {
                VerifyClient::Optional => verifier.allow_unauthenticated(),
                VerifyClient::Require => verifier,
            };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| unusable(error.into()))?)
        }
    };
    let mut tls = builder
        .with_single_cert(identity.chain, identity.key)
        .map_err(CertificateError::Tls)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    if listener.http2 {
        tls.alpn_protocols.insert(0, b"h2".to_vec());
    }
    // Sessions are resumed from tickets, so that nothing is kept per client.
    tls.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(TlsError::Settings)?;
    Ok(ServerTls {
        config: Arc::new(tls),
        origin: identity.origin,
    })
}

fn versions(names: &[String]) -> Result<Vec<&'static SupportedProtocolVersion>, TlsError> {
    let versions: Vec<_> = rustls::ALL_VERSIONS
        .iter()
        .copied()
        .filter(|version| {
            let name = match version.version {
                rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3",
                _ => "TLSv1.2",
            };
            names.is_empty() || names.iter().any(|wanted| wanted.trim() == name)
        })
        .collect();
    if versions.is_empty() {
        return Err(TlsError::Nothing {
            setting: "mutualSSLConfig.protocolVersions",
        });
    }
    Ok(versions)
}

fn provider(ciphers: &[String]) -> Result<CryptoProvider, TlsError> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if !ciphers.is_empty() {
        provider.cipher_suites.retain(|suite| {
            // IANA's names of TLS 1.3 suites begin with TLS_, the library's with TLS13_.
            let name = format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
            ciphers.iter().any(|wanted| wanted.trim() == name)
        });
        if provider.cipher_suites.is_empty() {
            return Err(TlsError::Nothing {
                setting: "mutualSSLConfig.ciphers",
            });
        }
    }
    Ok(provider)
}
