//! The client certificates that each API accepts.
//!
//! A certificate of the right authority that an API does not list is refused.

use crate::config::CertificateAliases;
use crate::tls::{ClientTrust, NamePattern, Pinned, Role};
use mgw_bundle::config::Api;
use mgw_keystore::{CertificateNames, Validity};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::path::Path;

/// Most certificates of one file.
const MAX_CERTIFICATES: usize = 1000;

/// Accepted certificates by API.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    entries: Vec<Accepted>,
}

#[derive(Debug)]
struct Accepted {
    name: String,
    version: String,
    /// Whether only listed certificates are accepted, even when none of the list is there.
    is_list: bool,
    certificates: Vec<CertificateDer<'static>>,
    /// Names of which a certificate needs one; none: any.
    names: Vec<NamePattern>,
}

impl Accepted {
    /// An entry that says nothing admits nobody.
    fn admits(&self, leaf: &CertificateDer<'_>) -> bool {
        let says_something = self.is_list || !self.names.is_empty();
        says_something && (!self.is_list || self.certificates.contains(leaf)) && has_name(leaf, &self.names)
    }
}

impl Certificates {
    /// Adds an entry of the configuration with the certificates of its aliases and the PEM files it names, read already.
    pub(super) fn add(
        &mut self,
        entry: &CertificateAliases,
        mut certificates: Vec<CertificateDer<'static>>,
        pems: &[Vec<u8>],
    ) -> Result<(), &'static str> {
        for pem in pems {
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(MAX_CERTIFICATES).collect();
            match found {
                Ok(found) if !found.is_empty() => certificates.extend(found),
                _ => return Err("it holds no PEM certificate"),
            }
        }
        self.entries.push(Accepted {
            name: entry.name.to_lowercase(),
            version: entry.version.to_lowercase(),
            is_list: !entry.aliases.is_empty() || !entry.files.is_empty(),
            certificates,
            names: entry.names.clone(),
        });
        Ok(())
    }

    /// Returns every certificate that some API accepts.
    pub(super) fn all(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.entries.iter().flat_map(|entry| &entry.certificates)
    }

    /// Returns whether an API accepts a certificate. No entry for the API: none is accepted.
    fn lists(&self, api: &str, version: &str, leaf: &CertificateDer<'_>) -> bool {
        let (api, version) = (api.to_lowercase(), version.to_lowercase());
        self.entries
            .iter()
            .filter(|entry| entry.name == api && entry.version == version)
            .any(|entry| entry.admits(leaf))
    }
}

/// Whom the operator believes to be a client, and which API accepts whom.
#[derive(Debug)]
pub(super) struct OperatorClients {
    /// Names of which a certificate needs one at every API; none: any.
    pub(super) names: Vec<NamePattern>,
    pub(super) trust: ClientTrust,
    pub(super) certificates: Certificates,
}

impl OperatorClients {
    /// Returns whether a certificate is believed, whoever accepts it.
    pub(super) fn believe(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
        match chain {
            [leaf, intermediates @ ..] => self.trust.verify(leaf, intermediates, now).is_ok(),
            [] => false,
        }
    }

    /// Returns whether an API accepts a certificate: one that came with the API itself while it is valid, one that the
    /// operator lists for the API when it is believed too.
    pub(super) fn accept(&self, api: &Api, own: &Pinned, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
        let Some(leaf) = chain.first() else { return false };
        if !has_name(leaf, &self.names) {
            return false;
        }
        match own.check(leaf, Role::Client, now) {
            Some(checked) => checked.is_ok(),
            None => self.certificates.lists(&api.name, &api.version, leaf) && self.believe(chain, now),
        }
    }
}

/// Returns whether a certificate has one of the names, where names are asked for.
fn has_name(leaf: &CertificateDer<'_>, patterns: &[NamePattern]) -> bool {
    patterns.is_empty()
        || CertificateNames::of(leaf).is_some_and(|names| patterns.iter().any(|pattern| pattern.matches(&names)))
}

/// Returns when the first certificate of a chain ends, in milliseconds since 1970: no verdict holds longer.
pub(super) fn end_ms(chain: &[CertificateDer<'_>]) -> u64 {
    let ends = chain.iter().map(|certificate| {
        let last = Validity::of(certificate).map_or(0, |validity| validity.not_after);
        u64::try_from(last.saturating_add(1)).unwrap_or(0).saturating_mul(1000)
    });
    ends.min().unwrap_or(0)
}

/// Returns the files of an entry.
pub(super) fn files(entry: &CertificateAliases) -> impl Iterator<Item = &Path> {
    entry.files.iter().map(std::path::PathBuf::as_path)
}
