//! Requests as the signed-in user.

use super::{Session, SessionStore};
use crate::cloud::CloudError;
use crate::cloud::address::Address;
use crate::cloud::generation::Generation;
use crate::cloud::http::{Answer, Call, Http, HttpOptions};
use crate::cloud::oauth::{TokenClient, TokenError};
use crate::ui::Ui;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

/// A signed-in user's way to the control plane. Refreshes the session when it is due, and once when a token is refused.
#[derive(Debug)]
pub(crate) struct Connection {
    http: Http,
    store: SessionStore,
    address: Address,
    generation: &'static Generation,
    session: Mutex<Session>,
}

impl Connection {
    /// Takes up the stored session.
    pub(crate) fn open(store: SessionStore, options: &HttpOptions, ui: &Ui) -> Result<Self, CloudError> {
        let session = store.load()?.ok_or_else(|| CloudError::NotSignedIn {
            profile: store.profile().to_string(),
        })?;
        let options = HttpOptions {
            extra_roots: session.extra_roots.clone().or_else(|| options.extra_roots.clone()),
            ..options.clone()
        };
        Ok(Self {
            http: Http::new(&options, ui)?,
            address: session.address.clone(),
            generation: session.generation(),
            session: Mutex::new(session),
            store,
        })
    }

    /// The client, for requests with other credentials.
    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// The control plane.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Its paths and scopes.
    pub(crate) fn generation(&self) -> &'static Generation {
        self.generation
    }

    /// A copy of the session as it is now.
    pub(crate) async fn session(&self) -> Session {
        self.session.lock().await.clone()
    }

    /// Sends a request with the bearer token. `scopes` are those of which any one allows it.
    ///
    /// Every status but 2xx is an error; 401 becomes [`CloudError::MissingScope`] or [`CloudError::SessionEnded`].
    pub(crate) async fn send(&self, call: Call, scopes: &[&str]) -> Result<Answer, CloudError> {
        let token = self.token(None).await?;
        let call = call.bearer(&token);
        let answer = self.http.send(&call).await?;
        if answer.status != 401 {
            return answer.require_success();
        }
        // The same answer tells of a bad token and of a missing scope. New tokens have the scopes of the old ones, so
        // there is nothing to gain from a refresh when the scope was never granted.
        if !self.has_scope(scopes).await {
            return Err(self.missing_scope(answer, scopes));
        }
        let token = self.token(Some(&token)).await?;
        let call = call.bearer(&token);
        let answer = self.http.send(&call).await?;
        if answer.status == 401 {
            let session = self.session.lock().await;
            return Err(CloudError::SessionEnded {
                user: session.user.to_string(),
                profile: self.store.profile().to_string(),
            });
        }
        answer.require_success()
    }

    async fn has_scope(&self, scopes: &[&str]) -> bool {
        let session = self.session.lock().await;
        scopes.is_empty() || session.scopes.iter().any(|have| scopes.contains(&have.as_str()))
    }

    fn missing_scope(&self, answer: Answer, scopes: &[&str]) -> CloudError {
        CloudError::MissingScope {
            request: answer.request,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }

    /// Returns a token that is good for now; never `refused`, when one is given.
    async fn token(&self, refused: Option<&SecretString>) -> Result<SecretString, CloudError> {
        let mut session = self.session.lock().await;
        let is_usable = |session: &Session| match refused {
            Some(refused) => refused.expose_secret() != session.access.expose_secret(),
            None => !session.is_due(Timestamp::now()),
        };
        if !is_usable(&session) {
            self.refresh(&mut session, is_usable).await?;
        }
        Ok(session.access.clone())
    }

    /// Gets new tokens, unless another process already did. They are stored before they are used: whoever comes next
    /// needs the new refresh token, because the old one is dead.
    async fn refresh(&self, session: &mut Session, is_usable: impl Fn(&Session) -> bool) -> Result<(), CloudError> {
        let _lock = self.store.lock().await?;
        let stored = self.store.load()?.ok_or_else(|| CloudError::NotSignedIn {
            profile: self.store.profile().to_string(),
        })?;
        if stored.user != session.user || stored.address != session.address {
            return Err(self.ended(session));
        }
        *session = stored;
        if is_usable(session) {
            return Ok(());
        }
        let refresh = session.refresh.clone().ok_or_else(|| self.ended(session))?;
        let client = TokenClient::new(&self.http, &self.address, self.generation, &session.client);
        match client.refresh(&refresh).await {
            Ok(tokens) => {
                session.renew(tokens, Timestamp::now());
                Ok(self.store.save(session)?)
            }
            Err(TokenError::InvalidGrant(_) | TokenError::InvalidClient(_)) => Err(self.ended(session)),
            Err(TokenError::Cloud(error)) => Err(error),
        }
    }

    fn ended(&self, session: &Session) -> CloudError {
        CloudError::SessionEnded {
            user: session.user.to_string(),
            profile: self.store.profile().to_string(),
        }
    }
}
