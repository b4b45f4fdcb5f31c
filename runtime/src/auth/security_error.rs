//! Why authentication cannot start.

use crate::tls::{ClientTrustError, StoreError};
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
    /// A key or trust store cannot be used, or lacks an alias.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Authorities for client certificates that cannot be used.
    #[error(transparent)]
    ClientTrust(#[from] ClientTrustError),
    /// There is no trust store for an alias.
    #[error(
        "find certificate alias `{alias}` of `{setting}`: there is no trust store; set `listenerConfig.trustStorePath`, or export the certificate as PEM and name its file"
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
    /// The client for a source of revocations cannot be made.
    #[error("prepare the connection to a list of revoked tokens: {reason}")]
    RevocationSource {
        /// What is wrong.
        reason: String,
    },
    /// The client for the control plane's subscription data cannot be made.
    #[error("prepare the connection to the control plane's subscription data: {reason}")]
    SubscriptionData {
        /// What is wrong.
        reason: String,
    },
    /// Tokens for backends are to be signed and there is no key.
    #[error(
        "sign tokens for backends: `{setting}` is not set, nor `listenerConfig.privateKeyFile` or `listenerConfig.keyStorePath`"
    )]
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

impl SecurityError {
    /// Returns what the settings name that the error is about: a file, an alias, an issuer.
    pub(crate) fn named(&self) -> Option<String> {
        match self {
            Self::Read { path, .. } | Self::Key { path, .. } => Some(path.display().to_string()),
            Self::Store(error) => Some(error.named()),
            Self::Alias { alias, .. } => Some(alias.clone()),
            Self::Client { issuer, .. } => Some(issuer.clone()),
            Self::ClientTrust(_)
            | Self::KeyManager { .. }
            | Self::RevocationSource { .. }
            | Self::SubscriptionData { .. }
            | Self::NoSigningKey { .. }
            | Self::Random => None,
        }
    }

    /// Returns the setting that the error is about.
    pub(crate) fn setting(&self) -> Option<&'static str> {
        match self {
            Self::Read { setting, .. } | Self::Key { setting, .. } | Self::Alias { setting, .. } => Some(setting),
            Self::Store(error) => Some(error.setting()),
            Self::ClientTrust(_) => Some("mutualSSLConfig.clientCaFile"),
            // The key is not set: what wants it is.
            Self::NoSigningKey { .. } => Some("jwtGeneratorConfig.jwtGeneratorEnabled"),
            Self::KeyManager { .. }
            | Self::RevocationSource { .. }
            | Self::SubscriptionData { .. }
            | Self::Random
            | Self::Client { .. } => None,
        }
    }
}
