//! What the gateway trusts when it connects to `https` backends, and who it is to them.

use super::client_certificates::{ClientCertificates, Which};
use super::speaks::Speaks;
use super::verify::{BackendVerifier, Check};
use crate::config::{RuntimeConfig, StoreSettings};
use crate::tls::protocol::{Settings, choose};
use crate::tls::{OpenStore, ProtocolError, Signatures, StoreError};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
    /// A certificate and a key that cannot be used together.
    #[error("the key in {} cannot be used with its certificate", path.display())]
    Key {
        /// The file with the key.
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
            Self::Read { path, .. }
            | Self::Pem { path, .. }
            | Self::Authority { path, .. }
            | Self::Key { path, .. } => Some(path.display().to_string()),
            Self::Store(error) => Some(error.named()),
            Self::Protocol(_) | Self::Settings(_) => None,
        }
    }
}

/// TLS towards backends: which settings each backend's connections are made with.
#[derive(Debug)]
pub(crate) struct BackendTls {
    material: Material,
    /// By what is trusted beside the gateway's authorities, by the HTTP versions that are offered, and by who the gateway is.
    configs: HashMap<(Vec<CertificateDer<'static>>, Speaks, Which), Arc<ClientConfig>>,
}

/// What connections to all backends have in common.
#[derive(Debug)]
struct Material {
    provider: Arc<CryptoProvider>,
    versions: Vec<&'static SupportedProtocolVersion>,
    check: Check,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// What backends see that ask for a certificate.
    shown: ClientCertificates,
}

impl BackendTls {
    /// Reads the files: trusts the authorities of the trust store, or else the platform's, and those of the operator's
    /// file.
    pub(crate) fn new(config: &RuntimeConfig) -> Result<Self, TrustError> {
        Ok(Self {
            material: Material::read(config)?,
            configs: HashMap::new(),
        })
    }

    /// Forgets the settings that no backend's connections are made with.
    pub(super) fn forget_unused(&mut self) {
        self.configs.retain(|_, config| Arc::strong_count(config) > 1);
    }

    /// Returns the files that [`Self::new`] reads.
    pub(super) fn files(config: &RuntimeConfig) -> Vec<PathBuf> {
        let trust = trust_store(config).map(|store| &store.path);
        let authorities = trust.into_iter().chain(&config.http_clients.ca_file).cloned();
        authorities.chain(ClientCertificates::files(config)).collect()
    }

    /// Returns the settings for a backend, known as `host` and `port`, that is also believed by `own` certificates: its own, or
    /// of the authorities that sign them. Backends with the same certificates, who see the same one, share one; sessions are
    /// never resumed under other trust or as somebody else.
    pub(super) fn config(
        &mut self,
        (host, port): (&str, u16),
        own: &[CertificateDer<'static>],
        speaks: Speaks,
    ) -> Result<Arc<ClientConfig>, TrustError> {
        let which = self.material.shown.of(host, port);
        match self.configs.entry((own.to_vec(), speaks, which)) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(place) => {
                let config = Arc::new(self.material.config(own, speaks, which)?);
                Ok(Arc::clone(place.insert(config)))
            }
        }
    }
}

#[cfg(test)]
impl BackendTls {
    pub(super) fn len(&self) -> usize {
        self.configs.len()
    }
}

/// The store of authorities for backends: theirs, else the listener's.
fn trust_store(config: &RuntimeConfig) -> Option<&StoreSettings> {
    let own = config.http_clients.trust_store.as_ref();
    own.or(config.listener.trust_store.as_ref())
}

impl Material {
    fn read(config: &RuntimeConfig) -> Result<Self, TrustError> {
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
        let check = match (settings.verify_certificates, settings.verify_hostname) {
            (true, true) => Check::Full,
            (true, false) => {
                tracing::warn!("host names of backends are not verified (httpClients.sslConfig.verifyHostname)");
                Check::AnyName
            }
            (false, _) => {
                tracing::warn!("certificates of backends are not verified (httpClients.disableSslVerification)");
                Check::AnyCertificate
            }
        };
        let trust = trust_store(config).map(OpenStore::open).transpose()?;
        let authorities = match check {
            Check::AnyCertificate => None,
            _ => verifier(roots(settings.ca_file.as_deref(), trust.as_ref())?, &provider)?,
        };
        Ok(Self {
            versions: choice.versions,
            check,
            authorities,
            shown: ClientCertificates::read(config, &provider)?,
            provider,
        })
    }

    fn config(
        &self,
        own: &[CertificateDer<'static>],
        speaks: Speaks,
        which: Which,
    ) -> Result<ClientConfig, TrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(own.iter().filter(|own| mgw_keystore::is_authority(own)).cloned());
        let own_authorities = verifier(roots, &self.provider)?;
        let verifier = BackendVerifier {
            check: self.check,
            authorities: self.authorities.iter().cloned().chain(own_authorities).collect(),
            pinned: own.iter().collect(),
            signatures: Signatures::of(&self.provider),
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&self.versions)
            .map_err(|error| TrustError::Settings(error.into()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.shown.get(which) {
            Some(certificate) => {
                let resolver = SingleCertAndKey::from(Arc::clone(certificate));
                builder.with_client_cert_resolver(Arc::new(resolver))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = speaks.alpn();
        Ok(config)
    }
}

/// Judges chains by authorities; none when there is no authority.
fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<WebPkiServerVerifier>>, TrustError> {
    if roots.is_empty() {
        return Ok(None);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(Some)
        .map_err(|error| TrustError::Settings(error.into()))
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

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let pem = read(path)?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|source| TrustError::Pem {
            path: path.to_owned(),
            source,
        })
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, TrustError> {
    std::fs::read(path).map_err(|source| TrustError::Read {
        path: path.to_owned(),
        source,
    })
}
