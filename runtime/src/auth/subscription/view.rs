//! What is known about a caller: the control plane's word, else the bundle's.
//!
//! Object by object the connected control plane's data come first. The bundle's snapshot stands in for what it has not
//! told yet; once everything was loaded, what is not in it does not exist.

use super::bundle_index::BundleIndex;
use crate::subscription_data::{Application, Ids, Seen, Store, Subscription};
use mgw_bundle::snapshot::KeyType;
use std::sync::Arc;

/// What is known about a caller at an API.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) application: Arc<Application>,
    pub(super) key_type: KeyType,
    pub(super) subscription: Option<Arc<Subscription>>,
    /// The tenant of the connected control plane.
    pub(super) tenant: Option<Arc<str>>,
}

/// The first object that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    KeyMapping,
    Application(Ids),
    Api,
    /// By application and API.
    Subscription(Ids, Ids),
}

/// What both sources say together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) bundle: Option<&'a BundleIndex>,
    pub(super) connected: Option<&'a Store>,
}

impl Sources<'_> {
    /// Returns what is known, without tenant, or the first object that is missing.
    ///
    /// `api` is the bundle's id. Both when only the subscription is missing: the application is known all the same.
    pub(super) fn look(&self, consumer_key: &str, api: &str) -> (Option<Known>, Option<Lack>) {
        let (ids, key_type, of_bundle) = match self.seen(|store| store.key_mapping(consumer_key)) {
            Seen::Here(mapping) => (mapping.application, mapping.key_type, None),
            Seen::Never if let Some((application, key_type)) = self.bundle_key(consumer_key) => {
                (application.ids, key_type, Some(application))
            }
            _ => return (None, Some(Lack::KeyMapping)),
        };
        let application = match self.seen(|store| store.application(ids)) {
            Seen::Here(application) => application,
            Seen::Never if let Some(application) = of_bundle.or_else(|| self.bundle?.application(ids)) => {
                Arc::clone(application)
            }
            _ => return (None, Some(Lack::Application(ids))),
        };
        // What either source calls it: the bundle may know the UUID only.
        let ids = application.ids.or(ids);
        let (subscription, lack) = match self.subscription(&application, ids, api) {
            Ok(subscription) => (Some(subscription), None),
            Err(lack) => (None, Some(lack)),
        };
        let known = Known {
            application,
            key_type,
            subscription,
            tenant: None,
        };
        (Some(known), lack)
    }

    fn subscription(&self, application: &Application, ids: Ids, api: &str) -> Result<Arc<Subscription>, Lack> {
        let (seen, lack) = match self.seen(|store| store.api(api)) {
            Seen::Here(known) => {
                let seen = self.seen(|store| store.subscription(ids, known.ids));
                (seen, Lack::Subscription(ids, known.ids))
            }
            Seen::Gone => (Seen::Gone, Lack::Api),
            Seen::Never => (Seen::Never, Lack::Api),
        };
        match seen {
            Seen::Here(subscription) => Ok(subscription),
            Seen::Never => {
                let in_bundle = self.bundle.and_then(|bundle| bundle.subscription(application, api));
                in_bundle.map(Arc::clone).ok_or(lack)
            }
            Seen::Gone => Err(lack),
        }
    }

    /// Without connection nobody has said anything.
    fn seen<T>(&self, look: impl FnOnce(&Store) -> Seen<T>) -> Seen<T> {
        self.connected.map_or(Seen::Never, look)
    }

    fn bundle_key(&self, consumer_key: &str) -> Option<(&Arc<Application>, KeyType)> {
        self.bundle?.key(consumer_key)
    }
}
