//! How backends' certificates are judged.

use crate::tls::{Pinned, Role, Signatures};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;

/// How much of a backend's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Chain and name.
    Full,
    /// The chain; operators ask for this by name.
    AnyName,
    /// Nothing but that the backend holds the key of the certificate; operators ask for this by name.
    AnyCertificate,
}

/// Judges backends' certificates.
#[derive(Debug)]
pub(super) struct BackendVerifier {
    pub(super) check: Check,
    /// The gateway's authorities, and those for this backend alone; each may be missing.
    pub(super) authorities: Vec<Arc<WebPkiServerVerifier>>,
    /// Certificates of this backend itself.
    pub(super) pinned: Pinned,
    pub(super) signatures: Signatures,
}

impl BackendVerifier {
    fn check_name(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
        match self.check {
            Check::Full => verify_server_name(&ParsedCertificate::try_from(leaf)?, name),
            Check::AnyName | Check::AnyCertificate => Ok(()),
        }
    }
}

impl ServerCertVerifier for BackendVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.check == Check::AnyCertificate {
            return Ok(ServerCertVerified::assertion());
        }
        if let Some(checked) = self.pinned.check(leaf, Role::Backend, now) {
            checked?;
            self.check_name(leaf, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        let mut failure = Error::from(CertificateError::UnknownIssuer);
        for authorities in &self.authorities {
            match authorities.verify_server_cert(leaf, intermediates, name, ocsp_response, now) {
                // The name is checked last, after the chain.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) if self.check == Check::AnyName => return Ok(ServerCertVerified::assertion()),
                Err(error) => failure = error,
                verified => return verified,
            }
        }
        Err(failure)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.verify_tls12(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.verify_tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}
