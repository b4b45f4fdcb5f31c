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
    /// Nobody could say, or what was said makes no sense or refuses the gateway rather than the token.
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
        let (reason, status) = match answer {
            Ok((StatusCode::OK, body)) => match read(&body) {
                Some(answer) => return answer,
                None => ("the answer is no introspection response", None),
            },
            Ok((status, _)) if is_passing(status) => ("it has trouble", Some(status)),
            Ok((status, _)) => (refused(status), Some(status)),
            Err(reason) => (reason, None),
        };
        self.failures.record(reason, status);
        Answer::Unavailable
    }
}

/// `None`: it is no answer to an introspection.
pub(super) fn read(body: &[u8]) -> Option<Answer> {
    let members = strict_json::parse(body)?;
    match members.get("active") {
        Some(Value::Bool(true)) => Some(Answer::Active(Arc::new(members))),
        Some(Value::Bool(false)) => Some(Answer::Inactive),
        _ => None,
    }
}
