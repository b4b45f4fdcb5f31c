//! The signed-in state: kept in a file only the user can read, refreshed by one process at a time.

mod connection;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod profile;
mod store;

pub(crate) use connection::Connection;
pub(crate) use profile::{DEFAULT_PROFILE, Profile, ProfileError};
pub(crate) use store::SessionStore;

use super::account::UserName;
use super::address::Address;
use super::generation::{Generation, generation};
use super::oauth::{Registration, Tokens};
use crate::project::ControlPlaneKind;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::path::PathBuf;

/// Who is signed in where, and with which tokens. Its `Debug` form shows no secret.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Control plane.
    pub(crate) address: Address,
    /// Its generation.
    pub(crate) kind: ControlPlaneKind,
    /// User.
    pub(crate) user: UserName,
    /// Our client, registered for the user.
    pub(crate) client: Registration,
    /// Bearer token.
    pub(crate) access: SecretString,
    /// Refresh token, good for one use.
    pub(crate) refresh: Option<SecretString>,
    /// When the access token was issued.
    pub(crate) issued: Timestamp,
    /// When the access token ends.
    pub(crate) expires: Timestamp,
    /// Granted scopes, sorted.
    pub(crate) scopes: Vec<String>,
    /// Certificate authorities trusted for this control plane, in PEM.
    pub(crate) extra_roots: Option<String>,
}

impl Session {
    /// The paths and scopes of its control plane.
    pub(crate) fn generation(&self) -> &'static Generation {
        generation(self.kind)
    }

    /// Takes over new tokens.
    pub(crate) fn renew(&mut self, tokens: Tokens, now: Timestamp) {
        self.access = tokens.access;
        // A server that does not rotate leaves the field out: the old one stays good.
        if tokens.refresh.is_some() {
            self.refresh = tokens.refresh;
        }
        self.issued = now;
        self.expires = SignedDuration::try_from(tokens.lifetime)
            .ok()
            .and_then(|lifetime| now.checked_add(lifetime).ok())
            .unwrap_or(Timestamp::MAX);
        if let Some(mut scopes) = tokens.scopes {
            scopes.sort();
            scopes.dedup();
            self.scopes = scopes;
        }
    }

    /// Whether the access token is to be refreshed before it is used: a minute or a tenth of its lifetime before its
    /// end, but never in the first half.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let lifetime = self.expires.duration_since(self.issued);
        let margin = (lifetime / 10).max(SignedDuration::from_secs(60)).min(lifetime / 2);
        self.expires.duration_since(now) < margin
    }
}

/// Why the session's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// A file operation failed.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Others can read the file.
    #[error("{} can be read by other users (mode {mode:03o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not what is expected.
    #[error("{} is not a session file of this version: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong; quotes nothing of the file.
        problem: String,
    },
    /// Another process keeps the lock.
    #[error("another mgw process keeps the session busy ({})", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests;
