//! Makes a gateway trust the local issuer.

use crate::failure::Failure;
use crate::local_issuer::{ISSUER, LocalIssuer};
use mgw_runtime::config::{Algorithm, RuntimeConfig};
use std::path::Path;

/// Adds the local issuer to the issuers of a gateway; makes its key on first use.
///
/// # Errors
///
/// When the key in the user's configuration folder cannot be used.
pub(crate) fn trust_local_issuer(config: &mut RuntimeConfig, config_dir: &Path) -> Result<(), Failure> {
    let issuer = LocalIssuer::open(config_dir)?;
    config.issuers.push(mgw_runtime::config::Issuer::with_public_key_file(
        ISSUER,
        issuer.public_key_file()?,
        Algorithm::Rs256,
    ));
    Ok(())
}
