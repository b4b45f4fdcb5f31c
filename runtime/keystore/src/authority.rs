//! Whether a certificate may sign others.

/// Returns whether a certificate, DER, says of itself that it may sign others.
pub fn is_authority(der: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(der).is_ok_and(|(_, certificate)| certificate.is_ca())
}
