//! PKCS#12 stores that settings name.

use super::settings::Reader;
use secrecy::SecretString;
use std::path::PathBuf;

/// Where micro-gw is installed; its files name the stores that come with it this way.
const MICRO_GW_HOME: &str = "${mgw-runtime.home}";

/// A PKCS#12 store.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// The file.
    pub path: PathBuf,
    /// Opens it.
    pub password: SecretString,
    /// The key of the configuration that names the file.
    pub setting: &'static str,
    /// The key of the configuration that holds the password.
    pub password_setting: &'static str,
}

impl StoreSettings {
    /// Reads a pair of keys; `None` when no file is named, or one that only micro-gw has.
    pub(super) fn read(reader: &mut Reader<'_>, path: &'static str, password: &'static str) -> Option<Self> {
        let file = reader.file(path)?;
        if file.to_string_lossy().contains(MICRO_GW_HOME) {
            reader.warn(
                path,
                format!(
                    "`{path}` names a store that comes with micro-gw and not with this gateway; it is taken as not set"
                ),
            );
            return None;
        }
        Some(Self {
            path: file,
            password: reader.secret(password).unwrap_or_default(),
            setting: path,
            password_setting: password,
        })
    }
}
