//! What is said of a request.

use crate::auth::{CredentialFailure, Grant, Identity};
use crate::proxy::Phase;
use crate::refusal::Refusal;
use crate::throttle::{AppliedLimit, Consulted};
use std::net::IpAddr;

/// What the gateway would do with a request. Indexes are those of the bundle's configuration.
#[derive(Debug)]
pub struct Explanation {
    /// Whose request it is: the address it came from, or what trusted proxies say.
    pub client: Option<IpAddr>,
    /// The API.
    pub api: Option<usize>,
    /// The resource of the API.
    pub resource: Option<ExplainedResource>,
    /// Whom the credential is about, once it is known to be good, whether they may call or not.
    pub identity: Option<ExplainedIdentity>,
    /// Why a credential is not accepted, beyond what a client is told.
    pub failure: Option<CredentialFailure>,
    /// Who may call.
    pub caller: ExplainedCaller,
    /// The limits that count it, in the order in which they answer. None where it does not get that far.
    pub limits: Vec<AppliedLimit>,
    /// What it depends on where the traffic manager decides about quotas; `None`: it does not, or it does not get that far.
    pub limited_elsewhere: Option<Consulted>,
    /// What the gateway would ask others for on the way.
    pub asks: Vec<String>,
    /// How it ends.
    pub end: ExplanationEnd,
}

impl Explanation {
    /// Of a request of which nothing is known yet.
    pub(super) fn begun() -> Self {
        Self {
            client: None,
            api: None,
            resource: None,
            identity: None,
            failure: None,
            caller: ExplainedCaller::None,
            limits: Vec::new(),
            limited_elsewhere: None,
            asks: Vec::new(),
            end: ExplanationEnd::Open {
                phase: Phase::Listener.label(),
            },
        }
    }
}

/// How a request ends.
#[derive(Debug)]
pub enum ExplanationEnd {
    /// A backend gets it.
    Backend(Box<ExplainedTarget>),
    /// The gateway answers it.
    Answer {
        /// The phase that does.
        phase: &'static str,
        /// The reason where it refuses; `None` also where the request cannot be read as HTTP.
        refusal: Option<Refusal>,
        /// What the client gets.
        answer: ExplainedAnswer,
    },
    /// The TLS handshake fails, and there is no request.
    NoConnection {
        /// Why.
        reason: String,
    },
    /// What others say decides, see [`Explanation::asks`].
    Open {
        /// The phase that asks them.
        phase: &'static str,
    },
}

/// The resource of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedResource {
    /// Its number in the API.
    pub index: usize,
    /// Raw path below the base path.
    pub below: String,
}

/// Whom a credential is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedIdentity {
    /// `jwt`, `opaque-token`, `api-key`, `basic` or `client-certificate`.
    pub credential: &'static str,
    /// The user.
    pub user: String,
    /// Who has signed the token.
    pub issuer: Option<String>,
    /// The consumer key of the application.
    pub consumer_key: Option<String>,
    /// The scopes that it carries.
    pub scopes: Vec<String>,
}

/// Who may call.
#[derive(Debug)]
pub enum ExplainedCaller {
    /// It does not get that far, or may not.
    None,
    /// Nobody is asked for credentials.
    Anonymous,
    /// A caller, under this subscription.
    Known(Box<Grant>),
}

/// A header as a backend gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedHeader {
    /// Lower-case name.
    pub name: String,
    /// The value; `***` where it is secret.
    pub value: String,
    /// Whether the value is left out.
    pub is_secret: bool,
    /// Whether the gateway adds it, or puts it in the place of the client's.
    pub is_added: bool,
}

/// The backend of a request and what it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedTarget {
    /// Number of the backend among those of the endpoint, and how many there are.
    pub position: usize,
    /// How many backends the endpoint has.
    pub count: usize,
    /// The endpoint is the sandbox's.
    pub is_sandbox: bool,
    /// The whole URL, with `***` for secrets in its query.
    pub url: String,
    /// Path and query, with `***` for secrets in the query.
    pub target: String,
    /// `Host`.
    pub host: String,
    /// Method.
    pub method: String,
    /// Whether discovery says where the backend is; the URL is then that of the definition.
    pub is_found: bool,
    /// Whether a WebSocket is opened.
    pub is_web_socket: bool,
    /// How the gateway shows the backend who it is.
    pub credentials: Option<&'static str>,
    /// The headers, without `Host`.
    pub headers: Vec<ExplainedHeader>,
    /// Names of the client's headers that do not get there.
    pub removed: Vec<String>,
}

/// An answer of the gateway's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExplainedAnswer {
    /// Status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl From<&Identity> for ExplainedIdentity {
    fn from(identity: &Identity) -> Self {
        Self {
            credential: identity.kind.name(),
            user: identity.user.clone(),
            issuer: identity
                .claims
                .get("iss")
                .and_then(|issuer| issuer.as_str())
                .map(str::to_owned),
            consumer_key: identity.consumer_key.clone(),
            scopes: identity.scopes.clone(),
        }
    }
}
