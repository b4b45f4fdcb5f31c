//! The certificates that came with the bundle.

use aws_lc_rs::digest::{Context, SHA256};
use mgw_bundle::Bundle;
use mgw_keystore::read_certificates;
use rustls_pki_types::CertificateDer;
use std::collections::HashMap;
use std::sync::Arc;

/// A certificate of a bundle that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateProblem {
    /// The bundle entry.
    pub entry: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The certificates that came with the bundle.
#[derive(Debug, Default)]
pub(super) struct BundleCertificates {
    /// What each API accepts of clients, in the order of the APIs.
    pub(super) clients: Vec<Vec<CertificateDer<'static>>>,
    /// What is trusted of single backends.
    pub(super) backends: Arc<BackendCertificates>,
}

/// What is trusted of single backends, by `https://HOST:PORT`.
#[derive(Debug, Default)]
pub(super) struct BackendCertificates(HashMap<String, Vec<CertificateDer<'static>>>);

impl BundleCertificates {
    /// Reads them all; one that is missing or unreadable makes the bundle unusable.
    pub(super) fn read(bundle: &Bundle) -> Result<Self, CertificateProblem> {
        let of = |entry: &str| {
            let problem = |reason: String| CertificateProblem {
                entry: entry.to_owned(),
                reason,
            };
            let bytes = bundle
                .entries
                .get(entry)
                .ok_or_else(|| problem("it is missing".into()))?;
            read_certificates(bytes).map_err(|error| problem(error.to_string()))
        };
        let mut found = Self::default();
        for api in &bundle.config.apis {
            let mut accepted = Vec::new();
            for certificate in &api.client_certificates {
                // A client's own; its issuers would admit themselves.
                accepted.extend(of(&certificate.entry)?.into_iter().next());
            }
            found.clients.push(accepted);
        }
        let mut backends = HashMap::<_, Vec<_>>::new();
        for certificate in &bundle.config.backend_certificates {
            let own = backends.entry(certificate.backend.clone()).or_default();
            own.extend(of(&certificate.entry)?);
        }
        found.backends = Arc::new(BackendCertificates(backends));
        Ok(found)
    }
}

impl BackendCertificates {
    /// Returns what tells these certificates from others.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(backend, _)| *backend);
        let mut context = Context::new(&SHA256);
        for (backend, certificates) in all {
            let parts = certificates.iter().map(|certificate| certificate.as_ref());
            for part in std::iter::once(backend.as_bytes()).chain(parts) {
                context.update(&(part.len() as u64).to_le_bytes());
                context.update(part);
            }
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }

    /// Returns what is trusted of the backend of a URL, beside the gateway's authorities.
    pub(super) fn of(&self, url: &url::Url) -> &[CertificateDer<'static>] {
        if self.0.is_empty() || !matches!(url.scheme(), "https" | "wss") {
            return &[];
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return &[];
        };
        self.0.get(&format!("https://{host}:{port}")).map_or(&[], Vec::as_slice)
    }
}
