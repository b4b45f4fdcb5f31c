//! Applications, keys and subscriptions as the control plane sends them.

use serde_json::Value;

/// The data for gateways, from 3.2 on: complete, joined by numeric ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct GatewayData {
    /// `{apiId, name, version}`
    pub(crate) apis: Vec<Value>,
    /// `{id, uuid, name, subName, policy}`
    pub(crate) applications: Vec<Value>,
    /// `{applicationId, consumerKey, keyType, keyManager}`
    pub(crate) key_mappings: Vec<Value>,
    /// `{apiId, appId, policyId, subscriptionState}`
    pub(crate) subscriptions: Vec<Value>,
}

/// What the publisher and the store show to the signed-in user.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoreData {
    /// Subscriptions with the UUID of their API; `None` when the user may not see them.
    pub(crate) subscriptions: Option<Vec<(String, Value)>>,
    /// Applications; `None` when the user may not see any.
    pub(crate) applications: Option<Vec<VisibleApplication>>,
}

/// An application in the store.
#[derive(Debug, Clone)]
pub(crate) struct VisibleApplication {
    /// `{applicationId, name, owner, throttlingPolicy}`
    pub(crate) application: Value,
    /// `{consumerKey, keyType, keyManager}`, without secrets; `None` when the user may not see them.
    pub(crate) keys: Option<Vec<Value>>,
}
