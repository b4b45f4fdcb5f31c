//! What stores hold.

use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::fmt;

/// A private key with its certificates.
pub struct KeyEntry {
    /// The friendly name.
    pub alias: Option<String>,
    /// The key, PKCS#8.
    pub key: PrivatePkcs8KeyDer<'static>,
    /// The key's certificate, then its issuers as far as the store has them, without the self-signed root.
    pub chain: Vec<CertificateDer<'static>>,
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEntry")
            .field("alias", &self.alias)
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    /// The friendly name.
    pub alias: Option<String>,
    /// The certificate.
    pub der: CertificateDer<'static>,
}
