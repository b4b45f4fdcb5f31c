//! Whether a certificate may sign others.

/// Returns whether a certificate, DER, says of itself that it may sign others.
pub fn is_authority(der: &[u8]) -> bool {
    super::certificate::parse(der).is_some_and(|certificate| certificate.is_ca())
}
