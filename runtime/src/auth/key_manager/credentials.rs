//! How the gateway authenticates to the key manager.

use super::kept_token::{KeptToken, Next};
use super::token_request::fetch;
use crate::config::{Grant, KeyManagerAuth};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The gateway's own credentials.
#[derive(Debug)]
pub(super) struct Credentials {
    auth: Arc<KeyManagerAuth>,
    timeout: Duration,
    client: Client,
    control: tokio::runtime::Handle,
    /// The lock makes fetches single-flight.
    kept: Arc<Mutex<KeptToken>>,
}

/// A request with credentials, and the access token among them.
pub(super) type Authenticated = (RequestBuilder, Option<SecretString>);

impl Credentials {
    pub(super) fn new(
        auth: &KeyManagerAuth,
        timeout: Duration,
        client: Client,
        control: tokio::runtime::Handle,
    ) -> Self {
        let mut kept = KeptToken::default();
        if let KeyManagerAuth::OAuth2(own) = auth {
            if let Grant::Direct(token) = &own.grant {
                kept = KeptToken::given(token.clone());
            }
            kept.refresh = own.refresh.as_ref().and_then(|renewal| renewal.token.clone());
        }
        Self {
            auth: Arc::new(auth.clone()),
            timeout,
            client,
            control,
            kept: Arc::new(Mutex::new(kept)),
        }
    }

    /// Adds the credentials to a request. `None`: there are none to be had now.
    pub(super) async fn add(&self, request: RequestBuilder) -> Option<Authenticated> {
        match &*self.auth {
            KeyManagerAuth::None => Some((request, None)),
            KeyManagerAuth::Basic { username, password } => {
                Some((request.basic_auth(username, Some(password.expose_secret())), None))
            }
            KeyManagerAuth::OAuth2(_) => {
                let token = self.token().await?;
                Some((request.bearer_auth(token.expose_secret()), Some(token)))
            }
        }
    }

    /// Forgets an access token that the key manager refused. Returns whether it makes sense to ask again with another.
    pub(super) async fn forget(&self, refused: &SecretString) -> bool {
        match &*self.auth {
            KeyManagerAuth::OAuth2(own) if own.refresh.is_none() && matches!(own.grant, Grant::Direct(_)) => false,
            KeyManagerAuth::OAuth2(_) => self.kept.lock().await.refused(refused, Instant::now()),
            _ => false,
        }
    }

    async fn token(&self) -> Option<SecretString> {
        let kept = Arc::clone(&self.kept).lock_owned().await;
        match kept.next(Instant::now()) {
            Next::Use(token) => Some(token),
            Next::GiveUp => None,
            Next::Ask => {
                // A task of its own: a refresh token that was used up must be replaced even when nobody waits any more.
                let (auth, client) = (Arc::clone(&self.auth), self.client.clone());
                let renewed = self.control.spawn(renew(kept, auth, client, self.timeout));
                renewed.await.ok().flatten()
            }
        }
    }
}

async fn renew(
    mut kept: OwnedMutexGuard<KeptToken>,
    auth: Arc<KeyManagerAuth>,
    http: Client,
    timeout: Duration,
) -> Option<SecretString> {
    let KeyManagerAuth::OAuth2(own) = &*auth else {
        return None;
    };
    let (grant, refresh) = (&own.grant, &own.refresh);
    let deadline = tokio::time::Instant::now() + timeout;
    let mut answer = None;
    if let (Some(renewal), Some(token)) = (refresh, &kept.refresh) {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose_secret()),
        ];
        answer = fetch(&http, &renewal.client, &form, deadline).await;
        // With a password there is another way, which brings a new refresh token.
        if answer.is_none() && matches!(grant, Grant::Password { .. }) {
            kept.refresh = None;
        }
    }
    if answer.is_none() {
        answer = match grant {
            Grant::Direct(_) => None,
            Grant::ClientCredentials { client } => {
                fetch(&http, client, &[("grant_type", "client_credentials")], deadline).await
            }
            Grant::Password {
                client,
                username,
                password,
            } => {
                let form = [
                    ("grant_type", "password"),
                    ("username", username),
                    ("password", password.expose_secret()),
                ];
                fetch(&http, client, &form, deadline).await
            }
        };
    }
    let Some(answer) = answer else {
        kept.failed(Instant::now());
        return None;
    };
    Some(kept.renewed(answer, Instant::now()))
}
