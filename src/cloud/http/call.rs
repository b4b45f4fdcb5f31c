//! A request and its answer as plain data.

use super::Repeat;
use crate::cloud::address::host_and_port;
use crate::cloud::error::RequestName;
use crate::cloud::json::Unparsable;
use crate::cloud::{CloudError, json};
use base64::Engine;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use url::Url;

const JSON: &str = "application/json";

/// The most bytes of an answer that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) usize);

impl Limit {
    /// Tokens, registrations, single objects.
    pub(crate) const SMALL: Self = Self(1 << 20);
    /// A certificate.
    pub(crate) const CERTIFICATE: Self = Self(256 << 10);
    /// A page of a list, or the details of an API.
    pub(crate) const LIST: Self = Self(16 << 20);
    /// An API definition.
    pub(crate) const DEFINITION: Self = Self(64 << 20);
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes @ ..0x400 => write!(f, "{bytes} bytes"),
            bytes @ ..0x10_0000 => write!(f, "{} KB", bytes >> 10),
            bytes => write!(f, "{} MB", bytes >> 20),
        }
    }
}

/// What a request carries.
#[derive(Debug)]
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// Bytes with their media type. May hold secrets, so they do not show in `Debug`.
    Bytes(&'static str, SecretBytes),
}

/// Bytes that are wiped when dropped.
pub(crate) struct SecretBytes(pub(super) zeroize::Zeroizing<Vec<u8>>);

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretBytes({})", self.0.len())
    }
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    /// Method.
    pub(crate) method: reqwest::Method,
    /// Address with query.
    pub(crate) url: Url,
    /// Value of the `Authorization` header.
    pub(crate) authorization: Option<SecretString>,
    /// Value of the `Accept` header.
    pub(crate) accept: &'static str,
    /// Value of the `If-None-Match` header: the answer is 304 where the content is still the one with this `ETag`.
    pub(crate) unless: Option<String>,
    /// Value of the `Request-Token` header: what the control plane knows a gateway by.
    pub(crate) request_token: Option<String>,
    /// Payload.
    pub(crate) body: Body,
    /// Largest answer.
    pub(crate) limit: Limit,
    /// When it may be sent again.
    pub(crate) repeat: Repeat,
}

