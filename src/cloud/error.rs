//! Why a conversation with the control plane failed.

use super::refusal::Refusal;
use std::error::Error;

/// A request as messages name it: never with headers, query values or bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestName {
    /// Upper-case method.
    pub(crate) method: String,
    /// Host, with the port where it is not the usual one.
    pub(crate) host: String,
    /// Path without query.
    pub(crate) path: String,
}

impl std::fmt::Display for RequestName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Why a conversation with the control plane failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloudError {
    /// The HTTP client could not be set up.
    #[error("cannot prepare the connection")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
    /// What should name the proxy on the way names none. Nothing was sent.
    #[error("{variable} names no proxy that can be used")]
    UnusableProxy {
        /// The variable; its value may hold a password.
        variable: &'static str,
        /// Where it was to lead.
        host: String,
    },
    /// No connection, or it broke.
    #[error("{}", unreached(request, proxy.as_deref(), source.is_connect()))]
    Unreachable {
        /// The request.
        request: RequestName,
        /// The proxy on the way, without user and password.
        proxy: Option<String>,
        /// Cause.
        #[source]
        source: reqwest::Error,
    },
    /// No TLS connection, because of what the server is or shows.
    #[error("{}", problem.sentence(&request.host))]
    Tls {
        /// The request.
        request: RequestName,
        /// What is wrong.
        problem: Box<super::http::TlsProblem>,
        /// Cause.
        #[source]
        source: reqwest::Error,
    },
    /// No answer in time.
    #[error("{} did not answer in time{} ({request})", request.host, through(proxy.as_deref()))]
    TimedOut {
        /// The request.
        request: RequestName,
        /// The proxy on the way, without user and password.
        proxy: Option<String>,
    },
    /// The server sends us elsewhere; credentials do not follow.
    #[error("{request} answered {status}: redirected to {location}")]
    Redirected {
        /// The request.
        request: RequestName,
        /// HTTP status.
        status: u16,
        /// Scheme and host of the new place.
        location: String,
    },
    /// An answer that tells of an error.
    #[error("{request} answered {status}{}", with_message(message))]
    Status {
        /// The request.
        request: RequestName,
        /// HTTP status.
        status: u16,
        /// What the server said, shortened.
        message: String,
        /// Whether the control plane itself says so, in the envelope of its management APIs: proxies, web servers and
        /// gateways before it have words of their own.
        is_own: bool,
    },
    /// An answer that cannot be understood.
    #[error("{request} answered with {problem}")]
    Answer {
        /// The request.
        request: RequestName,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing at this address looks like a known control plane.
    #[error("there is no API Manager at {address}, or none of a kind that is known")]
    NotAControlPlane {
        /// Where it was looked for.
        address: String,
        /// What was tried, for the message.
        tried: Vec<String>,
    },
    /// It is a control plane, but of another generation than the user said.
    #[error("{host} is {found}, not {named}")]
    OtherGeneration {
        /// Host, and port where one is given.
        host: String,
        /// What the user named.
        named: &'static str,
        /// What it is.
        found: &'static str,
        /// What it is, as it is written in settings.
        kind: crate::project::ControlPlaneKind,
    },
    /// User name or password are not accepted, or the account is in no state to be used; the message tells which.
    #[error("{}", Refusal::of(message, user).sentence(user))]
    WrongCredentials {
        /// User name.
        user: String,
        /// What the server said.
        message: String,
    },
    /// The name is another spelling of the user's.
    #[error("the control plane knows user {user} by another spelling")]
    OtherSpelling {
        /// User name as given.
        user: String,
        /// What the server said.
        message: String,
    },
    /// The user may not register a client.
    #[error("user {user} may not use the management APIs")]
    NoManagementRole {
        /// User name.
        user: String,
        /// What the server said.
        message: String,
    },
    /// Nobody is signed in under this profile.
    #[error("not signed in{}", profile_suffix(profile))]
    NotSignedIn {
        /// Profile name.
        profile: String,
    },
    /// The refresh token is no longer accepted.
    #[error("the session of {user} ended")]
    SessionEnded {
        /// User name.
        user: String,
        /// Profile name.
        profile: String,
    },
    /// A session that is stored nowhere is over.
    #[error("the control plane does not accept the credentials of {user} any more")]
    CredentialsRefused {
        /// User name.
        user: String,
    },
    /// A token that was given is not accepted. Servers do not tell whether it is over, or its user has no role for it.
    #[error("the control plane does not accept the token, or its user may not read APIs")]
    TokenRefused,
    /// The named client is not accepted.
    #[error("the control plane does not accept the client: {message}")]
    ClientRefused {
        /// What the server said.
        message: String,
    },
    /// The client may not sign in this way.
    #[error("the client may not sign in this way: {message}")]
    GrantNotAllowed {
        /// What the server said.
        message: String,
    },
    /// No tokens were granted.
    #[error("not signed in: {message}")]
    GrantRefused {
        /// Why.
        message: String,
    },
    /// The control plane has no such thing.
    #[error("{host} does not offer {what}")]
    NotOffered {
        /// Host, and port where one is given.
        host: String,
        /// What was wanted.
        what: &'static str,
    },
    /// The browser cannot come back.
    #[error("cannot listen on port {port} of the loopback interface")]
    Listen {
        /// The port.
        port: u16,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// A token for API Cloud that does not tell whose it is.
    #[error("the token does not tell of which organisation it is")]
    NoOrganisation,
    /// Signed in, but without the scope for this request.
    #[error("{request} needs the scope {}", scopes.join(" or "))]
    MissingScope {
        /// The request.
        request: RequestName,
        /// Any one of these suffices.
        scopes: Vec<String>,
    },
    /// The session's files.
    #[error(transparent)]
    Session(#[from] super::session::SessionError),
}

impl CloudError {
    /// The HTTP status, if the server answered with an error.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the control plane itself says that there is no such thing. Whatever stands before it knows nothing of that.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::Status {
                status: 404,
                is_own: true,
                ..
            }
        )
    }

    /// Whether somebody has to sign in again.
    pub(crate) fn is_end_of_session(&self) -> bool {
        matches!(self, Self::SessionEnded { .. } | Self::CredentialsRefused { .. })
    }
}

fn with_message(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

/// `is_connect`: no connection came about.
fn unreached(request: &RequestName, proxy: Option<&str>, is_connect: bool) -> String {
    let (host, through) = (&request.host, through(proxy));
    match is_connect {
        true => format!("cannot reach {host}{through}"),
        false => format!("{host} gave no whole answer{through} ({request})"),
    }
}

fn through(proxy: Option<&str>) -> String {
    proxy
        .map(|proxy| format!(" through the proxy {proxy}"))
        .unwrap_or_default()
}

fn profile_suffix(profile: &str) -> String {
    if profile == super::session::DEFAULT_PROFILE {
        String::new()
    } else {
        format!(" under profile {profile}")
    }
}
