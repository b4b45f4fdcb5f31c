//! What the control plane knows about callers, one record per object.

use super::ids::Ids;
use mgw_bundle::snapshot::{KeyType, SubscriptionState};
use std::sync::Arc;

/// A record that can be put in the place of an older one.
pub(crate) trait Record: Clone + PartialEq {
    /// Takes over from the older record what this one was not told.
    fn complete(self, _stored: &Self) -> Self {
        self
    }
}

/// An application of a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) ids: Ids,
    /// The id as tokens, quotas and backends see it.
    pub(crate) id: String,
    pub(crate) uuid: Option<String>,
    pub(crate) name: String,
    /// The subscriber who owns it; empty when nobody said.
    pub(crate) owner: String,
    /// Its application policy.
    pub(crate) policy: String,
}

impl Record for Application {
    fn complete(mut self, stored: &Self) -> Self {
        take_over(&mut self.name, &stored.name);
        take_over(&mut self.owner, &stored.owner);
        take_over(&mut self.policy, &stored.policy);
        self.ids = self.ids.or(stored.ids);
        self.uuid = self.uuid.or_else(|| stored.uuid.clone());
        self
    }
}

/// Notifications do not tell everything; what they leave out is empty.
fn take_over(own: &mut String, stored: &str) {
    if own.is_empty() {
        stored.clone_into(own);
    }
}

/// An API, as far as subscriptions refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Api {
    pub(crate) ids: Ids,
    /// The bundle's id: a digest of name and version.
    pub(crate) id: Arc<str>,
}

impl Record for Api {
    fn complete(mut self, stored: &Self) -> Self {
        self.ids = self.ids.or(stored.ids);
        self
    }
}

/// The application behind a consumer key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyMapping {
    pub(crate) consumer_key: Arc<str>,
    pub(crate) application: Ids,
    pub(crate) key_type: KeyType,
}

impl Record for KeyMapping {}

/// The right of one application to call one API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) application: Ids,
    pub(crate) api: Ids,
    /// Its subscription policy.
    pub(crate) policy: String,
    pub(crate) state: SubscriptionState,
}

impl Record for Subscription {
    fn complete(mut self, stored: &Self) -> Self {
        take_over(&mut self.policy, &stored.policy);
        self
    }
}
