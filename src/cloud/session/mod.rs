//! The signed-in state: kept in a file only the user can read, refreshed by one process at a time.

mod connection;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod installation;
mod keeper;
mod method;
mod profile;
mod renewal;
mod store;
mod underway;

pub(crate) use connection::Connection;
pub(crate) use installation::PIPELINE_CLIENT;
pub(crate) use keeper::Again;
pub(crate) use method::Method;
pub(crate) use profile::{DEFAULT_PROFILE, Profile, ProfileError};
pub(crate) use store::SessionStore;
pub(crate) use underway::renewals_ended;

use super::account::UserName;
use super::address::Address;
use super::detection::Doubt;
use super::generation::{Generation, generation};
use super::http::{CustomHeaders, HttpOptions};
use super::oauth::{Registration, Tokens};
use super::on_premise_properties::GatewayFacts;
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
    /// Why it may be another one.
    pub(crate) doubt: Option<Doubt>,
    /// How the user signed in.
    pub(crate) method: Method,
    /// User.
    pub(crate) user: UserName,
    /// The client that the tokens were issued to; `None` where they were issued elsewhere.
    pub(crate) client: Option<Registration>,
    /// Bearer token.
    pub(crate) access: SecretString,
    /// Refresh token, good for one use.
    pub(crate) refresh: Option<SecretString>,
    /// When the access token was issued.
    pub(crate) issued: Timestamp,
    /// When the access token ends.
    pub(crate) expires: Timestamp,
    /// Granted scopes, sorted; none for a token that does not tell.
    pub(crate) scopes: Vec<String>,
    /// Certificate authorities trusted for this control plane, in PEM.
    pub(crate) extra_roots: Option<String>,
    /// Headers for this control plane.
    pub(crate) headers: CustomHeaders,
    /// What is known of the on-premise gateway whose settings were taken over at sign-in.
    pub(crate) gateway: Option<GatewayFacts>,
}

impl Session {
    /// When the access token ends, to the second.
    pub(crate) fn end(&self) -> String {
        let second = Timestamp::from_second(self.expires.as_second());
        second.unwrap_or(self.expires).to_string()
    }

    /// Generations that its control plane may be of as well.
    pub(crate) fn possible_kinds(&self) -> &[ControlPlaneKind] {
        self.doubt.as_ref().map_or(&[], |doubt| &doubt.others)
    }

    /// The paths and scopes of its control plane.
    pub(crate) fn generation(&self) -> &'static Generation {
        generation(self.kind)
    }

    /// How requests of this session are sent: what is given now goes before what was given at sign-in.
    pub(crate) fn http_options(&self, given: &HttpOptions) -> HttpOptions {
        HttpOptions {
            extra_roots: given.extra_roots.clone().or_else(|| self.extra_roots.clone()),
            headers: if given.headers.is_empty() {
                self.headers.clone()
            } else {
                given.headers.clone()
            },
            ..given.clone()
        }
    }

    /// Whether there is a way to a new access token.
    pub(crate) fn is_renewable(&self) -> bool {
        self.client.is_some() && (self.refresh.is_some() || self.method == Method::ClientCredentials)
    }

    /// Keeps what an earlier session of the same organisation knew of an on-premise gateway.
    pub(crate) fn keep_gateway_of(&mut self, former: Option<Self>) {
        let former =
            former.filter(|former| former.address == self.address && former.user.tenant() == self.user.tenant());
        if self.gateway.is_none() {
            self.gateway = former.and_then(|former| former.gateway);
        }
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
impl Session {
    /// A session for tests against servers of their own, with secrets that are easy to find.
    pub(crate) fn for_tests(address: Address) -> Self {
        let now = Timestamp::now();
        Self {
            address,
            kind: ControlPlaneKind::ApiCloud,
            doubt: None,
            method: Method::Password,
            user: UserName::complete("ana@meridian.example@meridianpay").unwrap(),
            client: Some(Registration {
                id: "client".into(),
                secret: Some("client-canary".to_owned().into()),
            }),
            access: "access-0".to_owned().into(),
            refresh: Some("refresh-0".to_owned().into()),
            issued: now,
            expires: now + SignedDuration::from_hours(1),
            scopes: vec!["apim:api_view".into()],
            extra_roots: None,
            headers: CustomHeaders::default(),
            gateway: None,
        }
    }
}

#[cfg(test)]
mod tests;
