//! The bundle's snapshot, ready to be asked.

use crate::subscription_data::{Application, Ids, Subscription};
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::snapshot::KeyType;
use std::collections::HashMap;
use std::sync::Arc;

/// The bundle's snapshot, ready to be asked.
#[derive(Debug, Default)]
pub(super) struct BundleIndex {
    /// By id, and by UUID where there is one beside it.
    applications: HashMap<String, Arc<Application>>,
    keys: HashMap<String, (String, KeyType)>,
    /// By application, then API.
    subscriptions: HashMap<String, HashMap<String, Arc<Subscription>>>,
}

impl BundleIndex {
    pub(super) fn new(snapshot: &SubscriptionSnapshot) -> Self {
        let mut index = Self::default();
        for own in &snapshot.applications {
            let application = Arc::new(Application {
                ids: Ids::from_text(&own.id).or(Ids::new(None, own.uuid.as_deref())),
                id: own.id.clone(),
                uuid: own.uuid.clone(),
                name: own.name.clone(),
                owner: own.owner.clone(),
                policy: own.policy.clone(),
            });
            for id in own.uuid.iter().chain([&own.id]) {
                index.applications.insert(id.clone(), Arc::clone(&application));
            }
        }
        for key in &snapshot.key_mappings {
            let target = (key.application.clone(), key.key_type);
            index.keys.insert(key.consumer_key.clone(), target);
        }
        for own in &snapshot.subscriptions {
            let subscription = Subscription {
                application: Ids::from_text(&own.application),
                api: Ids::default(),
                policy: own.policy.clone(),
                state: own.state,
            };
            let of_application = index.subscriptions.entry(own.application.clone()).or_default();
            of_application.insert(own.api.clone(), Arc::new(subscription));
        }
        index
    }

    /// Returns the application behind a consumer key.
    pub(super) fn key(&self, consumer_key: &str) -> Option<(&Arc<Application>, KeyType)> {
        let (application, key_type) = self.keys.get(consumer_key)?;
        Some((self.applications.get(application)?, *key_type))
    }

    pub(super) fn application(&self, ids: Ids) -> Option<&Arc<Application>> {
        ids.all().find_map(|id| self.applications.get(&id.to_string()))
    }

    /// `api` is the bundle's id.
    pub(super) fn subscription(&self, application: &Application, api: &str) -> Option<&Arc<Subscription>> {
        let ids = [Some(&application.id), application.uuid.as_ref()];
        ids.into_iter()
            .flatten()
            .find_map(|id| self.subscriptions.get(id)?.get(api))
    }
}
