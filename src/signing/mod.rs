//! Who signs bundles, and whose signatures count.
//!
//! What a signature is stands in [`mgw_bundle`]; here are the user's keys ([`KeyStore`]), how a command line names one
//! ([`KeyName`], [`KeyReference`]) and whom a reader of bundles trusts ([`TrustedKeys`]).

mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod name;
mod store;
mod trust;

pub use error::SigningError;
pub(crate) use name::is_key_text;
pub use name::{KeyName, KeyReference};
pub use store::{KeyStore, Listed, StoredKey};
pub(crate) use trust::trusted_signer;
pub use trust::{TrustedKey, TrustedKeys};

use crate::whole_file::read_text;
use std::path::Path;
use zeroize::Zeroizing;

/// The largest file that is read as a key; one with a certificate or text beside it still fits.
const LARGEST_FILE: u64 = 64 * 1024;

/// Reads a PEM file, which may hold a secret.
fn read_key_file(path: &Path) -> Result<Zeroizing<String>, SigningError> {
    read_text(path, LARGEST_FILE).map_err(|source| SigningError::File {
        action: "read",
        path: path.to_owned(),
        source,
    })
}
