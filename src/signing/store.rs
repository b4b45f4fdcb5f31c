//! The user's keys: two PEM files for each, in a folder of the user's configuration.

use super::{KeyName, KeyReference, SigningError, read_key_file};
use crate::diagnostics::nearest;
use crate::private_file::write_once;
use mgw_bundle::{KeyError, PublicKey, SigningKey};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What file names end with: the private half, which only its owner can read, and the public one.
const PRIVATE: &str = ".pem";
const PUBLIC: &str = ".pub.pem";

/// The user's keys. Private halves stay in the folder.
#[derive(Debug, Clone)]
pub struct KeyStore {
    folder: PathBuf,
}

/// A key in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name.
    pub name: KeyName,
    /// What its signatures are checked with.
    pub public: PublicKey,
    /// The file with the private half; absent where only the public one is here.
    pub private_file: Option<PathBuf>,
    /// The file with the public half.
    pub public_file: PathBuf,
}

/// What is in the store.
#[derive(Debug, Default)]
pub struct Listed {
    /// Every key that can be used, by name.
    pub keys: Vec<StoredKey>,
    /// Why the others cannot; each names its file.
    pub unusable: Vec<SigningError>,
}

impl KeyStore {
    /// The store in the user's configuration folder. Nothing is read yet.
    pub fn new(config_dir: &Path) -> Self {
        Self {
            folder: config_dir.join("signing-keys"),
        }
    }

