//! Makes whom the settings believe to be a client.

use super::files::{certificates as certificates_of, read};
use crate::auth::SecurityError;
use crate::auth::certificates::{Certificates, OperatorClients, files};
use crate::config::{CertificateAliases, MutualTlsSettings};
use crate::tls::{ClientTrust, OpenStore};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;

/// Collects whom the settings believe to be a client, and which API accepts whom: the authorities of
/// `mutualSSLConfig.clientCaFile` and of the trust store, and the certificates that are named themselves, all of the trust
/// store and those of `mutualSSLConfig.api.certificates`.
pub(in crate::auth) fn operator_clients(
    settings: &MutualTlsSettings,
    trust: Option<&OpenStore>,
) -> Result<OperatorClients, SecurityError> {
    const CA_FILE: &str = "mutualSSLConfig.clientCaFile";
    let mut certificates = Certificates::default();
    for entry in &settings.certificates {
        accept_certificates(&mut certificates, entry, trust)?;
    }
    let named = match &settings.client_ca_file {
        Some(path) => certificates_of(path, CA_FILE)?,
        None => Vec::new(),
    };
    let stored = || trust.into_iter().flat_map(OpenStore::certificates);
    // Without this, whoever holds the key of a client's certificate could sign another client's.
    let signers = stored().filter(|certificate| mgw_keystore::is_authority(certificate));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trust = ClientTrust::new(
        named.iter().chain(signers),
        stored().chain(certificates.all()),
        provider,
    )?;
    Ok(OperatorClients {
        names: settings.names.clone(),
        trust,
        certificates,
    })
}

/// Reads the client certificates of one API.
fn accept_certificates(
    certificates: &mut Certificates,
    entry: &CertificateAliases,
    trust: Option<&OpenStore>,
) -> Result<(), SecurityError> {
    const SETTING: &str = "mutualSSLConfig.api.certificates";
    let aliased: Vec<CertificateDer<'static>> = match trust {
        Some(trust) => {
            let certificates = entry
                .aliases
                .iter()
                .map(|alias| trust.certificate(alias, SETTING).cloned());
            certificates.collect::<Result<_, _>>()?
        }
        None => {
            // Every file of micro-gw names aliases, used or not. Without a store they accept nobody.
            for alias in &entry.aliases {
                tracing::warn!(
                    alias,
                    setting = SETTING,
                    "there is no trust store: the alias accepts no certificate"
                );
            }
            Vec::new()
        }
    };
    let pems = files(entry)
        .map(|path| read(path, SETTING))
        .collect::<Result<Vec<_>, _>>()?;
    certificates
        .add(entry, aliased, &pems)
        .map_err(|reason| SecurityError::Key {
            path: entry.files.first().cloned().unwrap_or_default(),
            setting: SETTING,
            reason: reason.to_owned(),
        })
}
