//! Why authentication cannot start.

use std::path::PathBuf;

/// Why authentication cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// A file cannot be read.
    #[error("read {path} for `{setting}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// A file does not hold a usable key.
    #[error("use {path} for `{setting}`: {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The trust store of an alias is not available.
    #[error(
        "find certificate alias `{alias}` of `{setting}`: trust stores are not read; export the certificate as PEM and name its file"
    )]
    Alias {
        /// The alias.
        alias: String,
        /// The key of the configuration.
        setting: &'static str,
    },
    /// The client for the key manager cannot be made.
    #[error("prepare the connection to the key manager: {reason}")]
    KeyManager {
        /// What is wrong.
        reason: String,
    },
    /// Tokens for backends are to be signed and there is no key.
    #[error("sign tokens for backends: `{setting}` is not set, nor `listenerConfig.privateKeyFile`")]
    NoSigningKey {
        /// The key of the configuration.
        setting: &'static str,
    },
    /// The system gives no random numbers.
    #[error("get random numbers from the system")]
    Random,
    /// The client for an issuer's keys cannot be made.
    #[error("prepare the connection to the keys of issuer `{issuer}`: {reason}")]
    Client {
        /// `iss`.
        issuer: String,
        /// What is wrong.
        reason: String,
    },
}
