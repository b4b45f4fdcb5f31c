//! Certificates that are believed by themselves, without an authority.

use mgw_keystore::CertificateFacts;
use rustls::{CertificateError, Error};
use rustls_pki_types::{CertificateDer, UnixTime};
use std::collections::BTreeSet;

/// What a certificate is shown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// By a client.
    Client,
    /// By a backend.
    Backend,
}

/// Certificates that somebody named themselves. They are compared byte by byte and sign no others: OpenSSL's
/// self-signed certificates say of themselves that they could.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pinned(BTreeSet<Vec<u8>>);

impl Pinned {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        self.0.contains(certificate.as_ref())
    }

    /// Adds those of another.
    pub(crate) fn extend(&mut self, more: &Self) {
        self.0.extend(more.0.iter().cloned());
    }

    /// Returns whether a named certificate may be used now; `None` for one that was not named.
    pub(crate) fn check(&self, leaf: &CertificateDer<'_>, role: Role, now: UnixTime) -> Option<Result<(), Error>> {
        self.contains(leaf).then(|| check(leaf, role, now))
    }
}

impl<'a> FromIterator<&'a CertificateDer<'static>> for Pinned {
    fn from_iter<T: IntoIterator<Item = &'a CertificateDer<'static>>>(certificates: T) -> Self {
        Self(
            certificates
                .into_iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
        )
    }
}

fn check(leaf: &CertificateDer<'_>, role: Role, now: UnixTime) -> Result<(), Error> {
    let facts = CertificateFacts::of(leaf).ok_or(CertificateError::BadEncoding)?;
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if seconds < facts.validity.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if !facts.validity.holds_at(seconds) {
        return Err(CertificateError::Expired.into());
    }
    let serves = match role {
        Role::Client => facts.serves_clients,
        Role::Backend => facts.serves_servers,
    };
    if serves {
        Ok(())
    } else {
        Err(CertificateError::InvalidPurpose.into())
    }
}
