//! Asking the service.

use super::super::connection::{Connection, Endpoint};
use super::super::failures::{Failures, is_passing, refused};
use super::{KeyInfo, KeyQuestion, Reply, parse};
use crate::asking::Asking;
use crate::config::KeyManager;
use crate::questions::Questions;
use crate::refusal::Refusal;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use std::sync::Arc;
use url::Url;

/// Where the service is, below the key manager's base URL.
const PATH: &str = "services/APIKeyValidationService";

/// What the service says.
#[derive(Debug, Clone)]
pub(crate) enum Validation {
    /// The call is allowed.
    Authorized(Arc<KeyInfo>),
    /// It is not.
    Refused(Refusal),
    /// A fault, or an answer that makes no sense: no reason to remember anything.
    Senseless,
    /// Nobody could say.
    Unavailable,
}

/// Asks the key manager's key validation service.
#[derive(Debug)]
pub(crate) struct KeyValidator {
    connection: Connection,
    questions: Arc<Questions<Validation>>,
    failures: Failures,
}

impl KeyValidator {
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
        let url = Url::parse(&format!("{}/{PATH}", server.as_str().trim_end_matches('/')));
        let endpoint = Endpoint {
            url: url.map_err(|error| error.to_string())?,
            auth: &config.auth,
            timeout: config.timeout,
            max_concurrent_calls: config.max_concurrent_calls,
        };
        Ok(Arc::new(Self {
            connection: Connection::new(endpoint, asking, control)?,
            questions: Questions::new(control),
            failures: Failures::of("key validation"),
        }))
    }

    /// Returns how many questions were not answered as they should be, altogether.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.count()
    }

    /// Asks.
    pub(crate) async fn ask(self: Arc<Self>, question: KeyQuestion) -> Validation {
        let own = Arc::clone(&self);
        let answer = self
            .questions
            .ask(question.key(), || async move { own.question(&question).await })
            .await;
        answer.unwrap_or_else(|| {
            self.failures.record("too many tokens are being asked about", None);
            Validation::Unavailable
        })
    }

    async fn question(&self, question: &KeyQuestion) -> Validation {
        let envelope = question.envelope();
        let answer = self
            .connection
            .post(|request| {
                request
                    .header(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"))
                    .header("soapaction", HeaderValue::from_static("urn:validateKey"))
                    .body(envelope.clone())
            })
            .await;
        let (answer, reason, status) = match answer {
            Ok((StatusCode::OK, body)) => match parse(&body) {
                Some(Reply::Authorized(info)) => return Validation::Authorized(info),
                Some(Reply::Refused(refusal)) => return Validation::Refused(refusal),
                Some(Reply::Fault) => (Validation::Senseless, "it reports a fault", None),
                None => (Validation::Senseless, "the answer is no key validation", None),
            },
            // SOAP 1.1 sends faults with this status.
            Ok((status @ StatusCode::INTERNAL_SERVER_ERROR, body)) if parse(&body) == Some(Reply::Fault) => {
                (Validation::Senseless, "it reports a fault", Some(status))
            }
            Ok((status, _)) if is_passing(status) => (Validation::Unavailable, "it has trouble", Some(status)),
            Ok((status, _)) => (Validation::Senseless, refused(status), Some(status)),
            Err(reason) => (Validation::Unavailable, reason, None),
        };
        self.failures.record(reason, status);
        answer
    }
}
