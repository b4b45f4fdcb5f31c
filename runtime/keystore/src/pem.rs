//! Certificates as files hold them: PEM text or bare DER.

use super::certificate::parse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Most certificates of one file: a certificate and its issuers.
const MAX_CERTIFICATES: usize = 10;

/// Why bytes are no certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Neither PEM nor DER, or damaged.
    #[error("it holds no X.509 certificate, neither PEM nor DER")]
    NotACertificate,
    /// A certificate with more certificates than a chain has.
    #[error("it holds more than {MAX_CERTIFICATES} certificates")]
    TooMany,
}

/// Reads certificates from PEM text, which may hold several, or from DER; at least one.
///
/// # Errors
///
/// See [`CertificateError`]. One bad certificate makes all of them bad.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let certificates: Vec<CertificateDer<'static>> = if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        let found = CertificateDer::pem_slice_iter(bytes).take(MAX_CERTIFICATES + 1);
        found
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::NotACertificate)?
    } else {
        vec![bytes.to_vec().into()]
    };
    if certificates.len() > MAX_CERTIFICATES {
        return Err(CertificateError::TooMany);
    }
    if certificates.is_empty() || certificates.iter().any(|certificate| parse(certificate).is_none()) {
        return Err(CertificateError::NotACertificate);
    }
    Ok(certificates)
}

/// Writes DER as PEM.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_is_read_back() {
        for length in [0, 1, 47, 48, 49, 500] {
            let der: Vec<u8> = (0..length).map(|byte| u8::try_from(byte % 251).unwrap_or(0)).collect();
            let text = to_pem("CERTIFICATE", &der);
            assert!(text.lines().all(|line| line.len() <= 64));
            let read = CertificateDer::from_pem_slice(text.as_bytes()).expect("it is PEM");
            assert_eq!(read.as_ref(), der);
        }
    }
}
