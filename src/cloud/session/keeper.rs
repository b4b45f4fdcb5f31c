//! Where the session of a [`Connection`](super::Connection) lives, and what can be done when it ends.

use super::{Session, SessionStore};
use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::http::HttpOptions;
use crate::cloud::sign_in::{SignIn, sign_in};
use crate::ui::Ui;
use secrecy::SecretString;

/// Where a session lives.
#[derive(Debug)]
pub(super) enum Keeper {
    /// In the user's session file, which several processes share.
    File(SessionStore),
    /// In this process alone.
    Memory(Option<Again>),
}

/// What it takes to sign in once more. Kept in memory only.
#[derive(Debug)]
pub(crate) struct Again {
    /// Name of the client that is registered.
    pub(crate) client_name: String,
    /// Password of the session's user.
    pub(crate) password: SecretString,
    /// How requests are sent.
    pub(crate) options: HttpOptions,
    /// The terminal.
    pub(crate) ui: Ui,
}

impl Keeper {
    /// The error for a session that is over.
    pub(super) fn ended(&self, user: &UserName) -> CloudError {
        match self {
            Self::File(store) => CloudError::SessionEnded {
                user: user.to_string(),
                profile: store.profile().to_string(),
            },
            Self::Memory(_) => CloudError::CredentialsRefused { user: user.to_string() },
        }
    }
}

impl Again {
    /// Signs in with the password, as the same user at the same place.
    pub(super) async fn sign_in(&self, session: &Session) -> Result<Session, CloudError> {
        let request = SignIn {
            address: session.address.clone(),
            kind: Some(session.kind),
            client_name: self.client_name.clone(),
            user: session.user.clone(),
            password: self.password.clone(),
        };
        // Boxed: signing in is the larger part, and rare.
        Ok(Box::pin(sign_in(request, &self.options, &self.ui)).await?.session)
    }
}
