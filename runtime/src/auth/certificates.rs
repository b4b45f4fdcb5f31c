//! The client certificates that each API accepts.
//!
//! A certificate of the right authority that an API does not list is refused.

use super::ClientCertificate;
use crate::config::CertificateAliases;
use crate::tls::{ClientTrust, Pinned, Role};
use mgw_bundle::config::Api;
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
    certificates: Vec<CertificateDer<'static>>,
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
            certificates,
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
            .any(|entry| entry.certificates.contains(leaf))
    }
}

/// Whom the operator believes to be a client, and which API accepts whom.
#[derive(Debug)]
pub(super) struct OperatorClients {
    pub(super) trust: ClientTrust,
    pub(super) certificates: Certificates,
}

impl OperatorClients {
    /// Returns whether a certificate is believed, whoever accepts it.
    pub(super) fn believe(&self, shown: &ClientCertificate, now: UnixTime) -> bool {
        match shown.chain.as_slice() {
            [leaf, intermediates @ ..] => self.trust.verify(leaf, intermediates, now).is_ok(),
            [] => false,
        }
    }

    /// Returns whether an API accepts a certificate: one that came with the API itself while it is valid, one that the
    /// operator lists for the API when it is believed too.
    pub(super) fn accept(&self, api: &Api, own: &Pinned, shown: &ClientCertificate, now: UnixTime) -> bool {
        let Some(leaf) = shown.chain.first() else { return false };
        match own.check(leaf, Role::Client, now) {
            Some(checked) => checked.is_ok(),
            None => self.certificates.lists(&api.name, &api.version, leaf) && self.believe(shown, now),
        }
    }
}

/// Returns the files of an entry.
pub(super) fn files(entry: &CertificateAliases) -> impl Iterator<Item = &Path> {
    entry.files.iter().map(std::path::PathBuf::as_path)
}
