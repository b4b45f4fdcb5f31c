//! The session: taken up as it is on disk, made anew where the credentials are at hand.

use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::http::HttpOptions;
use crate::cloud::session::{Connection, SessionStore};
use crate::cloud::sign_in::{SignIn, sign_in};
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;

/// How to sign in.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The control plane of what is followed.
    pub(super) address: Address,
    pub(super) kind: ControlPlaneKind,
    pub(super) store: SessionStore,
    pub(super) http: HttpOptions,
    /// Who is to be signed in; `None`: whoever was.
    pub(super) user: Option<UserName>,
    /// `None`: nobody can be signed in again without a person.
    pub(super) password: Option<SecretString>,
    /// The control plane does not accept the password.
    pub(super) is_refused: bool,
    pub(super) ui: Ui,
}

impl Account {
    /// Takes up the stored session; without one, signs in.
    pub(super) async fn connect(&mut self) -> Result<Arc<Connection>, CloudError> {
        match Connection::open(self.store.clone(), &self.http, &self.ui) {
            Ok(connection) if *connection.address() == self.address => Ok(Arc::new(connection)),
            // Somebody else's session, which is left alone unless the credentials for this one are given.
            Ok(_) => self.sign_in(self.not_signed_in()).await,
            Err(error @ CloudError::NotSignedIn { .. }) => self.sign_in(error).await,
            Err(error) => Err(error),
        }
    }

    /// Whether somebody can be signed in without a person.
    pub(super) fn can_sign_in(&self) -> bool {
        self.password.is_some() && !self.is_refused
    }

    /// Signs in again after the session was refused.
    pub(super) async fn sign_in_again(&mut self) -> Result<Arc<Connection>, CloudError> {
        self.sign_in(self.not_signed_in()).await
    }

    /// `refusal` is returned where nobody can be signed in. A password that was refused is not tried again: the control plane
    /// would lock the account.
    async fn sign_in(&mut self, refusal: CloudError) -> Result<Arc<Connection>, CloudError> {
        let Some(password) = self.password.as_ref().filter(|_| !self.is_refused) else {
            return Err(refusal);
        };
        let stored = self.store.load()?.filter(|session| session.address == self.address);
        let Some(user) = self.user.clone().or_else(|| stored.map(|session| session.user)) else {
            return Err(refusal);
        };
        let request = SignIn {
            address: self.address.clone(),
            kind: Some(self.kind),
            client_name: self.store.client_name()?,
            user,
            password: password.clone(),
        };
        let signed_in = sign_in(request, &self.http, &self.ui).await;
        self.is_refused = matches!(signed_in, Err(CloudError::WrongCredentials { .. }));
        let signed_in = signed_in?;
        let lock = self.store.lock().await?;
        self.store.save(&signed_in.session)?;
        drop(lock);
        Ok(Arc::new(Connection::open(self.store.clone(), &self.http, &self.ui)?))
    }

    /// Returns the password where it is that of the user who is signed in.
    pub(super) fn password_of(&self, user: &UserName) -> Option<SecretString> {
        let is_theirs = self.user.as_ref().is_none_or(|given| given == user);
        self.password.clone().filter(|_| is_theirs && !self.is_refused)
    }

    /// Where the session is kept.
    pub(super) fn session_file(&self) -> PathBuf {
        self.store.path()
    }

    fn not_signed_in(&self) -> CloudError {
        CloudError::NotSignedIn {
            profile: self.store.profile().to_string(),
        }
    }
}
