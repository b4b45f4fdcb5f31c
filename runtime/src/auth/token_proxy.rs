//! The key manager's token endpoints behind the gateway.

use super::services::{Service, ServiceRequest, text};
use crate::asking::Asking;
use crate::config::KeyManager;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRAILER};
use http::{HeaderMap, Response, StatusCode};
use reqwest::Client;
use reqwest::redirect::Policy;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Largest answer.
const MAX_ANSWER: usize = 1 << 20;

/// Forwards to the key manager.
#[derive(Debug)]
pub(super) struct TokenProxy {
    client: Client,
    base: Url,
    timeout: Duration,
    calls: Arc<Semaphore>,
    control: tokio::runtime::Handle,
}

impl TokenProxy {
    /// `None`: no key manager is configured.
    pub(super) fn new(
        config: &KeyManager,
        asking: &Asking,
        control: &tokio::runtime::Handle,
    ) -> Result<Option<Self>, String> {
        let Some(server) = &config.server_url else {
            return Ok(None);
        };
        // A redirect of `/authorize` is the browser's to follow.
        let builder = asking.client()?.redirect(Policy::none());
        let base = format!("{}/{}", server.as_str().trim_end_matches('/'), config.token_context);
        Ok(Some(Self {
            client: builder.build().map_err(|error| error.to_string())?,
            base: Url::parse(&base).map_err(|error| error.to_string())?,
            timeout: config.timeout,
            calls: Arc::new(Semaphore::new(config.max_concurrent_calls)),
            control: control.clone(),
        }))
    }

    /// Where a request for a path and query goes: below the key manager's base, to the path as it was received. `None`: the
    /// path would be written otherwise, for URLs fold dots and turn backslashes round. It could lead to any other place
    /// of the key manager then.
    pub(super) fn address(&self, target: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{target}", self.base)).ok()?;
        let path = target.split('?').next();
        (url.path().strip_prefix(self.base.path()) == path).then_some(url)
    }

    /// Forwards a request to its address; whatever fails is the same answer.
    pub(super) async fn forward(&self, service: Service, address: Url, mut request: ServiceRequest) -> Response<Bytes> {
        // It is there as a whole, which says how long it is and that nothing follows it.
        request.headers.remove(CONTENT_LENGTH);
        request.headers.remove(TRAILER);
        let call = self
            .client
            .request(request.method, address)
            .headers(request.headers)
            .body(request.body);
        let calls = Arc::clone(&self.calls);
        let exchange = async move {
            // The semaphore is never closed.
            let _turn = calls.acquire().await.ok()?;
            let mut answer = call.send().await.ok()?;
            let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.ok()? {
                if body.len() + chunk.len() > MAX_ANSWER {
                    return None;
                }
                body.extend_from_slice(&chunk);
            }
            Some((status, headers, body))
        };
        let timeout = self.timeout;
        // Connections to the key manager belong to the control runtime.
        let running = self
            .control
            .spawn(async move { tokio::time::timeout(timeout, exchange).await.ok().flatten() });
        match running.await.ok().flatten() {
            Some((status, headers, body)) => relay(status, headers, body),
            None => text(StatusCode::INTERNAL_SERVER_ERROR, "application/json", failure(service)),
        }
    }
}

fn relay(status: StatusCode, mut headers: HeaderMap, body: Vec<u8>) -> Response<Bytes> {
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRAILER);
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

const fn failure(service: Service) -> &'static str {
    match service {
        Service::Token => "{\"error\":\"error occurred while invoking the token endpoint\"}",
        Service::Revoke => "{\"error\":\"error occurred while invoking the revoke endpoint\"}",
        Service::Authorize => "{\"error\":\"error occurred while invoking the authorize endpoint\"}",
        Service::UserInfo | Service::ApiKey => "{\"error\":\"error occurred while invoking the user info endpoint\"}",
    }
}
