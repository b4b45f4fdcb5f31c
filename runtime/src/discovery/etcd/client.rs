//! Asks etcd.

use super::error::EtcdError;
use super::lines::{Lines, MAX_LINE};
use super::wire::{self, Read, Told};
use crate::config::EtcdSettings;
use reqwest::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// For an answer, and for the beginning of one that goes on.
const ANSWER: Duration = Duration::from_secs(10);
/// After this time of silence the system asks whether etcd is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Why etcd cannot be used with these settings.
#[derive(Debug, Clone, Copy)]
pub(in crate::discovery) struct EtcdSetUpError;

impl EtcdSetUpError {
    pub(in crate::discovery) fn reason(self) -> &'static str {
        "is looked up in etcd, whose CA file (etcdcafile) cannot be used"
    }
}

/// The etcd of this gateway.
#[derive(Debug)]
pub(in crate::discovery) struct Etcd {
    client: Client,
    /// With the base path; at least one.
    servers: Vec<Url>,
    /// The server that is asked.
    turn: AtomicUsize,
    user: Option<(String, SecretString)>,
    token: Mutex<Token>,
    /// Longest pause before etcd is asked again.
    pub(super) longest_pause: Duration,
}

/// What shows etcd who asks. Everybody shares it: etcd spends much work on every password.
#[derive(Debug, Default)]
struct Token {
    value: Option<SecretString>,
    /// etcd does not want any.
    needless: bool,
    /// Counts the tokens there were.
    number: u64,
}

impl Etcd {
    pub(in crate::discovery) fn new(settings: &EtcdSettings) -> Result<Self, EtcdSetUpError> {
        // The credentials go to these servers and nowhere else.
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE / 4)
            .tcp_keepalive_retries(3);
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|_| EtcdSetUpError)?;
            let roots = Certificate::from_pem_bundle(&pem).map_err(|_| EtcdSetUpError)?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Self {
            client: builder.build().map_err(|_| EtcdSetUpError)?,
            servers: settings.servers.clone(),
            turn: AtomicUsize::new(0),
            user: settings
                .username
                .clone()
                .map(|username| (username, settings.password.clone())),
            token: Mutex::default(),
            longest_pause: settings.longest_pause,
        })
    }

    /// Reads a key.
    pub(super) async fn read(&self, key: &str) -> Result<Read, EtcdError> {
        let response = self.ask("kv/range", wire::range(key)).await?;
        wire::value(&whole(response).await?)
    }

    /// Begins to be told of changes from a revision on.
    pub(super) async fn watch(&self, key: &str, from: i64) -> Result<Watching, EtcdError> {
        let response = self.ask("watch", wire::watch(key, from)).await?;
        let mut watching = Watching {
            response,
            lines: Lines::default(),
            begun: None,
        };
        // etcd says at once that the watch was made, or why not.
        match tokio::time::timeout(ANSWER, watching.next()).await {
            Ok(told) => watching.begun = told?,
            Err(_) => return Err(EtcdError::TooLate),
        }
        Ok(watching)
    }

    /// Has another server asked from now on.
    pub(super) fn turn_to_another(&self) {
        self.turn.fetch_add(1, Relaxed);
    }

    /// Asks with a token; once more with a new one when etcd does not take it.
    async fn ask(&self, path: &str, question: serde_json::Value) -> Result<Response, EtcdError> {
        let (token, number) = self.token(None).await?;
        match self.post(path, &question, token.as_ref()).await {
            Err(error) if error.is_about_the_token() && self.user.is_some() => {
                let (token, _) = self.token(Some(number)).await?;
                self.post(path, &question, token.as_ref()).await
            }
            answered => answered,
        }
    }

    /// Returns the token, another than number `not`.
    async fn token(&self, not: Option<u64>) -> Result<(Option<SecretString>, u64), EtcdError> {
        let Some((name, password)) = &self.user else {
            return Ok((None, 0));
        };
        // Whoever comes meanwhile waits for the same token.
        let mut token = self.token.lock().await;
        let good = not != Some(token.number);
        if good && (token.value.is_some() || token.needless) {
            return Ok((token.value.clone(), token.number));
        }
        let question = wire::sign_in(name, password.expose_secret());
        let (value, needless) = match self.post("auth/authenticate", &question, None).await {
            Ok(response) => (Some(wire::token(&whole(response).await?)?), false),
            // "authentication is not enabled" is a failed precondition.
            Err(EtcdError::Code(9)) => (None, true),
            Err(error) => return Err(error),
        };
        *token = Token {
            value: value.map(SecretString::from),
            needless,
            number: token.number + 1,
        };
        Ok((token.value.clone(), token.number))
    }

    async fn post(
        &self,
        path: &str,
        question: &serde_json::Value,
        token: Option<&SecretString>,
    ) -> Result<Response, EtcdError> {
        let turn = self.turn.load(Relaxed) % self.servers.len().max(1);
        let base = self.servers.get(turn).ok_or(EtcdError::NoEtcd)?;
        let mut url = base.clone();
        url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
        let mut request = self.client.post(url).json(question);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.expose_secret());
        }
        let sent = tokio::time::timeout(ANSWER, request.send()).await;
        let response = sent.map_err(|_| EtcdError::TooLate)??;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(wire::fault(status.as_u16(), &whole(response).await?))
    }
}

/// Reads an answer to its end.
async fn whole(mut response: Response) -> Result<Vec<u8>, EtcdError> {
    let reading = async {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_LINE {
                return Err(EtcdError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(ANSWER, reading)
        .await
        .unwrap_or(Err(EtcdError::TooLate))
}

/// Tells of changes.
#[derive(Debug)]
pub(super) struct Watching {
    response: Response,
    lines: Lines,
    /// What was told when it began, and was not asked for yet.
    begun: Option<Told>,
}

impl Watching {
    /// Waits for what etcd tells next; `None`: it says no more.
    pub(super) async fn next(&mut self) -> Result<Option<Told>, EtcdError> {
        if let Some(told) = self.begun.take() {
            return Ok(Some(told));
        }
        loop {
            if let Some(line) = self.lines.next() {
                return wire::told(&line).map(Some);
            }
            match self.response.chunk().await? {
                Some(bytes) => self.lines.push(&bytes)?,
                None => return Ok(None),
            }
        }
    }
}
