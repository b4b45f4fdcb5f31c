//! Limits for requests of a kind, inside a resource policy.

use super::Quota;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A limit that holds instead of the policy's own for requests that meet all conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalLimit {
    /// All have to hold; at least one.
    pub conditions: Vec<Condition>,
    /// How much is allowed.
    pub quota: Quota,
}

/// Something about a request that holds or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What is looked at.
    pub subject: Subject,
    /// The condition holds when the subject does not match.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inverted: bool,
}

/// What a condition looks at. Patterns are regular expressions that match anywhere in a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Subject {
    /// The client's address, both ends included.
    Address {
        /// Lowest address.
        first: IpAddr,
        /// Highest address.
        last: IpAddr,
    },
    /// A header field that is there and not empty.
    Header {
        /// Name.
        name: String,
        /// Of its value.
        pattern: String,
    },
    /// A query parameter that is there and not empty.
    Query {
        /// Name.
        name: String,
        /// Of its value.
        pattern: String,
    },
    /// A claim of the caller's token.
    Claim {
        /// Name.
        name: String,
        /// Of its value.
        pattern: String,
    },
}
