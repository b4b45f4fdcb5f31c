//! What the gateway trusts when it connects to `https` backends, and who it is to them.

use super::verify::{AnyCertificate, AnyName};
use crate::config::RuntimeConfig;
use crate::tls::protocol::{Settings, choose};
use crate::tls::{OpenStore, ProtocolError, StoreError};
use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why TLS towards backends could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file that cannot be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// A file that holds no usable PEM.
    #[error("{} holds no usable PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// A store that cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate that cannot be an authority.
    #[error("a certificate in {} cannot be trusted", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: rustls::Error,
    },
    /// Versions or cipher suites of which none is supported.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The TLS library refused its settings.
    #[error("TLS towards backends could not be set up")]
    Settings(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TrustError {
    /// Returns what the settings name that the error is about.
    pub(crate) fn named(&self) -> Option<String> {
        match self {
            Self::Read { path, .. } | Self::Pem { path, .. } | Self::Authority { path, .. } => {
                Some(path.display().to_string())
            }
            Self::Store(error) => Some(error.named()),
            Self::Protocol(_) | Self::Settings(_) => None,
        }
    }
}

/// The listener's stores, which serve backends too unless they have their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenerStores<'a> {
    pub(crate) keys: Option<&'a OpenStore>,
    pub(crate) trust: Option<&'a OpenStore>,
}

/// Builds the TLS settings for backends: trusts the authorities of the trust store, or else the platform's, and those of
/// the operator's file.
pub(crate) fn client_config(
    config: &RuntimeConfig,
    listener: ListenerStores<'_>,
) -> Result<Arc<ClientConfig>, TrustError> {
    let settings = &config.http_clients;
    let choice = choose(
        &settings.protocol_versions,
        &settings.ciphers,
        Settings {
            versions: "httpClients.sslConfig.protocolVersions",
            suites: "httpClients.sslConfig.ciphers",
        },
    )?;
    for warning in &choice.warnings {
        tracing::warn!("{warning}");
    }
    let provider = Arc::new(choice.provider);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&choice.versions)
        .map_err(|error| TrustError::Settings(error.into()))?;
    let own_trust = settings.trust_store.as_ref().map(OpenStore::open).transpose()?;
    let trust = own_trust.as_ref().or(listener.trust);
    let builder = match (settings.verify_certificates, settings.verify_hostname) {
        (true, true) => builder.with_root_certificates(roots(settings.ca_file.as_deref(), trust)?),
        (true, false) => {
            tracing::warn!("host names of backends are not verified (httpClients.sslConfig.verifyHostname)");
            let roots = Arc::new(roots(settings.ca_file.as_deref(), trust)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|error| TrustError::Settings(error.into()))?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyName(verifier)))
        }
        (false, _) => {
            tracing::warn!("certificates of backends are not verified (httpClients.disableSslVerification)");
            let verifier = AnyCertificate(provider.signature_verification_algorithms);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let own_keys = settings.key_store.as_ref().map(OpenStore::open).transpose()?;
    let mut config = match (&settings.certificate_file, &settings.private_key_file) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key_pem = read(key)?;
            let key = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|source| TrustError::Pem {
                path: key.clone(),
                source,
            })?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| TrustError::Settings(error.into()))?
        }
        _ => match own_keys.as_ref().or(listener.keys) {
            Some(store) => {
                let entry = store.first_key()?;
                builder
                    .with_client_auth_cert(entry.chain.clone(), entry.key.clone_key().into())
                    .map_err(|error| TrustError::Settings(error.into()))?
            }
            None => builder.with_no_client_auth(),
        },
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn roots(extra: Option<&Path>, store: Option<&OpenStore>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    match store {
        // A trust store says whom to trust, and nobody else.
        Some(store) => {
            let (_, skipped) = roots.add_parsable_certificates(store.certificates().cloned());
            if skipped > 0 {
                tracing::warn!(store = %store.path().display(), skipped, "certificates of the trust store cannot be used");
            }
        }
        None => {
            let platform = rustls_native_certs::load_native_certs();
            for error in &platform.errors {
                tracing::debug!(%error, "an authority of the platform could not be read");
            }
            roots.add_parsable_certificates(platform.certs);
        }
    }
    if let Some(path) = extra {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|source| TrustError::Authority {
                path: path.to_owned(),
                source,
            })?;
        }
    }
    if roots.is_empty() {
        // No reason to stop: plain backends need none.
        tracing::warn!("no certificate authority is trusted: https backends cannot be reached");
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let pem = read(path)?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|source| TrustError::Pem {
            path: path.to_owned(),
            source,
        })
}

fn read(path: &Path) -> Result<Vec<u8>, TrustError> {
    std::fs::read(path).map_err(|source| TrustError::Read {
        path: path.to_owned(),
        source,
    })
}
