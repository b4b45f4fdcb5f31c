//! Asking the key manager: once per token at a time, a bounded number at once, within a deadline.

use super::body;
use super::credentials::Credentials;
use crate::config::KeyManager;
use crate::strict_json;
use aws_lc_rs::digest::{SHA256, digest};
use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Largest answer.
const MAX_ANSWER: usize = 65_536;
/// Tokens that are asked about or wait at the same time.
const MAX_WAITING: usize = 4096;

/// What the key manager says about a token.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It is good; the members of the answer.
    Active(Arc<Map<String, Value>>),
    /// It is not.
    Inactive,
    /// The answer makes no sense, or refuses the gateway rather than the token: no reason to remember anything.
    Senseless,
    /// Nobody could say.
    Unavailable,
}

type Waiting = HashMap<[u8; 32], watch::Receiver<Option<Answer>>>;

/// The connection to the key manager.
#[derive(Debug)]
pub(crate) struct Introspector {
    client: Client,
    url: url::Url,
    credentials: Credentials,
    timeout: Duration,
    calls: Semaphore,
    /// By digest of the token.
    waiting: Mutex<Waiting>,
    control: tokio::runtime::Handle,
    failures: AtomicU64,
}

impl Introspector {
    /// `None`: no key manager is configured.
    pub(crate) fn new(
        config: &KeyManager,
        extra_roots: Option<&[u8]>,
        control: &tokio::runtime::Handle,
    ) -> Result<Option<Arc<Self>>, String> {
        let Some(server) = &config.server_url else {
            return Ok(None);
        };
        let base = server.as_str().trim_end_matches('/');
        let url = url::Url::parse(&format!("{base}/{}/introspect", config.token_context))
            .map_err(|error| error.to_string())?;
        // Credentials and tokens go to this server and nowhere else.
        let mut builder = Client::builder().redirect(Policy::none());
        if let Some(pem) = extra_roots {
            let roots = Certificate::from_pem_bundle(pem).map_err(|error| error.to_string())?;
            builder = builder.tls_certs_merge(roots);
        }
        let client = builder.build().map_err(|error| error.to_string())?;
        Ok(Some(Arc::new(Self {
            url,
            credentials: Credentials::new(config, client.clone(), control.clone()),
            client,
            timeout: config.timeout,
            calls: Semaphore::new(config.max_concurrent_calls),
            waiting: Mutex::default(),
            control: control.clone(),
            failures: AtomicU64::new(0),
        })))
    }

    /// Returns how many questions nobody answered, altogether.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Asks about a token. Those who ask about the same token share one question, which goes on when one of them leaves.
    pub(crate) async fn ask(self: Arc<Self>, token: SecretString) -> Answer {
        let mut digest_of_token = [0; 32];
        digest_of_token.copy_from_slice(digest(&SHA256, token.expose_secret().as_bytes()).as_ref());
        let receiver = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            match waiting.get(&digest_of_token) {
                Some(receiver) => Some(receiver.clone()),
                None if waiting.len() >= MAX_WAITING => None,
                None => {
                    let (sender, receiver) = watch::channel(None);
                    waiting.insert(digest_of_token, receiver.clone());
                    let own = Arc::clone(&self);
                    self.control.spawn(async move {
                        let answer = own.question(&token).await;
                        let _ = sender.send(Some(answer));
                        own.waiting
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .remove(&digest_of_token);
                    });
                    Some(receiver)
                }
            }
        };
        let Some(mut receiver) = receiver else {
            return Answer::Unavailable;
        };
        let answer = receiver
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|answer| answer.clone());
        answer.unwrap_or(Answer::Unavailable)
    }

    async fn question(&self, token: &SecretString) -> Answer {
        let asked = async {
            // The semaphore is never closed.
            let _turn = self.calls.acquire().await.ok()?;
            let (status, body, own) = self.call(token).await?;
            // The gateway's own access token may have been revoked.
            if status == StatusCode::UNAUTHORIZED
                && let Some(own) = own
                && self.credentials.forget(&own).await
            {
                let (status, body, _) = self.call(token).await?;
                return Some((status, body));
            }
            Some((status, body))
        };
        match tokio::time::timeout(self.timeout, asked).await.ok().flatten() {
            Some((StatusCode::OK, body)) => read(&body),
            Some((status, _)) if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                tracing::warn!(
                    status = status.as_u16(),
                    "the key manager does not answer the gateway's questions"
                );
                self.failures.fetch_add(1, Ordering::Relaxed);
                Answer::Senseless
            }
            _ => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!("the key manager could not be asked about a token");
                Answer::Unavailable
            }
        }
    }

    async fn call(&self, token: &SecretString) -> Option<(StatusCode, Vec<u8>, Option<SecretString>)> {
        let request = self.client.post(self.url.clone()).header(ACCEPT, "application/json");
        let (request, own) = self.credentials.add(request).await?;
        let form = [("token", token.expose_secret()), ("token_type_hint", "access_token")];
        let response = request.form(&form).send().await.ok()?;
        let status = response.status();
        Some((status, body(response, MAX_ANSWER).await?, own))
    }
}

fn read(body: &[u8]) -> Answer {
    match strict_json::parse(body) {
        Some(members) => match members.get("active") {
            Some(Value::Bool(true)) => Answer::Active(Arc::new(members)),
            Some(Value::Bool(false)) => Answer::Inactive,
            _ => Answer::Senseless,
        },
        None => Answer::Senseless,
    }
}
