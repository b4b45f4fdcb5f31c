//! Applications and their subscriptions to the secured API.

use super::policies::{AMPLE, ONE_PER_YEAR};
use super::{SECURED_API, VERSION};
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::snapshot::{Application, FORMAT, KeyMapping, KeyType, SnapshotSource, Subscription, SubscriptionState};

/// Applications with an ample quota.
pub(super) const COUNT: usize = 100;

/// The application whose quota is used up.
pub(super) const OVER_QUOTA: usize = COUNT;

/// Returns the id of an application.
pub(super) fn id(application: usize) -> String {
    (application + 1).to_string()
}

/// Returns the subscriber who owns an application.
pub(super) fn owner(application: usize) -> String {
    format!("subscriber{application}")
}

/// Returns the name of an application.
pub(super) fn name(application: usize) -> String {
    format!("application{application}")
}

/// Returns the consumer key of an application.
pub(super) fn consumer_key(application: usize) -> String {
    format!("consumerKey{application:020}")
}

/// Returns the subscription policy of an application.
pub(super) fn subscription_policy(application: usize) -> &'static str {
    if application == OVER_QUOTA { ONE_PER_YEAR } else { AMPLE }
}

/// Returns the subscription snapshot as `pull` would have written it.
pub(super) fn snapshot() -> SubscriptionSnapshot {
    let api = mgw_bundle::api_id(SECURED_API, VERSION);
    let all = || 0..=OVER_QUOTA;
    let mut snapshot = SubscriptionSnapshot {
        format: FORMAT,
        source: SnapshotSource::InternalData,
        applications: all()
            .map(|application| Application {
                id: id(application),
                uuid: None,
                name: name(application),
                owner: owner(application),
                policy: AMPLE.into(),
            })
            .collect(),
        key_mappings: all()
            .map(|application| KeyMapping {
                consumer_key: consumer_key(application),
                application: id(application),
                key_type: KeyType::Production,
                key_manager: None,
            })
            .collect(),
        subscriptions: all()
            .map(|application| Subscription {
                api: api.clone(),
                application: id(application),
                policy: subscription_policy(application).into(),
                state: SubscriptionState::Unblocked,
            })
            .collect(),
    };
    // The snapshot is sorted by text, not by number.
    snapshot.applications.sort_by(|a, b| a.id.cmp(&b.id));
    snapshot
        .key_mappings
        .sort_by(|a, b| a.consumer_key.cmp(&b.consumer_key));
    snapshot.subscriptions.sort_by(|a, b| a.application.cmp(&b.application));
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_has_a_key_and_a_subscription() {
        let snapshot = snapshot();
        assert_eq!(snapshot.applications.len(), 101);
        assert_eq!(snapshot.key_mappings.len(), 101);
        let over: Vec<_> = snapshot
            .subscriptions
            .iter()
            .filter(|subscription| subscription.policy == ONE_PER_YEAR)
            .collect();
        assert_eq!(over.len(), 1);
        assert_eq!(over[0].application, "101");
    }
}
