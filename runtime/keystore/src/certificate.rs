//! What a certificate says of itself.

use super::{CertificateKey, SignatureHash, Validity};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a certificate says of itself. Nothing of it is checked here: no signature, no chain, no time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The subject, as `CN=partner, O=Example`.
    pub subject: String,
    /// Who signed it, in the same way.
    pub issuer: String,
    /// The serial number, in hex.
    pub serial: String,
    /// The key that it is about.
    pub key: CertificateKey,
    /// What the signature was made over.
    pub signature: SignatureHash,
    /// From when to when it is valid.
    pub validity: Validity,
    /// Whether it may sign others.
    pub is_authority: bool,
    /// Whether a client may show it: it says so, or does not say what it is for.
    pub serves_clients: bool,
    /// Whether a server may show it: it says so, or does not say what it is for.
    pub serves_servers: bool,
}

impl CertificateFacts {
    /// Reads a certificate, DER; `None` when it is none, or more than one.
    pub fn of(der: &[u8]) -> Option<Self> {
        let certificate = parse(der)?;
        // Several extensions of one kind make a certificate malformed.
        let usage = certificate.extended_key_usage().ok()?.map(|usage| usage.value);
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: certificate
                .raw_serial()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            key: CertificateKey::of(&certificate),
            signature: SignatureHash::of(&certificate),
            validity: Validity::read(&certificate),
            is_authority: certificate.is_ca(),
            serves_clients: usage.is_none_or(|usage| usage.any || usage.client_auth),
            serves_servers: usage.is_none_or(|usage| usage.any || usage.server_auth),
        })
    }
}

impl CertificateFacts {
    /// Whether its subject signed it: then the signature says nothing that whoever trusts it relies on.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// Parses exactly one certificate.
pub(super) fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}
