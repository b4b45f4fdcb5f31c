//! What the control plane tells about changes of its objects: the topic `notification`.

use super::ObjectId;
use mgw_bundle::snapshot::{KeyType, SubscriptionState};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// When it happened, in milliseconds since the epoch, by the control plane's clock. Notifications arrive twice and out
    /// of order: of two about one object the later counts.
    pub timestamp_ms: Option<u64>,
    /// The tenant that it is about.
    pub tenant: Option<String>,
    /// What happened.
    pub event: Event,
}

/// What happened. "Changed" is said of new objects too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An API was created or changed, its life cycle included.
    ApiChanged(ApiEvent),
    /// An API was deleted.
    ApiRemoved(ApiEvent),
    /// An application was created or changed.
    ApplicationChanged(ApplicationEvent),
    /// An application was deleted.
    ApplicationRemoved(ApplicationEvent),
    /// An application got keys.
    KeyMappingAdded(KeyMappingEvent),
    /// An application lost keys.
    KeyMappingRemoved(KeyMappingRemoval),
    /// A subscription was made or changed.
    SubscriptionChanged(SubscriptionEvent),
    /// A subscription ended.
    SubscriptionRemoved(SubscriptionEvent),
    /// A policy was created or changed.
    PolicyChanged(PolicyEvent),
    /// A policy was deleted.
    PolicyRemoved(PolicyEvent),
    /// Something else, by the name that the control plane gives it, in upper case.
    Other(String),
}

/// An API. What is `None` was not told; the control plane's data has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiEvent {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its base path, with the version.
    pub context: Option<String>,
    /// User name of its provider.
    pub provider: Option<String>,
}

/// An application. What is `None` was not told; the control plane's data has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationEvent {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: Option<String>,
    /// User name of the subscriber who owns it.
    pub owner: Option<String>,
    /// Name of its application policy.
    pub policy: Option<String>,
}

/// A new key mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMappingEvent {
    /// The application.
    pub application: ObjectId,
    /// OAuth2 client id.
    pub consumer_key: String,
    /// Which backends the key reaches.
    pub key_type: KeyType,
    /// Name of the key manager that issued it.
    pub key_manager: Option<String>,
}

/// A key mapping that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMappingRemoval {
    /// OAuth2 client id.
    pub consumer_key: String,
    /// Name of the key manager that had issued it.
    pub key_manager: Option<String>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionEvent {
    /// Its id.
    pub id: ObjectId,
    /// The API.
    pub api: ObjectId,
    /// The application.
    pub application: ObjectId,
    /// Name of its policy. `None`: it was not told; the control plane's data has it.
    pub policy: Option<String>,
    /// Whether calls are allowed; unknown, and so refused, when it was not told.
    pub state: SubscriptionState,
}

/// A policy. What it admits was not told; the control plane's data has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEvent {
    /// What it applies to.
    pub kind: PolicyKind,
    /// Its name.
    pub name: String,
}

/// What a policy applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// APIs and their resources.
    Api,
    /// Applications.
    Application,
    /// Subscriptions.
    Subscription,
    /// Key templates: custom policies.
    Global,
}
