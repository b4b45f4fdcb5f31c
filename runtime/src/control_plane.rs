//! Asks services of the control plane: with Basic authentication, within bounds, and nobody else.

use crate::asking::Asking;
use crate::refused::Account;
use crate::unreached;
use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use std::time::{Duration, Instant};
use url::Url;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Why there is no answer. Says nothing that the operator did not configure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("{0}")]
    Unreached(&'static str),
    #[error("the control plane answers {status}{}", unreached::remedy(*.0), status = .0)]
    Status(u16),
    #[error("the answer breaks off")]
    Broken,
    #[error("the answer is too large")]
    TooLarge,
    #[error("the control plane does not answer in time")]
    TooLate,
    #[error("{0}")]
    Unusable(&'static str),
}

/// A service of the control plane.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    client: Client,
    account: Account,
}

impl ControlPlane {
    /// Prepares the connection to the server of a URL.
    ///
    /// # Errors
    ///
    /// What is wrong with `asking`.
    pub(crate) fn new(server: &Url, username: &str, password: &SecretString, asking: &Asking) -> Result<Self, String> {
        // The credentials go to this server and nowhere else.
        let builder = asking.client()?.redirect(Policy::none()).connect_timeout(CONNECT);
        Ok(Self {
            client: builder.build().map_err(|error| error.to_string())?,
            account: asking.accounts().of(server, username, password),
        })
    }

    /// Asks for JSON; `complete` adds to the question. Returns the body of a successful answer, of at most `limit` bytes, that
    /// came within `deadline`. While the credentials are refused, that is said again without asking.
    pub(crate) async fn answer(
        &self,
        url: Url,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
        limit: usize,
        deadline: Duration,
    ) -> Result<Vec<u8>, NoAnswer> {
        let Some(credentials) = self.account.credentials(Instant::now()) else {
            return Err(NoAnswer::Status(401));
        };
        let request = self.client.get(url).header(ACCEPT, "application/json");
        let request = request.basic_auth(self.account.user(), Some(credentials.password.expose_secret()));
        let answer = answer(complete(request), limit, deadline).await;
        self.account.note(&credentials, &answer, Instant::now());
        answer
    }
}

/// Returns the body of a successful answer, of at most `limit` bytes, that came within `deadline`.
async fn answer(request: RequestBuilder, limit: usize, deadline: Duration) -> Result<Vec<u8>, NoAnswer> {
    let answered = async {
        let mut response = request
            .send()
            .await
            .map_err(|error| NoAnswer::Unreached(unreached::why(&error)))?;
        if !response.status().is_success() {
            return Err(NoAnswer::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| NoAnswer::Broken)? {
            if body.len() + chunk.len() > limit {
                return Err(NoAnswer::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(deadline, answered)
        .await
        .unwrap_or(Err(NoAnswer::TooLate))
}
