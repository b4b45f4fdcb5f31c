//! Applications, key mappings and subscriptions as the control plane had them when they were pulled.
//!
//! Written by `pull` to `gen/control-plane/subscriptions.json`, carried in the bundle as `data/subscriptions.json`.
//! It holds no secret: a consumer key identifies an application, its consumer secret never comes here.

use serde::{Deserialize, Serialize};

/// The version of the snapshot format that this crate writes and the only one it reads.
pub const FORMAT: u32 = 1;

/// Who may call what, at the time of the pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionSnapshot {
    /// Format version, [`FORMAT`].
    pub format: u32,
    /// Where the data came from.
    pub source: SnapshotSource,
    /// Applications, sorted by id.
    pub applications: Vec<Application>,
    /// Key mappings, sorted by consumer key.
    pub key_mappings: Vec<KeyMapping>,
    /// Subscriptions, sorted by API id, then application.
    pub subscriptions: Vec<Subscription>,
}

/// Where subscription data came from, which says how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotSource {
    /// `/internal/data/v1`: complete, with every application's keys.
    InternalData,
    /// Publisher subscriptions joined with the store's applications and keys that the signed-in user may see.
    PublisherAndStore,
    /// The control plane offered neither keys nor applications. The gateway goes by the token's own `subscribedAPIs`
    /// claim; the lists are empty.
    TokenClaims,
}

/// An application of a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The control plane's id: a number as text in 3.2 internal data, else a UUID.
    pub id: String,
    /// UUID where `id` is a number and the control plane gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Application name.
    pub name: String,
    /// User name of the subscriber who owns it.
    pub owner: String,
    /// Name of its application policy.
    pub policy: String,
}

/// The application behind a consumer key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyMapping {
    /// OAuth2 client id.
    pub consumer_key: String,
    /// [`Application::id`].
    pub application: String,
    /// Which backends the key reaches.
    pub key_type: KeyType,
    /// Name of the key manager that issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_manager: Option<String>,
}

/// Which backends a key reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyType {
    /// Production endpoints.
    Production,
    /// Sandbox endpoints.
    Sandbox,
}

/// The right of one application to call one API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// [`Api::id`](crate::config::Api::id).
    pub api: String,
    /// [`Application::id`].
    pub application: String,
    /// Name of the subscription policy.
    pub policy: String,
    /// Whether calls are allowed.
    pub state: SubscriptionState,
}

/// State of a subscription in the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionState {
    /// Calls are allowed.
    Unblocked,
    /// Calls are allowed under the old policy.
    TierUpdatePending,
    /// Waiting for approval: refused with 900909.
    OnHold,
    /// Refused with 900907.
    Blocked,
    /// Refused with 900907 for production keys.
    ProdOnlyBlocked,
    /// Refused with 900908.
    Rejected,
    /// Refused with 900908: any state this version does not know.
    #[serde(other)]
    Unknown,
}