impl Call {
    /// A read.
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: reqwest::Method::GET,
            url,
            authorization: None,
            accept: JSON,
            unless: None,
            request_token: None,
            body: Body::Empty,
            limit: Limit::LIST,
            repeat: Repeat::Idempotent,
        }
    }

    /// A request that changes something and is repeated only when it never reached the server.
    pub(crate) fn post(url: Url, media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            method: reqwest::Method::POST,
            url,
            authorization: None,
            accept: JSON,
            unless: None,
            request_token: None,
            body: Body::Bytes(media_type, SecretBytes(bytes.into())),
            limit: Limit::SMALL,
            repeat: Repeat::Unsent,
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sets what may be answered; JSON otherwise.
    #[must_use]
    pub(crate) fn accept(mut self, media_types: &'static str) -> Self {
        self.accept = media_types;
        self
    }

    /// Sets the largest answer.
    #[must_use]
    pub(crate) fn limit(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Asks for content only where it is not the one with this `ETag`.
    #[must_use]
    pub(crate) fn unless(mut self, etag: Option<&str>) -> Self {
        self.unless = etag.map(str::to_owned);
        self
    }

    /// Adds what the control plane knows this gateway by.
    #[must_use]
    pub(crate) fn request_token(mut self, token: Option<&str>) -> Self {
        self.request_token = token.map(str::to_owned);
        self
    }

    /// Adds a bearer token.
    #[must_use]
    pub(crate) fn bearer(mut self, token: &SecretString) -> Self {
        self.authorization = Some(format!("Bearer {}", token.expose_secret()).into());
        self
    }

    /// Adds user name and password.
    #[must_use]
    pub(crate) fn basic(mut self, user: &str, password: &SecretString) -> Self {
        let pair = zeroize::Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair.as_bytes());
        self.authorization = Some(format!("Basic {encoded}").into());
        self
    }

    /// The request as messages name it.
    pub(crate) fn name(&self) -> RequestName {
        RequestName {
            method: self.method.to_string(),
            host: host_and_port(&self.url),
            path: self.url.path().to_owned(),
        }
    }
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The request.
    pub(crate) request: RequestName,
    /// HTTP status.
    pub(crate) status: u16,
    /// `Content-Type`.
    pub(crate) media_type: Option<String>,
    /// `ETag`.
    pub(crate) etag: Option<String>,
    /// `Location`, scheme and host only.
    pub(crate) location: Option<String>,
    /// `Retry-After`, when it is a number of seconds.
    pub(crate) retry_after: Option<Duration>,
    /// `Date`: the server's clock.
    pub(crate) date: Option<Timestamp>,
    /// The payload, at most as long as the call's limit.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether the content is still the one that was asked about.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.status == 304
    }

    /// Whether the status is 2xx.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Turns every status into an error with the server's own words, but 2xx, and 304 where `call` asked for that.
    pub(crate) fn require_success_of(self, call: &Call) -> Result<Self, CloudError> {
        if call.unless.is_some() && self.is_unchanged() {
            return Ok(self);
        }
        self.require_success()
    }

    /// Turns every status but 2xx into an error with the server's own words.
    pub(crate) fn require_success(self) -> Result<Self, CloudError> {
        if self.is_success() {
            return Ok(self);
        }
        if (300..400).contains(&self.status)
            && let Some(location) = self.location
        {
            return Err(CloudError::Redirected {
                request: self.request,
                status: self.status,
                location,
            });
        }
        Err(CloudError::Status {
            message: with_patience(super::error_text(&self.body), self.status, self.retry_after),
            is_own: super::is_own_error(&self.body, self.status),
            request: self.request,
            status: self.status,
        })
    }

    /// Reads the payload as a JSON document.
    pub(crate) fn json(&self) -> Result<Value, CloudError> {
        json::parse(&self.body).map_err(|error| {
            let kind = self.media_type.as_deref().unwrap_or("no content type");
            let kind = super::shorten(kind);
            if self.body.trim_ascii().is_empty() {
                return self.unreadable(format!("nothing ({} {kind})", self.status));
            }
            self.unreadable(format!(
                "something that is not JSON ({kind}, {} bytes: {})",
                self.body.len(),
                match error {
                    Unparsable::Short => "it ends too early",
                    Unparsable::Deep => "it is nested too deeply",
                    Unparsable::Encoding => "it is not UTF-8",
                    Unparsable::Syntax => "it does not parse",
                }
            ))
        })
    }

    /// The error for a payload that is not what was expected, with what the server says in it where it is an error that has
    /// the status of a success.
    pub(crate) fn instead(&self, problem: impl Into<String>) -> CloudError {
        let (problem, said) = (problem.into(), super::error_text(&self.body));
        let is_error = json::parse(&self.body).is_ok_and(|value| is_error(&value)) && !said.is_empty();
        self.unreadable(if is_error {
            format!("{problem}; it says: {said}")
        } else {
            problem
        })
    }

    /// The error for a payload that is not what was expected.
    pub(crate) fn unreadable(&self, problem: impl Into<String>) -> CloudError {
        CloudError::Answer {
            request: self.request.clone(),
            problem: problem.into(),
        }
    }
}

/// What the server said, with the time after which it wants to be asked again.
fn with_patience(said: String, status: u16, retry_after: Option<Duration>) -> String {
    let Some(wanted) = retry_after.filter(|wanted| matches!(status, 429 | 503) && !wanted.is_zero()) else {
        return said;
    };
    let wanted = format!("it is to be asked again in {} s", wanted.as_secs());
    match said.is_empty() {
        true => wanted,
        false => format!("{said}; {wanted}"),
    }
}

/// Whether a document has what the errors of control planes and of gateways before them have, and little else has.
fn is_error(value: &Value) -> bool {
    ["code", "error", "fault"]
        .iter()
        .any(|key| json::member(value, key).is_some())
}
