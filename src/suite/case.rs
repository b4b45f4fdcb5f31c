//! A request and what is expected of its answer.

use serde_json::Value;
use std::ops::RangeInclusive;

/// A request and what is expected of its answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    /// What it is called in reports.
    pub(crate) name: String,
    /// Where it is from: `FILE:LINE`, or the operation that it was made for.
    pub(crate) place: String,
    pub(crate) request: Request,
    /// How many times the request is made, one after the other; the last answer counts.
    pub(crate) times: u32,
    pub(crate) expect: Expectation,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// The method as it stands in the request line.
    pub(crate) method: String,
    /// Path and query, from the base path on.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) token: Token,
}

/// The access token of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Token {
    /// None.
    #[default]
    Absent,
    /// One that the gateway accepts.
    Local(TokenClaims),
}

impl Token {
    /// Whether it is none, or one that says nothing in particular.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Local(claims) => *claims == TokenClaims::default(),
        }
    }
}

/// What a token says; what is absent is as in `mgw token`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct TokenClaims {
    /// `None`: every scope that the APIs ask for.
    pub(crate) scopes: Option<Vec<String>>,
    /// `None`: every API.
    pub(crate) apis: Option<Vec<String>>,
    pub(crate) subject: Option<String>,
    pub(crate) application: Option<String>,
    pub(crate) application_policy: Option<String>,
    pub(crate) subscription_policy: Option<String>,
    pub(crate) sandbox: bool,
}

/// What is expected of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Expectation {
    /// One of these; empty: any.
    pub(crate) statuses: Vec<RangeInclusive<u16>>,
    /// The gateway's own code, such as 900902.
    pub(crate) code: Option<u64>,
    pub(crate) headers: Vec<(String, HeaderExpectation)>,
    /// Texts that the body holds.
    pub(crate) contains: Vec<String>,
    /// The whole body.
    pub(crate) equals: Option<String>,
    /// What the body holds as JSON: members that are not named may be there too.
    pub(crate) json: Option<Value>,
    /// The answer is the backend's: none of the gateway's own refusals, but for a limit that is used up.
    pub(crate) from_backend: bool,
}

/// What is expected of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderExpectation {
    /// It is not there.
    Absent,
    /// It is there and has this value.
    Is(String),
    /// It is there and begins with this.
    BeginsWith(String),
}