    fn file(&self, name: &KeyName, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}{ending}"))
    }

    /// Makes a new key.
    ///
    /// # Errors
    ///
    /// When the name is taken, or nothing can be written.
    pub fn create(&self, name: &KeyName) -> Result<StoredKey, SigningError> {
        let key = SigningKey::generate().map_err(SigningError::Generation)?;
        self.keep(name, key.public(), Some(&key))
    }

    /// Takes over a key that was made elsewhere: both halves, or the public one alone.
    ///
    /// # Errors
    ///
    /// When the file holds no such key, the name is taken, or nothing can be written.
    pub fn import(&self, name: &KeyName, file: &Path) -> Result<StoredKey, SigningError> {
        let text = read_key_file(file)?;
        let refused = |purpose, source| SigningError::Key {
            path: file.to_owned(),
            purpose,
            source,
        };
        match SigningKey::from_pem(&text) {
            Ok(key) => self.keep(name, key.public(), Some(&key)),
            Err(KeyError::Missing(_)) => {
                let public = PublicKey::from_pem(&text).map_err(|source| refused("public", source))?;
                self.keep(name, public, None)
            }
            Err(source) => Err(refused("signing", source)),
        }
    }

    /// The public half takes the name; a key whose public half cannot be written is not kept.
    fn keep(&self, name: &KeyName, public: PublicKey, private: Option<&SigningKey>) -> Result<StoredKey, SigningError> {
        let (private_file, public_file) = (self.file(name, PRIVATE), self.file(name, PUBLIC));
        if private_file.exists() || public_file.exists() {
            return Err(SigningError::Taken(name.clone()));
        }
        let write = |path: &Path, contents: &str| {
            write_once(&self.folder, path, contents.as_bytes()).map_err(|source| match source.kind() {
                ErrorKind::AlreadyExists => SigningError::Taken(name.clone()),
                _ => SigningError::File {
                    action: "write",
                    path: path.to_owned(),
                    source,
                },
            })
        };
        let private_file = match private {
            Some(key) => {
                let pem = key.to_pem().map_err(SigningError::Generation)?;
                write(&private_file, &pem)?;
                Some(private_file)
            }
            None => None,
        };
        write(&public_file, &public.to_pem()).inspect_err(|_| {
            if let Some(file) = &private_file {
                let _ = std::fs::remove_file(file);
            }
        })?;
        Ok(StoredKey {
            name: name.clone(),
            public,
            private_file,
            public_file,
        })
    }

    /// Every key, and what is in the place of one and is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Listed, SigningError> {
        let mut listed = Listed::default();
        for name in self.names()? {
            match self.get(&name) {
                Ok(key) => listed.keys.push(key),
                Err(error) => listed.unusable.push(error),
            }
        }
        Ok(listed)
    }

    /// Where private halves are, also those that cannot be used.
    pub(crate) fn private_files(&self) -> Vec<PathBuf> {
        let names = self.names().unwrap_or_default();
        let files = names.iter().map(|name| self.file(name, PRIVATE));
        files.filter(|file| file.exists()).collect()
    }

    fn names(&self) -> Result<BTreeSet<KeyName>, SigningError> {
        let failed = |source| SigningError::File {
            action: "read",
            path: self.folder.clone(),
            source,
        };
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(PRIVATE));
            let name = name.map(|name| name.strip_suffix(".pub").unwrap_or(name));
            names.extend(name.and_then(|name| name.parse::<KeyName>().ok()));
        }
        Ok(names)
    }

    /// One key.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or it cannot be read.
    pub fn get(&self, name: &KeyName) -> Result<StoredKey, SigningError> {
        let (private_file, public_file) = (self.file(name, PRIVATE), self.file(name, PUBLIC));
        let private_file = private_file.exists().then_some(private_file);
        // The private half says what the public one is; a file beside it could have been exchanged.
        let public = match &private_file {
            Some(file) => signing_key(file)?.public(),
            None if public_file.exists() => public_key(&public_file)?,
            None => {
                let names = self.names()?;
                let near = nearest(name.as_str(), names.iter().map(KeyName::as_str)).map(str::to_owned);
                return Err(SigningError::Unknown {
                    name: name.clone(),
                    near,
                });
            }
        };
        Ok(StoredKey {
            name: name.clone(),
            public,
            private_file,
            public_file,
        })
    }

    /// Removes a key, both halves.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or it cannot be removed.
    pub fn remove(&self, name: &KeyName) -> Result<(), SigningError> {
        let files = [self.file(name, PRIVATE), self.file(name, PUBLIC)];
        let is_there = files.iter().any(|file| file.exists());
        if !is_there {
            return self.get(name).map(drop);
        }
        for path in files {
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(SigningError::File {
                        action: "remove",
                        path,
                        source,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The key that signs.
    ///
    /// # Errors
    ///
    /// When there is none, or only its public half.
    pub fn signing(&self, reference: &KeyReference) -> Result<SigningKey, SigningError> {
        match reference {
            KeyReference::Name(name) => match self.get(name)?.private_file {
                Some(file) => signing_key(&file),
                None => Err(SigningError::PublicOnly(name.clone())),
            },
            KeyReference::File(path) => signing_key(path),
        }
    }

    /// Where the private half of a key is.
    pub(crate) fn private_file(&self, reference: &KeyReference) -> Option<PathBuf> {
        match reference {
            KeyReference::Name(name) => self.get(name).ok()?.private_file,
            KeyReference::File(path) => Some(path.clone()),
        }
    }

    /// The files that a key is read from, whether they are there or not.
    pub(crate) fn files(&self, reference: &KeyReference) -> Vec<PathBuf> {
        match reference {
            KeyReference::Name(name) => vec![self.file(name, PRIVATE), self.file(name, PUBLIC)],
            KeyReference::File(path) => vec![path.clone()],
        }
    }

    /// The key that checks. A file may hold either half: whoever signs has no need to look for the other one.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn public(&self, reference: &KeyReference) -> Result<PublicKey, SigningError> {
        match reference {
            KeyReference::Name(name) => Ok(self.get(name)?.public),
            KeyReference::File(path) => public_key(path),
        }
    }

    /// What the user calls a key.
    pub fn name_of(&self, key: &PublicKey) -> Option<KeyName> {
        // One that cannot be read has no part in what another is called.
        let names = self.names().ok()?;
        let found = names.iter().filter_map(|name| self.get(name).ok());
        found
            .into_iter()
            .find(|stored| stored.public == *key)
            .map(|stored| stored.name)
    }
}

fn signing_key(path: &Path) -> Result<SigningKey, SigningError> {
    SigningKey::from_pem(&read_key_file(path)?).map_err(|source| SigningError::Key {
        path: path.to_owned(),
        purpose: "signing",
        source,
    })
}

fn public_key(path: &Path) -> Result<PublicKey, SigningError> {
    let text = read_key_file(path)?;
    match PublicKey::from_pem(&text) {
        Err(KeyError::Missing(_)) if text.contains("PRIVATE KEY-----") => {
            SigningKey::from_pem(&text).map(|key| key.public())
        }
        other => other,
    }
    .map_err(|source| SigningError::Key {
        path: path.to_owned(),
        purpose: "public",
        source,
    })
}

#[cfg(test)]
mod tests;
