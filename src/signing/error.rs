//! Why a key cannot be used.

use super::KeyName;
use mgw_bundle::KeyError;
use std::path::PathBuf;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The key file could not be read, written or removed.
    #[error("cannot {action} {path}", path = .path.display())]
    File {
        /// `read`, `write` or `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no key of the kind that is needed.
    #[error("{path} cannot be used as a {purpose} key", path = .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// `signing` or `public`.
        purpose: &'static str,
        /// Cause.
        #[source]
        source: KeyError,
    },
    /// What a variable holds is no signing key; its value is a secret.
    #[error("the value of {variable} is no signing key")]
    Variable {
        /// Name of the variable.
        variable: &'static str,
        /// Cause.
        #[source]
        source: KeyError,
    },
    /// No key could be made.
    #[error("no key could be made")]
    Generation(#[source] KeyError),
    /// No key of that name.
    #[error("there is no key `{name}`")]
    Unknown {
        /// The name.
        name: KeyName,
        /// A key that may be meant.
        near: Option<String>,
    },
    /// The name is taken.
    #[error("there is a key `{0}` already")]
    Taken(KeyName),
    /// Only the public half is there.
    #[error("`{0}` is a public key: it checks signatures and makes none")]
    PublicOnly(KeyName),
}
