//! Requests as the signed-in user.

use super::keeper::{Again, Keeper};
use super::{Method, Session, SessionStore};
use crate::cloud::CloudError;
use crate::cloud::address::Address;
use crate::cloud::generation::Generation;
use crate::cloud::http::{Answer, Call, Http, HttpOptions};
use crate::cloud::oauth::{TokenClient, TokenError, Tokens};
use crate::ui::Ui;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

/// A signed-in user's way to the control plane. Renews the session when it is due, and once when a token is refused.
#[derive(Debug)]
pub(crate) struct Connection {
    http: Http,
    keeper: Keeper,
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
        Self::new(Keeper::File(store), session, options, ui)
    }

    /// Takes up a session that is stored nowhere. With a password it starts anew when it ends.
    pub(crate) fn in_memory(
        session: Session,
        again: Option<Again>,
        options: &HttpOptions,
        ui: &Ui,
    ) -> Result<Self, CloudError> {
        Self::new(Keeper::Memory(again), session, options, ui)
    }

    fn new(keeper: Keeper, session: Session, options: &HttpOptions, ui: &Ui) -> Result<Self, CloudError> {
        Ok(Self {
            http: Http::new(&session.http_options(options), ui)?,
            address: session.address.clone(),
            generation: session.generation(),
            session: Mutex::new(session),
            keeper,
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
    /// Every status but 2xx is an error; 401 becomes [`CloudError::MissingScope`], or the error of a session that ended.
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
        if self.tells_no_scopes().await {
            return Err(match !scopes.is_empty() && self.is_good(&token).await? {
                true => self.missing_scope(answer, scopes),
                false => self.keeper.ended(&self.session.lock().await.user),
            });
        }
        let token = self.token(Some(&token)).await?;
        let call = call.bearer(&token);
        let answer = self.http.send(&call).await?;
        if answer.status == 401 {
            return Err(self.keeper.ended(&self.session.lock().await.user));
        }
        answer.require_success()
    }

    /// Whether the token neither tells its scopes nor can be replaced.
    async fn tells_no_scopes(&self) -> bool {
        let session = self.session.lock().await;
        session.scopes.is_empty() && session.method == Method::Token
    }

    /// Whether a token is good for what every user of the publisher API may do.
    async fn is_good(&self, token: &SecretString) -> Result<bool, CloudError> {
        let path = self.generation.publisher.iter().copied().chain(["apis"]);
        let call = Call::get(self.address.join(path)).query("limit", "1").bearer(token);
        Ok(self.http.send(&call).await?.status != 401)
    }

    async fn has_scope(&self, scopes: &[&str]) -> bool {
        let session = self.session.lock().await;
        scopes.is_empty()
            || session.scopes.is_empty()
            || session.scopes.iter().any(|have| scopes.contains(&have.as_str()))
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
            // What cannot be renewed is used until it is refused.
            None => !session.is_renewable() || !session.is_due(Timestamp::now()),
        };
        if !is_usable(&session) {
            self.refresh(&mut session, is_usable).await?;
        }
        Ok(session.access.clone())
    }

    async fn refresh(&self, session: &mut Session, is_usable: impl Fn(&Session) -> bool) -> Result<(), CloudError> {
        match &self.keeper {
            Keeper::File(store) => self.refresh_stored(store, session, is_usable).await,
            Keeper::Memory(again) => match (self.renewed(session).await, again) {
                (Ok(tokens), _) => {
                    session.renew(tokens, Timestamp::now());
                    Ok(())
                }
                (Err(error), Some(again)) if error.is_end_of_session() => {
                    *session = again.sign_in(session).await?;
                    Ok(())
                }
                (Err(error), _) => Err(error),
            },
        }
    }

    /// Gets new tokens, unless another process already did. They are stored before they are used: whoever comes next
    /// needs the new refresh token, because the old one is dead.
    async fn refresh_stored(
        &self,
        store: &SessionStore,
        session: &mut Session,
        is_usable: impl Fn(&Session) -> bool,
    ) -> Result<(), CloudError> {
        let _lock = store.lock().await?;
        let stored = store.load()?.ok_or_else(|| CloudError::NotSignedIn {
            profile: store.profile().to_string(),
        })?;
        if stored.user != session.user || stored.address != session.address {
            return Err(self.keeper.ended(&session.user));
        }
        *session = stored;
        if is_usable(session) {
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
