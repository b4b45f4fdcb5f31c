//! PKCS#12 stores in files.

use crate::config::StoreSettings;
use mgw_keystore::{KeyEntry, KeyStore, KeyStoreError, MAX_BYTES};
use rustls_pki_types::CertificateDer;
use secrecy::ExposeSecret;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most aliases that a message lists.
const SHOWN_ALIASES: usize = 10;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read.
    #[error("read {} for `{setting}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The file is no store that the password opens.
    #[error("open {} for `{setting}`: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// What is wrong with it.
        reason: KeyStoreError,
    },
    /// The store does not open without a password, and none is set.
    #[error("open {} for `{setting}`: it needs a password: set {password}", path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// The key of the configuration that holds the password.
        password: &'static str,
    },
    /// The store has no key with a certificate.
    #[error(
        "{} of `{setting}` holds no private key with its certificate; make it with `openssl pkcs12 -export -inkey`",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
    },
    /// The store lacks an alias.
    #[error(
        "find alias `{alias}` of `{setting}` in {}, which has {}; import it with `keytool -importcert -alias {alias}`",
        path.display(),
        listed(known)
    )]
    NoAlias {
        /// The alias.
        alias: String,
        /// The key of the configuration that names it.
        setting: &'static str,
        /// The store's file.
        path: PathBuf,
        /// The aliases that the store has.
        known: Vec<String>,
    },
    /// Several certificates have the alias.
    #[error("alias `{alias}` of `{setting}` stands for several certificates in {}; give each its own", path.display())]
    Ambiguous {
        /// The alias.
        alias: String,
        /// The key of the configuration that names it.
        setting: &'static str,
        /// The store's file.
        path: PathBuf,
    },
}

impl StoreError {
    /// Returns what the settings name that the error is about: the file, or the alias.
    pub(crate) fn named(&self) -> String {
        match self {
            Self::Read { path, .. }
            | Self::Open { path, .. }
            | Self::NoPassword { path, .. }
            | Self::NoKey { path, .. } => path.display().to_string(),
            Self::NoAlias { alias, .. } | Self::Ambiguous { alias, .. } => alias.clone(),
        }
    }

    /// Returns the setting that the error is about.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Read { setting, .. }
            | Self::Open { setting, .. }
            | Self::NoPassword { setting, .. }
            | Self::NoKey { setting, .. }
            | Self::NoAlias { setting, .. }
            | Self::Ambiguous { setting, .. } => setting,
        }
    }

    /// Returns the setting that has to be set.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        match self {
            Self::NoPassword { password, .. } => Some(password),
            _ => None,
        }
    }
}

fn listed(known: &[String]) -> String {
    let shown = known.iter().take(SHOWN_ALIASES).map(String::as_str).collect::<Vec<_>>();
    match known.len() {
        0 => "no alias at all".to_owned(),
        count if count > SHOWN_ALIASES => format!("{} and {} more", shown.join(", "), count - SHOWN_ALIASES),
        _ => shown.join(", "),
    }
}

/// A store that was opened, with where it came from.
#[derive(Debug)]
pub(crate) struct OpenStore {
    path: PathBuf,
    setting: &'static str,
    store: KeyStore,
}

impl OpenStore {
    /// Opens a store.
    pub(crate) fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let StoreSettings {
            path,
            password,
            setting,
            password_setting,
        } = settings;
        let bytes = read(path).map_err(|source| StoreError::Read {
            path: path.clone(),
            setting,
            source,
        })?;
        let password = password.expose_secret();
        let store = KeyStore::read(&bytes, password).map_err(|reason| match reason {
            KeyStoreError::Password if password.is_empty() => StoreError::NoPassword {
                path: path.clone(),
                setting,
                password: password_setting,
            },
            reason => StoreError::Open {
                path: path.clone(),
                setting,
                reason,
            },
        })?;
        Ok(Self {
            path: path.clone(),
            setting,
            store,
        })
    }

    /// Returns the first key that has a certificate.
    pub(crate) fn first_key(&self) -> Result<&KeyEntry, StoreError> {
        self.store.key(None).ok_or_else(|| StoreError::NoKey {
            path: self.path.clone(),
            setting: self.setting,
        })
    }

    /// Returns the key with an alias that `setting` names.
    pub(crate) fn key(&self, alias: &str, setting: &'static str) -> Result<&KeyEntry, StoreError> {
        let found = self.store.key(Some(alias)).filter(|entry| !entry.chain.is_empty());
        found.ok_or_else(|| self.no_alias(alias, setting))
    }

    /// Returns the one certificate with an alias that `setting` names.
    pub(crate) fn certificate(
        &self,
        alias: &str,
        setting: &'static str,
    ) -> Result<&CertificateDer<'static>, StoreError> {
        match self.store.named(alias).as_slice() {
            [one] => Ok(one),
            [] => Err(self.no_alias(alias, setting)),
            _ => Err(StoreError::Ambiguous {
                alias: alias.to_owned(),
                setting,
                path: self.path.clone(),
            }),
        }
    }

    /// Returns every certificate.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.store.certificates().iter().map(|entry| &entry.der)
    }

    /// Returns the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn no_alias(&self, alias: &str, setting: &'static str) -> StoreError {
        StoreError::NoAlias {
            alias: alias.to_owned(),
            setting,
            path: self.path.clone(),
            known: self.store.aliases().into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Reads no more than shows that a file is too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    crate::regular_file::check(path)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(path: PathBuf) -> StoreSettings {
        StoreSettings {
            path,
            password: "canary-secret".into(),
            setting: "listenerConfig.keyStorePath",
            password_setting: "listenerConfig.keyStorePassword",
        }
    }

    #[test]
    fn problems_name_file_and_setting_and_no_password() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("store.p12");
        let missing = OpenStore::open(&settings(path.clone())).expect_err("there is no file");
        std::fs::write(&path, "not a store").expect("a writable folder");
        let damaged = OpenStore::open(&settings(path.clone())).expect_err("it is no store");
        for error in [missing, damaged] {
            let text = error.to_string();
            assert!(
                text.contains("listenerConfig.keyStorePath") && text.contains("store.p12"),
                "{text}"
            );
            assert!(!format!("{text} {error:?}").contains("canary-secret"), "{error:?}");
        }
    }
}
