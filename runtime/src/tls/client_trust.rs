//! Whom to believe that a certificate is a client's.
//!
//! A certificate is believed when its chain leads to an authority the operator named, or when the operator named the very
//! certificate; either way only while it is valid. Which API accepts it is another question.

use super::pinned::{Pinned, Role};
use super::signatures::Signatures;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};
use std::sync::Arc;

/// Most names of authorities that a handshake offers to clients; without any, clients choose by themselves.
const MAX_HINTS: usize = 32;

/// Why client certificates cannot be judged.
#[derive(Debug, thiserror::Error)]
#[error("authorities for client certificates cannot be used")]
pub struct ClientTrustError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Whom to believe.
#[derive(Debug)]
pub(crate) struct ClientTrust {
    authorities: Option<Arc<dyn ClientCertVerifier>>,
    pinned: Pinned,
    signatures: Signatures,
}

impl ClientTrust {
    /// Takes authorities and single certificates. Those among the authorities that are none are skipped: trust stores
    /// hold clients' own certificates too, and these should be among `pinned`.
    pub(crate) fn new<'a>(
        authorities: impl IntoIterator<Item = &'a CertificateDer<'static>>,
        pinned: impl IntoIterator<Item = &'a CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, ClientTrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities.into_iter().cloned());
        let signatures = Signatures::of(&provider);
        let authorities = if roots.is_empty() {
            None
        } else {
            let many = roots.len() > MAX_HINTS;
            let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let builder = if many {
                builder.clear_root_hint_subjects()
            } else {
                builder
            };
            let verifier = builder.build().map_err(|error| ClientTrustError(error.into()))?;
            Some(verifier)
        };
        Ok(Self {
            authorities,
            pinned: pinned.into_iter().collect(),
            signatures,
        })
    }

    /// Returns one that also believes further certificates by themselves.
    pub(crate) fn with<'a>(&self, pinned: impl IntoIterator<Item = &'a Pinned>) -> Self {
        let mut all = self.pinned.clone();
        pinned.into_iter().for_each(|more| all.extend(more));
        Self {
            authorities: self.authorities.clone(),
            pinned: all,
            signatures: self.signatures,
        }
    }

    /// Returns whether the same are believed.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same_authorities = match (&self.authorities, &other.authorities) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        };
        same_authorities && self.pinned == other.pinned
    }

    /// Returns whether nobody is believed.
    pub(crate) fn is_empty(&self) -> bool {
        self.authorities.is_none() && self.pinned.is_empty()
    }

    /// Checks a certificate, not possession of its key.
    pub(crate) fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if let Some(checked) = self.pinned.check(leaf, Role::Client, now) {
            return checked;
        }
        match &self.authorities {
            Some(authorities) => authorities.verify_client_cert(leaf, intermediates, now).map(|_| ()),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }
}

/// Asks clients for certificates in the handshake.
#[derive(Debug)]
pub(crate) struct ClientVerifier {
    pub(crate) trust: Arc<ClientTrust>,
    /// No certificate, no connection.
    pub(crate) mandatory: bool,
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Clients that are known by their own certificate would be told not to show it.
        let only_authorities = self.trust.pinned.is_empty();
        let authorities = self.trust.authorities.as_ref().filter(|_| only_authorities);
        authorities.map_or(&[], |authorities| authorities.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.trust.verify(leaf, intermediates, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.signatures.verify_tls12(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.signatures.verify_tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.signatures.schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use std::time::Duration;

    fn trust(authorities: &[CertificateDer<'static>], pinned: &[CertificateDer<'static>]) -> ClientTrust {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        ClientTrust::new(authorities, pinned, provider).expect("usable authorities")
    }

    fn at(year: i32) -> UnixTime {
        let years = u64::try_from(year - 1970).unwrap_or(0);
        UnixTime::since_unix_epoch(Duration::from_secs(years * 31_556_952))
    }

    #[test]
    fn authorities_and_named_certificates_are_believed_while_valid() {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = parameters.self_signed(&key).expect("a certificate").der().clone();
        let issuer = Issuer::new(parameters, key);
        let mut leaf = CertificateParams::new(vec!["client".into()]).expect("parameters");
        leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let leaf_key = KeyPair::generate().expect("a key");
        let signed = leaf.signed_by(&leaf_key, &issuer).expect("a certificate").der().clone();
        // OpenSSL's self-signed certificates say that they are authorities, which no chain may end with.
        leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let alone = leaf.self_signed(&leaf_key).expect("a certificate").der().clone();

        let none = trust(&[], &[]);
        let by_authority = trust(std::slice::from_ref(&authority), &[]);
        let by_name = trust(&[], &[alone.clone(), signed.clone()]);
        assert!(none.is_empty() && !by_authority.is_empty() && !by_name.is_empty());
        for (trust, certificate, year, believed) in [
            (&none, &signed, 2025, false),
            (&by_authority, &signed, 2025, true),
            (&by_authority, &signed, 2031, false),
            (&by_authority, &signed, 2019, false),
            (&by_authority, &alone, 2025, false),
            (&by_name, &alone, 2025, true),
            (&by_name, &alone, 2031, false),
            (&by_name, &alone, 2019, false),
            (&by_name, &signed, 2025, true),
            (&by_name, &authority, 2025, false),
        ] {
            assert_eq!(trust.verify(certificate, &[], at(year)).is_ok(), believed, "{year}");
        }
        assert!(
            by_name
                .verify(&b"no certificate".to_vec().into(), &[], at(2025))
                .is_err()
        );
    }
}
