//! Tokens of the client-credentials grant, which the gateway fetches for itself and shows to backends.
//!
//! A token is fetched when the first request needs it, once for all that wait, and renewed beside the requests before it
//! ends. While none is to be had, requests are refused at once, and the token endpoint is asked again after a pause.

use super::token_answer::{self, Given};
use crate::pause::jittered;
use crate::questions::Questions;
use crate::upstream::ask::{AskError, ask};
use crate::upstream::origin::{Origin, Origins};
use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use mgw_bundle::config::BackendProtocol;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use url::Url;

/// For one token, connecting included.
const FETCH: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// After the first failure nothing is asked for this long, then longer.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A backend's refusal of a token is followed by a new token at most once in this time, in milliseconds.
const REFUSALS_MS: u64 = 10_000;

/// Why there is no token for a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token endpoint could not be reached")]
    Unreached,
    #[error("the token endpoint's certificate is not accepted, or TLS cannot be agreed on")]
    Tls,
    #[error("the token endpoint did not answer in time")]
    TooLate,
    #[error("the token endpoint's answer broke off or is too large")]
    Broken,
    #[error("the token endpoint does not accept the client id or its secret")]
    Client,
    #[error("the token endpoint does not grant the scopes to this client")]
    Scope,
    #[error("the token endpoint does not grant tokens to clients (grant type client_credentials)")]
    Grant,
    #[error("the token endpoint answers {0}")]
    Status(u16),
    #[error("the token endpoint's answer holds no token that can be used")]
    Unreadable,
    #[error("the token endpoint gives tokens of another type than bearer")]
    OtherType,
    #[error("too many tokens are being fetched")]
    TooMany,
}

impl From<AskError> for TokenError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Connect(_) => Self::Unreached,
            AskError::Tls(_) => Self::Tls,
            AskError::Broken | AskError::TooLarge => Self::Broken,
        }
    }
}

/// Who asks for tokens, and where.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) token_url: String,
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) scopes: Vec<String>,
    /// Send id and secret in the body instead of by Basic.
    pub(crate) in_body: bool,
}

impl Client {
    /// What is sent for a token.
    fn form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !self.scopes.is_empty() {
            form.append_pair("scope", &self.scopes.join(" "));
        }
        if self.in_body {
            form.append_pair("client_id", &self.id);
            form.append_pair("client_secret", self.secret.expose_secret());
        }
        form.finish()
    }
}

/// A token that was given.
#[derive(Debug)]
pub(crate) struct Token {
    /// `Bearer` and the token.
    pub(crate) header: HeaderValue,
    renew_at: Instant,
    ends_at: Instant,
}

impl Token {
    fn new(given: Given, now: Instant) -> Self {
        // A clock that is wrong by a little, and the way to the backend, take a part of it.
        let usable = given.lifetime.mul_f64(0.95);
        Self {
            header: given.header,
            renew_at: now + given.lifetime.mul_f64(0.75),
            ends_at: now + usable,
        }
    }
}

/// What is known at one time.
#[derive(Debug, Default)]
struct State {
    token: Option<Arc<Token>>,
    failure: Option<Failure>,
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    error: TokenError,
    pause: Duration,
    ask_again_at: Instant,
}

/// What a request does about its token.
#[derive(Debug)]
enum Decision {
    Use(Arc<Token>),
    /// Somebody should renew it meanwhile.
    UseAndRenew(Arc<Token>),
    Wait,
    Fail(TokenError),
}

fn decide(state: &State, now: Instant) -> Decision {
    let may_ask = state.failure.is_none_or(|failure| now >= failure.ask_again_at);
    match (&state.token, state.failure) {
        (Some(token), _) if now < token.renew_at => Decision::Use(Arc::clone(token)),
        (Some(token), _) if now < token.ends_at && may_ask => Decision::UseAndRenew(Arc::clone(token)),
        (Some(token), _) if now < token.ends_at => Decision::Use(Arc::clone(token)),
        (_, Some(failure)) if !may_ask => Decision::Fail(failure.error),
        _ => Decision::Wait,
    }
}

/// The tokens of one client. Requests take no lock for a token that is good.
#[derive(Debug)]
pub(crate) struct TokenSource {
    client: Client,
    origin: Arc<Origin>,
    host: HeaderValue,
    path: String,
    /// The token URL as the log may show it: queries can hold keys.
    shown: String,
    state: ArcSwap<State>,
    renewing: AtomicBool,
    /// When a backend's refusal was last believed, in milliseconds since `began`, at least 1; 0: never.
    refused_ms: AtomicU64,
    began: Instant,
    open: Arc<Questions<Result<Arc<Token>, TokenError>, ()>>,
    control: Handle,
}

