//! Requests as the signed-in user.

use super::keeper::{Again, Keeper};
use super::renewal::Renewal;
use super::{Method, Session, SessionStore};
use crate::cloud::CloudError;
use crate::cloud::address::Address;
use crate::cloud::generation::Generation;
use crate::cloud::http::{Answer, Call, Http, HttpOptions};
use crate::ui::Ui;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::sync::Mutex;

/// How often a token may be replaced by other requests while it is looked at.
const REPLACEMENTS: usize = 4;

/// A signed-in user's way to the control plane. Renews the session when it is due, and once when a token is refused.
#[derive(Debug)]
pub(crate) struct Connection {
    renewal: Arc<Renewal>,
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
            renewal: Arc::new(Renewal {
                http: Http::new(&session.http_options(options), ui)?,
                address: session.address.clone(),
                generation: session.generation(),
                session: Mutex::new(session),
                keeper,
            }),
        })
    }

    /// The client, for requests with other credentials.
    pub(crate) fn http(&self) -> &Http {
        &self.renewal.http
    }

    /// The control plane.
    pub(crate) fn address(&self) -> &Address {
        &self.renewal.address
    }

    /// Its paths and scopes.
    pub(crate) fn generation(&self) -> &'static Generation {
        self.renewal.generation
    }

    /// A copy of the session as it is now.
    pub(crate) async fn session(&self) -> Session {
        self.renewal.session.lock().await.clone()
    }

    /// Sends a request with the bearer token. `scopes` are those of which any one allows it.
    ///
    /// Every status but 2xx is an error, and but 304 where the call asks for that; 401 becomes [`CloudError::MissingScope`], or the error of a session that ended.
    pub(crate) async fn send(&self, call: Call, scopes: &[&str]) -> Result<Answer, CloudError> {
        let token = self.renewal.token(None).await?;
        let call = call.bearer(&token);
        let answer = self.renewal.http.send(&call).await?;
        if answer.status != 401 {
            return answer.require_success_of(&call);
        }
        // The same answer tells of a bad token and of a missing scope. New tokens have the scopes of the old ones, so
        // there is nothing to gain from a refresh when the scope was never granted.
        if !self.has_scope(scopes).await {
            return Err(self.missing_scope(answer, scopes));
        }
        if self.tells_no_scopes().await {
            return Err(match !scopes.is_empty() && self.is_good(&token).await? {
                true => self.missing_scope(answer, scopes),
                false => self.renewal.keeper.ended(&self.renewal.session.lock().await.user),
            });
        }
        let token = self.renewal.token(Some(&token)).await?;
        let call = call.bearer(&token);
        let answer = self.renewal.http.send(&call).await?;
        if answer.status != 401 {
            return answer.require_success_of(&call);
        }
        // A fresh token that is good for other things: the server bound the scope to a role that the user lacks.
        Err(match !scopes.is_empty() && self.is_good(&token).await? {
            true => self.missing_scope(answer, scopes),
            false => self.renewal.keeper.ended(&self.renewal.session.lock().await.user),
        })
    }

    /// Whether the token neither tells its scopes nor can be replaced.
    async fn tells_no_scopes(&self) -> bool {
        let session = self.renewal.session.lock().await;
        session.scopes.is_empty() && session.method == Method::Token
    }

    /// Whether a token, or the one that took its place meanwhile, is good for what every user of the publisher API may do.
    async fn is_good(&self, token: &SecretString) -> Result<bool, CloudError> {
        let path = self.renewal.generation.publisher.iter().copied().chain(["apis"]);
        let url = self.renewal.address.join(path);
        let mut token = token.clone();
        for _ in 0..REPLACEMENTS {
            let call = Call::get(url.clone()).query("limit", "1").bearer(&token);
            let answer = self.renewal.http.send(&call).await?;
            match answer.status {
                401 => {}
                403 => return Ok(true),
                // A server that fails says nothing about the token.
                _ => return answer.require_success().map(|_| true),
            }
            // Another request may have had it renewed, and with that ended.
            let present = self.renewal.session.lock().await.access.clone();
            if present.expose_secret() == token.expose_secret() {
                break;
            }
            token = present;
        }
        Ok(false)
    }

    async fn has_scope(&self, scopes: &[&str]) -> bool {
        let session = self.renewal.session.lock().await;
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
}
