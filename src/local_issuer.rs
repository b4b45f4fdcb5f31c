//! The local issuer: a signing key of the user's own, so that APIs can be called without any key manager.
//!
//! `mgw token` signs with it, `mgw run --local-issuer` trusts it, and nothing else does. The private key never leaves the
//! user's configuration folder.

use crate::private_file::write_once;
use crate::public_file;
use crate::whole_file::read_public;
use mgw_bundle::Digest;
use mgw_bundle::config::Api;
use mgw_fixtures::keys::{ApplicationClaims, Claims, KeyAlgorithm, KeyError, SigningKey, SubscribedApi};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The `iss` claim of local tokens.
pub const ISSUER: &str = "urn:mgw:local-issuer";

/// Why the local issuer's key could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalIssuerError {
    /// The key file could not be read or written.
    #[error("cannot {action} {path}")]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The key could not be made, read or used.
    #[error("cannot use the local issuer's key {path}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: KeyError,
    },
}

/// The local issuer with its key.
#[derive(Debug)]
pub struct LocalIssuer {
    key: SigningKey,
    path: PathBuf,
}

/// What a local token says about its bearer.
#[derive(Debug)]
pub struct LocalToken<'a> {
    /// The APIs it is good for.
    pub apis: &'a [&'a Api],
    /// `sub`
    pub subject: &'a str,
    /// Application name; tokens of one name are of one application, tokens of two names of two.
    pub application: &'a str,
    /// Application policy.
    pub application_policy: &'a str,
    /// Subscription policy of every API.
    pub subscription_policy: &'a str,
    /// Scopes.
    pub scopes: Vec<String>,
    /// `PRODUCTION` or `SANDBOX`.
    pub key_type: &'a str,
    /// How long it is valid.
    pub lifetime: Duration,
}

impl LocalIssuer {
    /// Opens the key in the user's configuration folder; makes one on first use.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, or does not hold a key.
    pub fn open(config_dir: &Path) -> Result<Self, LocalIssuerError> {
        let path = config_dir.join("local-issuer.pem");
        match std::fs::read_to_string(&path) {
            Ok(pem) => {
                let key = SigningKey::from_pem(&pem).map_err(|source| LocalIssuerError::Key {
                    path: path.clone(),
                    source,
                })?;
                Ok(Self { key, path })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Self::create(config_dir, path),
            Err(source) => Err(LocalIssuerError::File {
                action: "read",
                path,
                source,
            }),
        }
    }

    fn create(config_dir: &Path, path: PathBuf) -> Result<Self, LocalIssuerError> {
        // RS256 is what gateways accept of an issuer unless told otherwise.
        let key = SigningKey::generate(KeyAlgorithm::Rs256).map_err(|source| LocalIssuerError::Key {
            path: path.clone(),
            source,
        })?;
        let written = write_once(config_dir, &path, key.to_pem().as_bytes());
        match written {
            Ok(()) => Ok(Self { key, path }),
            // Another process made the key in the meantime: that one counts.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::open(config_dir),
            Err(source) => Err(LocalIssuerError::File {
                action: "write",
                path,
                source,
            }),
        }
    }

    /// Has the public key beside the private one, for a gateway to read, and returns where.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn public_key_file(&self) -> Result<PathBuf, LocalIssuerError> {
        let path = self.path.with_extension("pub.pem");
        let pem = self.key.public_pem();
        // Gateways that run watch the file, and other commands may read it at this moment.
        let is_there = read_public(&path, pem.len() as u64).is_ok_and(|there| there == pem.as_bytes());
        if !is_there {
            public_file::replace(&path, pem.as_bytes()).map_err(|source| LocalIssuerError::File {
                action: "write",
                path: path.clone(),
                source,
            })?;
        }
        Ok(path)
    }

    /// Signs a token.
    ///
    /// # Errors
    ///
    /// When the key cannot sign.
    pub fn sign(&self, token: LocalToken<'_>) -> Result<String, LocalIssuerError> {
        let application = Application::named(token.application);
        let mut claims = Claims::new(ISSUER, token.application, token.lifetime);
        claims.subject = token.subject.to_owned();
        claims.scopes = token.scopes;
        claims.key_type = token.key_type.to_owned();
        claims.application = Some(ApplicationClaims {
            id: application.id.into(),
            uuid: application.uuid,
            name: token.application.to_owned(),
            policy: token.application_policy.to_owned(),
            owner: token.subject.to_owned(),
            subscribed_apis: token
                .apis
                .iter()
                .map(|api| SubscribedApi {
                    name: api.name.clone(),
                    context: api.base_path.clone(),
                    version: api.version.clone(),
                    publisher: api.provider.clone().unwrap_or_default(),
                    policy: token.subscription_policy.to_owned(),
                    tenant: "carbon.super".to_owned(),
                    stop_on_quota: true,
                })
                .collect(),
        });
        self.key
            .sign(&claims.to_json())
            .map_err(|source| LocalIssuerError::Key {
                path: self.path.clone(),
                source,
            })
    }
}

/// What tells an application from others: limits are counted by it. Nothing keeps a list of local applications, so it
/// follows from the name.
#[derive(Debug, PartialEq, Eq)]
struct Application {
    id: u32,
    uuid: String,
}

impl Application {
    fn named(name: &str) -> Self {
        let digits = Digest::of(name.as_bytes()).to_string();
        let part = |range| digits.get(range).unwrap_or_default();
        let parts = [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)];
        // Ids of the control plane are positive numbers of 32 bits with a sign.
        let id = u32::from_str_radix(part(32..40), 16).unwrap_or_default() >> 1;
        Self {
            id: id.max(1),
            uuid: parts.join("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_told_from_others_by_its_name() {
        let [one, again, two] = ["one", "one", "two"].map(Application::named);
        assert_eq!(one, again);
        assert_ne!((one.id, &one.uuid), (two.id, &two.uuid));
        assert_ne!(one.id, two.id);
        assert_eq!(one.uuid, "7692c3ad-3540-bb80-3c02-0b3aee66cd88");
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let config_dir = folder.path().join("mgw");
        let first = LocalIssuer::open(&config_dir).unwrap();
        let second = LocalIssuer::open(&config_dir).unwrap();
        assert_eq!(first.key.public_pem(), second.key.public_pem());
        let mode = std::fs::metadata(&first.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_public_key_is_written_where_it_differs_and_whole() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open(folder.path()).unwrap();
        let file = || {
            let path = issuer.public_key_file().unwrap();
            let metadata = std::fs::metadata(&path).unwrap();
            let pem = std::fs::read_to_string(&path).unwrap();
            assert_eq!(pem, issuer.key.public_pem());
            (path, (metadata.ino(), metadata.mtime_nsec()))
        };
        let (path, first) = file();
        assert_eq!(file().1, first, "gateways that watch it see no change");
        for other in ["", "another", &"x".repeat(10_000)] {
            std::fs::write(&path, other).unwrap();
            let before = std::fs::metadata(&path).unwrap().ino();
            let (_, (after, _)) = file();
            assert_ne!(before, after, "it is replaced: nobody reads half of it");
        }
    }

    #[test]
    fn a_damaged_key_is_an_error_and_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local-issuer.pem");
        std::fs::write(&path, "not a key").unwrap();
        let error = LocalIssuer::open(folder.path()).unwrap_err();
        assert!(matches!(error, LocalIssuerError::Key { .. }), "{error:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a key");
    }
}
