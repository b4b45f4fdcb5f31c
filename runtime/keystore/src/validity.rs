//! From when to when a certificate is valid.

use super::certificate::parse;
use x509_parser::prelude::X509Certificate;

/// From when to when a certificate is valid, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: i64,
    /// Last second.
    pub not_after: i64,
}

impl Validity {
    /// Reads it from a certificate, DER; `None` when it is no certificate.
    pub fn of(der: &[u8]) -> Option<Self> {
        parse(der).map(|certificate| Self::read(&certificate))
    }

    pub(super) fn read(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self {
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        }
    }

    /// Returns whether a certificate is valid at a time.
    pub fn holds_at(&self, unix_seconds: i64) -> bool {
        self.not_before <= unix_seconds && unix_seconds <= self.not_after
    }
}
