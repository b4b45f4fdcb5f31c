//! A connection to one endpoint of the key manager: with the gateway's credentials, a bounded number of calls at once,
//! within a deadline.

use super::body;
use super::credentials::Credentials;
use crate::asking::Asking;
use crate::config::KeyManagerAuth;
use crate::unreached;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::SecretString;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Largest answer, in bytes.
const MAX_ANSWER: usize = 65_536;

/// Why there is no answer that can be used.
const INCOMPLETE: &str = "there is no complete answer";

/// What is connected to.
#[derive(Debug)]
pub(super) struct Endpoint<'a> {
    /// Where every call goes.
    pub(super) url: Url,
    /// How the gateway authenticates.
    pub(super) auth: &'a KeyManagerAuth,
    /// For one call, waiting for its turn included.
    pub(super) timeout: Duration,
    /// Calls at the same time.
    pub(super) max_concurrent_calls: usize,
}

/// Makes calls.
#[derive(Debug)]
pub(super) struct Connection {
    client: Client,
    url: Url,
    credentials: Credentials,
    timeout: Duration,
    turns: Semaphore,
}

impl Connection {
    /// Opens nothing yet.
    ///
    /// # Errors
    ///
    /// What is wrong with `asking`.
    pub(super) fn new(
        endpoint: Endpoint<'_>,
        asking: &Asking,
        control: &tokio::runtime::Handle,
    ) -> Result<Self, String> {
        // Credentials and tokens go to this server and nowhere else.
        let client = asking.client()?.redirect(Policy::none());
        let client = client.build().map_err(|error| error.to_string())?;
        Ok(Self {
            url: endpoint.url,
            credentials: Credentials::new(endpoint.auth, endpoint.timeout, client.clone(), control.clone()),
            client,
            timeout: endpoint.timeout,
            turns: Semaphore::new(endpoint.max_concurrent_calls),
        })
    }

    /// Sends what `fill` makes of a POST request. Fails when there is no complete answer within the deadline and the
    /// largest size.
    pub(super) async fn post(
        &self,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), &'static str> {
        let asked = async {
            // The semaphore is never closed.
            let _turn = self.turns.acquire().await.map_err(|_| INCOMPLETE)?;
            let (status, body, own) = self.call(&fill).await?;
            // The gateway's own access token may have been revoked.
            if status == StatusCode::UNAUTHORIZED
                && let Some(own) = own
                && self.credentials.forget(&own).await
            {
                let (status, body, _) = self.call(&fill).await?;
                return Ok((status, body));
            }
            Ok((status, body))
        };
        tokio::time::timeout(self.timeout, asked)
            .await
            .unwrap_or(Err("it did not answer in time"))
    }

    async fn call(
        &self,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>, Option<SecretString>), &'static str> {
        let request = self.client.post(self.url.clone());
        let (request, own) = self
            .credentials
            .add(request)
            .await
            .ok_or("the gateway has no access token for it")?;
        let response = fill(request).send().await.map_err(|error| unreached::why(&error))?;
        let status = response.status();
        let body = body(response, MAX_ANSWER).await.ok_or(INCOMPLETE)?;
        Ok((status, body, own))
    }
}