impl TokenSource {
    fn new(client: Client, origins: &Origins, control: &Handle) -> Result<Self, &'static str> {
        let url = Url::parse(&client.token_url).map_err(|_| "has a token URL that is not a URL")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("has a token URL that is neither http nor https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a token URL that carries credentials");
        }
        let origin = origins.of(&url, &[], BackendProtocol::Http1)?;
        let host = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let query = url.query().map_or(String::new(), |query| format!("?{query}"));
        Ok(Self {
            origin,
            host: HeaderValue::try_from(host).map_err(|_| "has a token URL without a usable host")?,
            path: format!("{}{query}", url.path()),
            shown: shown(url),
            client,
            state: ArcSwap::default(),
            renewing: AtomicBool::new(false),
            refused_ms: AtomicU64::new(0),
            began: Instant::now(),
            open: Questions::new(control),
            control: control.clone(),
        })
    }

    /// Returns a token, at once where one is known.
    pub(in crate::upstream) async fn token(self: &Arc<Self>) -> Result<Arc<Token>, TokenError> {
        match decide(&self.state.load(), Instant::now()) {
            Decision::Use(token) => Ok(token),
            Decision::UseAndRenew(token) => {
                if !self.renewing.swap(true, Relaxed) {
                    let source = Arc::clone(self);
                    self.control.spawn(async move {
                        let _ = source.wait().await;
                        source.renewing.store(false, Relaxed);
                    });
                }
                Ok(token)
            }
            Decision::Wait => self.wait().await,
            Decision::Fail(error) => Err(error),
        }
    }

    /// Takes note that a backend refused a token. Returns whether another may help: not when one was refused just before.
    pub(in crate::upstream) fn refused(&self, refused: &Arc<Token>) -> bool {
        let state = self.state.load();
        let is_current = state.token.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused));
        if !is_current {
            // Somebody else has seen to it.
            return state.token.is_some() || state.failure.is_none();
        }
        let now_ms = u64::try_from(self.began.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let before = self.refused_ms.load(Relaxed);
        if before != 0 && now_ms.saturating_sub(before) < REFUSALS_MS {
            return false;
        }
        if self
            .refused_ms
            .compare_exchange(before, now_ms, Relaxed, Relaxed)
            .is_ok()
        {
            tracing::info!(
                client = self.client.id,
                "a backend refused its token; another is fetched"
            );
            let without = State {
                token: None,
                failure: state.failure,
            };
            self.state.compare_and_swap(&*state, Arc::new(without));
        }
        true
    }

    async fn wait(self: &Arc<Self>) -> Result<Arc<Token>, TokenError> {
        let source = Arc::clone(self);
        let asked = self.open.ask((), || async move { source.fetch().await });
        asked.await.unwrap_or(Err(TokenError::TooMany))
    }

    async fn fetch(&self) -> Result<Arc<Token>, TokenError> {
        // Whoever was here before may have fetched one.
        if let Decision::Use(token) = decide(&self.state.load(), Instant::now()) {
            return Ok(token);
        }
        let fetched = match tokio::time::timeout(FETCH, self.ask()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(TokenError::TooLate),
        };
        let now = Instant::now();
        match fetched {
            Ok(given) => {
                let token = Arc::new(Token::new(given, now));
                let state = State {
                    token: Some(Arc::clone(&token)),
                    failure: None,
                };
                self.state.store(Arc::new(state));
                Ok(token)
            }
            Err(error) => {
                let before = self.state.load();
                let pause = before
                    .failure
                    .map_or(FIRST_PAUSE, |failure| (failure.pause * 2).min(LONGEST_PAUSE));
                let state = State {
                    token: before.token.clone(),
                    failure: Some(Failure {
                        error,
                        pause,
                        ask_again_at: now + jittered(pause),
                    }),
                };
                tracing::warn!(
                    client = self.client.id, token_url = self.shown, %error,
                    "no token for backends could be fetched"
                );
                self.state.store(Arc::new(state));
                Err(error)
            }
        }
    }

    async fn ask(&self) -> Result<Given, TokenError> {
        let Client {
            id, secret, in_body, ..
        } = &self.client;
        let mut request = Request::new(Full::new(Bytes::from(self.client.form())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.parse().map_err(|_| TokenError::Unreached)?;
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if !in_body {
            headers.insert(AUTHORIZATION, basic(id, secret).ok_or(TokenError::Client)?);
        }
        let (status, body) = ask(&self.origin, request, MAX_ANSWER).await?;
        token_answer::read(status, &body)
    }
}

/// Scheme, host, port and path.
fn shown(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Id and secret are form-encoded before they are joined (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &SecretString) -> Option<HeaderValue> {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The token sources of this gateway: one for each client, whatever number of endpoints use it. They survive reloads.
#[derive(Debug)]
pub(crate) struct TokenSources {
    origins: Arc<Origins>,
    control: Handle,
    known: Mutex<HashMap<[u8; 32], Weak<TokenSource>>>,
}

impl TokenSources {
    pub(crate) fn new(origins: &Arc<Origins>, control: &Handle) -> Self {
        Self {
            origins: Arc::clone(origins),
            control: control.clone(),
            known: Mutex::default(),
        }
    }

    /// Returns the tokens of a client.
    ///
    /// # Errors
    ///
    /// Why its token URL cannot be used.
    pub(crate) fn of(&self, client: Client) -> Result<Arc<TokenSource>, &'static str> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, source| source.strong_count() > 0);
        let key = identity(&client);
        if let Some(source) = known.get(&key).and_then(Weak::upgrade) {
            return Ok(source);
        }
        let source = Arc::new(TokenSource::new(client, &self.origins, &self.control)?);
        known.insert(key, Arc::downgrade(&source));
        Ok(source)
    }
}

/// What tells a client from others.
fn identity(client: &Client) -> [u8; 32] {
    let mut text = Vec::new();
    let placement = if client.in_body { "body" } else { "header" };
    let parts = [
        client.token_url.as_str(),
        &client.id,
        client.secret.expose_secret(),
        placement,
    ];
    for part in parts.into_iter().chain(client.scopes.iter().map(String::as_str)) {
        text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, &text).as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(seconds: u64) -> Given {
        Given {
            header: HeaderValue::from_static("Bearer a"),
            lifetime: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn tokens_are_renewed_before_they_end_and_failures_are_waited_out() {
        let now = Instant::now();
        let at = |seconds: u64| now + Duration::from_secs(seconds);
        let failure = Failure {
            error: TokenError::Client,
            pause: FIRST_PAUSE,
            ask_again_at: at(80),
        };
        let state = |token: bool, failed: bool| State {
            token: token.then(|| Arc::new(Token::new(given(100), now))),
            failure: failed.then_some(failure),
        };
        assert!(matches!(decide(&state(false, false), now), Decision::Wait));
        assert!(matches!(decide(&state(true, false), at(74)), Decision::Use(_)));
        assert!(matches!(decide(&state(true, false), at(76)), Decision::UseAndRenew(_)));
        assert!(matches!(decide(&state(true, false), at(95)), Decision::Wait));
        // A failed renewal takes nothing away from a token that is still good.
        assert!(matches!(decide(&state(true, true), at(76)), Decision::Use(_)));
        assert!(matches!(decide(&state(true, true), at(81)), Decision::UseAndRenew(_)));
        assert!(matches!(
            decide(&state(false, true), at(79)),
            Decision::Fail(TokenError::Client)
        ));
        assert!(matches!(decide(&state(false, true), at(80)), Decision::Wait));
    }

    #[test]
    fn the_query_of_a_token_url_is_asked_and_not_shown() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let client = Client {
            token_url: "https://idp.test:8443/token?key=canary#canary".into(),
            id: "id".into(),
            secret: "canary".into(),
            scopes: Vec::new(),
            in_body: false,
        };
        let runtime = runtime.expect("a runtime, on which nothing is asked");
        let source = TokenSource::new(client, &Origins::default(), runtime.handle()).expect("a good URL");
        assert_eq!(source.path, "/token?key=canary");
        assert_eq!(source.shown, "https://idp.test:8443/token");
    }

    #[test]
    fn clients_are_told_apart_and_their_secrets_are_not_shown() {
        let client = |secret: &str, scopes: &[&str]| Client {
            token_url: "https://idp/token".into(),
            id: "id".into(),
            secret: secret.into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            in_body: false,
        };
        assert_eq!(identity(&client("canary", &["a"])), identity(&client("canary", &["a"])));
        assert_ne!(identity(&client("canary", &["a"])), identity(&client("canary", &["b"])));
        assert_ne!(identity(&client("canary", &["a"])), identity(&client("other", &["a"])));
        assert!(!format!("{:?}", client("canary", &[])).contains("canary"));
        let header = basic("i d", &"s:e".into()).expect("a value");
        assert_eq!(header.as_bytes(), b"Basic aStkOnMlM0Fl");
    }
}
