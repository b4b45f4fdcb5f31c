//! Collects whom the settings believe to be a client.

use super::TlsError;
use super::certificate;
use crate::auth::Security;
use crate::config::MutualTlsSettings;
use crate::tls::{ClientTrust, OpenStore};
use std::sync::Arc;

/// Collects authorities from `mutualSSLConfig.clientCaFile` and the trust store, and the certificates that are named
/// themselves: all of the trust store and those of `mutualSSLConfig.api.certificates`.
pub(crate) fn client_trust(settings: &MutualTlsSettings, security: &Security) -> Result<Arc<ClientTrust>, TlsError> {
    let named = match &settings.client_ca_file {
        Some(path) => certificate::chain(path)?,
        None => Vec::new(),
    };
    let stored = || security.trust_store().into_iter().flat_map(OpenStore::certificates);
    // Without this, whoever holds the key of a client's certificate could sign another client's.
    let signers = stored().filter(|certificate| mgw_keystore::is_authority(certificate));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trust = ClientTrust::new(
        named.iter().chain(signers),
        stored().chain(security.client_certificates()),
        provider,
    )?;
    Ok(Arc::new(trust))
}
