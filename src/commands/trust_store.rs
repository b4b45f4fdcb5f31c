//! Trust stores of micro-gw, as authorities of the control plane.

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::whole_file::read;
use mgw_keystore::{KeyStore, MAX_BYTES, to_pem};
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;

/// The password of the stores that came with micro-gw.
pub(super) const STORE_PASSWORD: &str = "ballerina";

/// Reads the certificates of a store, in PEM.
pub(super) fn trust_store(path: &Path, password: &SecretString) -> Result<String, Failure> {
    let bytes = read(path, MAX_BYTES as u64).map_err(|error| Failure::file("read", path, error))?;
    let failed = |text: String| Failure::new(ExitCode::Usage, format!("{}: {text}", path.display()));
    let store = KeyStore::read(&bytes, password.expose_secret()).map_err(|error| {
        failed(error.to_string())
            .hint("Give the store's password in MGW_TRUSTSTORE_PASSWORD, or authorities in PEM with --ca.")
    })?;
    if store.certificates().is_empty() {
        return Err(failed("the store holds no certificate".to_owned()));
    }
    Ok(store
        .certificates()
        .iter()
        .map(|entry| to_pem("CERTIFICATE", &entry.der))
        .collect())
}
