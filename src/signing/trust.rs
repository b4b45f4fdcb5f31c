//! Whose signatures a bundle must bear.

use super::{KeyReference, KeyStore, SigningError};
use mgw_bundle::{Bundle, PublicKey};
use std::path::PathBuf;

/// A key that is trusted, and what it was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// As it was named.
    pub reference: KeyReference,
    /// The key.
    pub public: PublicKey,
}

/// The keys one of which must have signed. Files are read whenever a bundle is looked at, so that keys are replaced without
/// a restart.
#[derive(Debug, Clone)]
pub struct TrustedKeys {
    /// Absent where no key is named.
    store: Option<KeyStore>,
    references: Vec<KeyReference>,
}

impl TrustedKeys {
    /// Any of these keys will do.
    pub fn new(store: KeyStore, references: Vec<KeyReference>) -> Self {
        Self {
            store: Some(store),
            references,
        }
    }

    /// Nobody need have signed.
    pub fn none() -> Self {
        Self {
            store: None,
            references: Vec::new(),
        }
    }

    /// Whether somebody must have signed.
    pub fn are_demanded(&self) -> bool {
        !self.references.is_empty()
    }

    /// The files that the keys are read from, whether they are there or not.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = |store: &KeyStore| self.references.iter().flat_map(|key| store.files(key)).collect();
        self.store.as_ref().map(files).unwrap_or_default()
    }

    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// When any of them cannot be read: a key that nobody can look at is trusted by nobody.
    pub fn load(&self) -> Result<Vec<TrustedKey>, SigningError> {
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        let load = |reference: &KeyReference| {
            Ok(TrustedKey {
                reference: reference.clone(),
                public: store.public(reference)?,
            })
        };
        self.references.iter().map(load).collect()
    }
}

/// The first trusted key that signed a bundle.
pub(crate) fn trusted_signer<'a>(bundle: &Bundle, trusted: &'a [TrustedKey]) -> Option<&'a TrustedKey> {
    trusted.iter().find(|key| bundle.signers.contains(&key.public))
}
