//! The client certificates of the seed's APIs, as files for curl.

use crate::failure::Failure;
use mgw_fixtures::simulator::ClientIdentity;
use serde::Serialize;
use std::path::Path;

/// A client certificate with the files to show it with.
#[derive(Debug, Serialize)]
pub(super) struct ReadyClient {
    /// `NAME:VERSION` of the API that accepts it.
    pub(super) api: String,
    pub(super) alias: String,
    pub(super) certificate_file: String,
    pub(super) key_file: String,
}

/// Writes the certificates whose keys were made here.
pub(super) fn write_all(folder: &Path, identities: &[ClientIdentity]) -> Result<Vec<ReadyClient>, Failure> {
    let mut written = Vec::new();
    for (number, identity) in identities.iter().enumerate() {
        let Some(key) = &identity.key_pem else { continue };
        // An alias need not be a file name.
        let safe: String = identity
            .alias
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(40)
            .collect();
        let certificate_file = folder.join(format!("client-{number}-{safe}.pem"));
        let key_file = folder.join(format!("client-{number}-{safe}-key.pem"));
        super::write(&certificate_file, &identity.certificate_pem)?;
        super::write(&key_file, key)?;
        written.push(ReadyClient {
            api: format!("{}:{}", identity.api, identity.version),
            alias: identity.alias.clone(),
            certificate_file: certificate_file.display().to_string(),
            key_file: key_file.display().to_string(),
        });
    }
    Ok(written)
}
