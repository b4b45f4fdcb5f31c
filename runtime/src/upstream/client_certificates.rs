//! Who the gateway is to backends that ask for a certificate.

use super::host_pattern::HostPattern;
use super::tls::{TrustError, certificates, read};
use crate::config::{CertificateSource, RuntimeConfig};
use crate::tls::OpenStore;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::path::PathBuf;
use std::sync::Arc;

/// The certificates that backends are shown.
#[derive(Debug)]
pub(super) struct ClientCertificates {
    general: Option<Arc<CertifiedKey>>,
    /// For some backends alone.
    own: Vec<(Vec<HostPattern>, Arc<CertifiedKey>)>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Which {
    General,
    /// By its position.
    Own(usize),
}

impl ClientCertificates {
    /// Reads the files.
    pub(super) fn read(config: &RuntimeConfig, provider: &CryptoProvider) -> Result<Self, TrustError> {
        let general = general(config).map(|source| certified(&source, provider));
        let own = config.http_clients.client_certificates.iter();
        let own = own.map(|own| Ok((own.hosts.clone(), certified(&own.source, provider)?)));
        Ok(Self {
            general: general.transpose()?,
            own: own.collect::<Result<_, TrustError>>()?,
        })
    }

    /// Returns the files that [`Self::read`] reads.
    pub(super) fn files(config: &RuntimeConfig) -> Vec<PathBuf> {
        let own = config.http_clients.client_certificates.iter();
        let sources = general(config).into_iter().chain(own.map(|own| own.source.clone()));
        let files = sources.flat_map(|source| match source {
            CertificateSource::Files { certificate, key } => vec![certificate, key],
            CertificateSource::Store(store) => vec![store.path],
        });
        files.collect()
    }

    /// Returns which one a backend is shown: the first that the operator means for it.
    pub(super) fn of(&self, host: &str, port: u16) -> Which {
        let mut own = self.own.iter();
        let first = own.position(|(hosts, _)| hosts.iter().any(|pattern| pattern.is(host, port)));
        first.map_or(Which::General, Which::Own)
    }

    /// Returns the certificate with its key; `None`: the gateway shows none.
    pub(super) fn get(&self, which: Which) -> Option<&Arc<CertifiedKey>> {
        match which {
            Which::General => self.general.as_ref(),
            Which::Own(position) => self.own.get(position).map(|(_, own)| own),
        }
    }
}

/// Where the certificate is that is shown to backends without one of their own: theirs, else the listener's.
fn general(config: &RuntimeConfig) -> Option<CertificateSource> {
    let settings = &config.http_clients;
    if let (Some(certificate), Some(key)) = (&settings.certificate_file, &settings.private_key_file) {
        return Some(CertificateSource::Files {
            certificate: certificate.clone(),
            key: key.clone(),
        });
    }
    let store = settings.key_store.as_ref();
    let store = store.or_else(|| config.listener.used_key_store());
    store.cloned().map(CertificateSource::Store)
}

/// Reads a certificate with its key; of a store the first.
fn certified(source: &CertificateSource, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TrustError> {
    let (path, chain, key) = match source {
        CertificateSource::Files { certificate, key } => {
            let chain = certificates(certificate)?;
            let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|source| TrustError::Pem {
                path: key.clone(),
                source,
            })?;
            (key, chain, private)
        }
        CertificateSource::Store(store) => {
            let opened = OpenStore::open(store)?;
            let entry = opened.first_key()?;
            (&store.path, entry.chain.clone(), entry.key.clone_key().into())
        }
    };
    CertifiedKey::from_der(chain, key, provider)
        .map(Arc::new)
        .map_err(|source| TrustError::Key {
            path: path.clone(),
            source,
        })
}
