//! Renewing a session. The old refresh token is dead once the request is sent, so a renewal that was begun goes on to its
//! end, also when nobody waits for it any more.

use super::keeper::Keeper;
use super::{Method, Session, SessionStore, underway};
use crate::cloud::CloudError;
use crate::cloud::address::Address;
use crate::cloud::generation::Generation;
use crate::cloud::http::Http;
use crate::cloud::oauth::{TokenClient, TokenError, Tokens};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::sync::Mutex;

/// A session, and what it takes to renew it.
#[derive(Debug)]
pub(super) struct Renewal {
    /// The client.
    pub(super) http: Http,
    /// Where the session lives.
    pub(super) keeper: Keeper,
    /// The control plane.
    pub(super) address: Address,
    /// Its paths and scopes.
    pub(super) generation: &'static Generation,
    /// The session as it is now.
    pub(super) session: Mutex<Session>,
}

impl Renewal {
    /// Returns a token that is good for now; never `refused`, when one is given.
    pub(super) async fn token(self: &Arc<Self>, refused: Option<&SecretString>) -> Result<SecretString, CloudError> {
        {
            let session = self.session.lock().await;
            if is_usable(&session, refused) {
                return Ok(session.access.clone());
            }
        }
        let (own, refused) = (Arc::clone(self), refused.cloned());
        let guard = underway::begin();
        let runtime = tokio::runtime::Handle::current();
        // On a thread of its own: dropping what waits here does not reach it.
        let task = tokio::task::spawn_blocking(move || {
            let _guard = guard;
            runtime.block_on(own.renew(refused.as_ref()))
        });
        match task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(CloudError::Setup(Box::new(error))),
            },
        }
    }

    async fn renew(&self, refused: Option<&SecretString>) -> Result<SecretString, CloudError> {
        let mut session = self.session.lock().await;
        if !is_usable(&session, refused) {
            match &self.keeper {
                Keeper::File(store) => self.renew_stored(store, &mut session, refused).await?,
                Keeper::Memory(again) => match (self.renewed(&session).await, again) {
                    (Ok(tokens), _) => session.renew(tokens, Timestamp::now()),
                    (Err(error), Some(again)) if error.is_end_of_session() => {
                        *session = again.sign_in(&session).await?;
                    }
                    (Err(error), _) => return Err(error),
                },
            }
        }
        Ok(session.access.clone())
    }

    /// Gets new tokens, unless another process already did. They are stored before they are used: whoever comes next
    /// needs the new refresh token, because the old one is dead.
    async fn renew_stored(
        &self,
        store: &SessionStore,
        session: &mut Session,
        refused: Option<&SecretString>,
    ) -> Result<(), CloudError> {
        let _lock = store.lock().await?;
        let stored = store.load()?.ok_or_else(|| CloudError::NotSignedIn {
            profile: store.profile().to_string(),
        })?;
        if stored.user != session.user || stored.address != session.address {
            return Err(self.keeper.ended(&session.user));
        }
        *session = stored;
        if is_usable(session, refused) {
            return Ok(());
        }
        let tokens = self.renewed(session).await?;
        session.renew(tokens, Timestamp::now());
        Ok(store.save(session)?)
    }

    /// Trades what the session has for new tokens.
    async fn renewed(&self, session: &Session) -> Result<Tokens, CloudError> {
        let ended = || self.keeper.ended(&session.user);
        let registration = session.client.as_ref().ok_or_else(ended)?;
        let client = TokenClient::new(&self.http, &self.address, self.generation, registration);
        let result = match (&session.refresh, session.method) {
            (Some(refresh), _) => client.refresh(refresh).await,
            (None, Method::ClientCredentials) => client.client_credentials(&session.scopes).await,
            (None, _) => return Err(ended()),
        };
        result.map_err(|error| match error {
            TokenError::InvalidGrant(_) | TokenError::InvalidClient(_) => ended(),
            TokenError::Cloud(error) => error,
        })
    }
}

/// Whether the session's token can be used, which it never can when it is the one that was refused.
fn is_usable(session: &Session, refused: Option<&SecretString>) -> bool {
    match refused {
        Some(refused) => refused.expose_secret() != session.access.expose_secret(),
        // What cannot be renewed is used until it is refused.
        None => !session.is_renewable() || !session.is_due(Timestamp::now()),
    }
}
