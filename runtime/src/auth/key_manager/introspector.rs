//! Introspection of opaque tokens (RFC 7662).

use super::connection::{Connection, Endpoint};
use super::failures::{Failures, is_passing, refused};
use crate::asking::Asking;
use crate::config::KeyManager;
use crate::questions::Questions;
use crate::strict_json;
use aws_lc_rs::digest::{SHA256, digest};
use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::sync::Arc;
use url::Url;

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

/// Asks the key manager's introspection endpoint.
#[derive(Debug)]
pub(crate) struct Introspector {
    connection: Connection,
    questions: Arc<Questions<Answer>>,
    failures: Failures,
}

impl Introspector {
    /// `server` is the key manager's base URL.
    ///
    /// # Errors
    ///
    /// The address or the certificates cannot be used.
    pub(crate) fn new(
        server: &Url,
        config: &KeyManager,
        asking: &Asking,
        control: &tokio::runtime::Handle,
    ) -> Result<Arc<Self>, String> {
        let base = server.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{}/introspect", config.token_context));
        let endpoint = Endpoint {
            url: url.map_err(|error| error.to_string())?,
            auth: &config.auth,
            timeout: config.timeout,
            max_concurrent_calls: config.max_concurrent_calls,
        };
        Ok(Arc::new(Self {
            connection: Connection::new(endpoint, asking, control)?,
            questions: Questions::new(control),
            failures: Failures::of("introspection"),
        }))
    }

    /// Returns how many questions were not answered as they should be, altogether.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.count()
    }

    /// Asks about a token.
    pub(crate) async fn ask(self: Arc<Self>, token: SecretString) -> Answer {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, token.expose_secret().as_bytes()).as_ref());
        let own = Arc::clone(&self);
        let answer = self
            .questions
            .ask(key, || async move { own.question(&token).await })
            .await;
        answer.unwrap_or_else(|| {
            self.failures.record("too many tokens are being asked about", None);
            Answer::Unavailable
        })
    }

    async fn question(&self, token: &SecretString) -> Answer {
        let form = [("token", token.expose_secret()), ("token_type_hint", "access_token")];
        let answer = self
            .connection
            .post(|request| request.header(ACCEPT, "application/json").form(&form))
            .await;
        let (answer, reason, status) = match answer {
            Ok((StatusCode::OK, body)) => match read(&body) {
                Answer::Senseless => (Answer::Senseless, "the answer is no introspection response", None),
                answer => return answer,
            },
            Ok((status, _)) if is_passing(status) => (Answer::Unavailable, "it has trouble", Some(status)),
            Ok((status, _)) => (Answer::Senseless, refused(status), Some(status)),
            Err(reason) => (Answer::Unavailable, reason, None),
        };
        self.failures.record(reason, status);
        answer
    }
}

pub(super) fn read(body: &[u8]) -> Answer {
    match strict_json::parse(body) {
        Some(members) => match members.get("active") {
            Some(Value::Bool(true)) => Answer::Active(Arc::new(members)),
            Some(Value::Bool(false)) => Answer::Inactive,
            _ => Answer::Senseless,
        },
        None => Answer::Senseless,
    }
}
