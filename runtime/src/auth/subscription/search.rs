//! Looks up what a decision misses, object after object, within one deadline.

use super::Subscriptions;
use super::view::Lack;
use crate::subscription_data::{LookedUp, Missing, SubscriptionData};
use mgw_bundle::config::Api;
use std::sync::Arc;

/// Objects that lead to a subscription: key mapping, application, API, subscription.
const STEPS: usize = 4;

/// A caller that has to be looked up.
#[derive(Debug)]
pub(in crate::auth) struct Search {
    pub(super) subscriptions: Arc<Subscriptions>,
    pub(super) data: Arc<SubscriptionData>,
    pub(super) consumer_key: String,
    pub(super) api: SoughtApi,
}

/// The API that is called, for as long as the search takes.
#[derive(Debug)]
pub(super) struct SoughtApi {
    id: String,
    context: String,
    version: String,
}

impl SoughtApi {
    pub(super) fn new(api: &Api) -> Self {
        Self {
            id: api.id.clone(),
            context: api.base_path.clone(),
            version: api.version.clone(),
        }
    }
}

impl Search {
    /// Ends when nothing is missing any more, when the control plane does not know something, or at the deadline. What
    /// was found is in the store.
    pub(in crate::auth) async fn run(self) {
        let deadline = self.data.lookup_timeout();
        let steps = async {
            for _ in 0..STEPS {
                let sources = self.subscriptions.sources();
                let (_, Some(lack)) = sources.look(&self.consumer_key, &self.api.id) else {
                    return;
                };
                if self.data.look_up(self.missing(lack)).await != LookedUp::Found {
                    return;
                }
            }
        };
        // The questions go on and help later requests.
        let _ = tokio::time::timeout(deadline, steps).await;
    }

    fn missing(&self, lack: Lack) -> Missing {
        match lack {
            Lack::KeyMapping => Missing::KeyMapping(self.consumer_key.clone()),
            Lack::Application(ids) => Missing::Application(ids),
            Lack::Api => Missing::Api {
                id: self.api.id.clone(),
                context: self.api.context.clone(),
                version: self.api.version.clone(),
            },
            Lack::Subscription(application, api) => Missing::Subscription { application, api },
        }
    }
}
