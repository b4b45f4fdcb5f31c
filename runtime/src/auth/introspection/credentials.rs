//! How the gateway authenticates to the key manager.

use super::body;
use crate::config::{Grant, KeyManagerAuth};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Largest answer of a token endpoint.
const MAX_ANSWER: usize = 65_536;
/// Life of an access token whose answer does not tell.
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// A token is renewed so long before it ends.
const MARGIN: Duration = Duration::from_secs(10);

/// The gateway's own credentials.
#[derive(Debug)]
pub(super) struct Credentials {
    auth: KeyManagerAuth,
    /// The access token of the client credentials grant. The lock also makes fetches single-flight.
    current: Mutex<Option<(SecretString, Instant)>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<u64>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

impl Credentials {
    pub(super) fn new(auth: KeyManagerAuth) -> Self {
        Self {
            auth,
            current: Mutex::new(None),
        }
    }

    /// Adds the credentials to a request. `None`: there are none to be had now.
    pub(super) async fn add(&self, client: &Client, request: RequestBuilder) -> Option<RequestBuilder> {
        match &self.auth {
            KeyManagerAuth::None => Some(request),
            KeyManagerAuth::Basic { username, password } => {
                Some(request.basic_auth(username, Some(password.expose_secret())))
            }
            KeyManagerAuth::OAuth2(Grant::Direct(token)) => Some(request.bearer_auth(token.expose_secret())),
            KeyManagerAuth::OAuth2(grant) => {
                let token = self.token(client, grant).await?;
                Some(request.bearer_auth(token.expose_secret()))
            }
        }
    }

    /// Forgets the access token, because the key manager refused it. Returns whether a new one can be had.
    pub(super) async fn forget(&self) -> bool {
        self.current.lock().await.take().is_some()
    }

    async fn token(&self, client: &Client, grant: &Grant) -> Option<SecretString> {
        let mut current = self.current.lock().await;
        if let Some((token, until)) = current.as_ref()
            && Instant::now() < *until
        {
            return Some(token.clone());
        }
        let answer = fetch(client, grant).await?;
        let life = answer
            .expires_in
            .map_or(DEFAULT_LIFE, Duration::from_secs)
            .min(Duration::from_secs(86_400));
        *current = Some((
            answer.access_token.clone(),
            Instant::now() + life.saturating_sub(MARGIN),
        ));
        Some(answer.access_token)
    }
}

async fn fetch(client: &Client, grant: &Grant) -> Option<TokenAnswer> {
    let Grant::ClientCredentials {
        token_url,
        client_id,
        client_secret,
        scopes,
        in_body,
    } = grant
    else {
        return None;
    };
    let mut form = vec![("grant_type", "client_credentials")];
    if let Some(scopes) = scopes {
        form.push(("scope", scopes));
    }
    let mut request = client.post(token_url.clone());
    if *in_body {
        form.push(("client_id", client_id));
        form.push(("client_secret", client_secret.expose_secret()));
    } else {
        request = request.basic_auth(client_id, Some(client_secret.expose_secret()));
    }
    let response = request.form(&form).send().await.ok()?;
    if response.status() != StatusCode::OK {
        tracing::warn!(
            status = response.status().as_u16(),
            "the key manager gave the gateway no access token"
        );
        return None;
    }
    serde_json::from_slice(&body(response, MAX_ANSWER).await?).ok()
}
