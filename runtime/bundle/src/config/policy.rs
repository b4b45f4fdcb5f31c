//! Throttling policies and references to them.

use super::{Block, ConditionalLimit};
use serde::{Deserialize, Serialize};

/// The policies of a project; each list is a name space of its own, sorted by name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// Used by APIs and resources (`x-wso2-throttling-tier`, `x-throttling-tier`).
    pub resource: Vec<Policy>,
    /// Used by applications.
    pub application: Vec<Policy>,
    /// Used by subscriptions.
    pub subscription: Vec<Policy>,
    /// Limits for all requests, whatever they call, in the order in which they answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<CustomPolicy>,
    /// Requests that are refused whatever their limits, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
}

/// A named limit. `Unlimited` is implicit in every list and never written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Case-sensitive name.
    pub name: String,
    /// How much is allowed.
    pub quota: Quota,
    /// `false`: count and report, but let pass. Only honoured for subscription policies.
    pub stop_on_quota: bool,
    /// Rate limit inside the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// Where gateways share their counts: count each request at the shared store before it passes, instead of ahead of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Limits that take the place of `quota` for requests of a kind; the first that fits holds. Only resource policies have
    /// them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditional: Vec<ConditionalLimit>,
}

/// A limit that holds for every request and counts by a key that is made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomPolicy {
    /// What is counted by, such as `$userId:$apiContext`.
    pub key_template: String,
    /// The limit: on requests, and for everybody.
    pub policy: Policy,
}

/// How much is allowed in one fixed window, aligned to the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Quota {
    /// No limit.
    Unlimited,
    /// A number of requests.
    Requests {
        /// Admitted requests per window, at least 1.
        count: u64,
        /// Length of the window in milliseconds.
        window_ms: u64,
    },
    /// An amount of data, request and response bodies together.
    Bandwidth {
        /// Bytes per window.
        bytes: u64,
        /// Length of the window in milliseconds.
        window_ms: u64,
    },
}

/// A short-term limit on top of the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Admitted requests per window, at least 1.
    pub count: u64,
    /// Length of the window in milliseconds.
    pub window_ms: u64,
}

/// The use of a resource policy by an API or a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// The name as written.
    pub name: String,
    /// Index into [`Policies::resource`]. Absent when no such policy exists: every request is then answered 900809.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
}
