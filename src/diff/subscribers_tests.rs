//! Changes of applications, keys and subscriptions.

use super::tests::{config, entries};
use super::*;
use mgw_bundle::snapshot::{Application, FORMAT, KeyMapping, KeyType, SnapshotSource, Subscription, SubscriptionState};

fn snapshot(id: &str) -> SubscriptionSnapshot {
    SubscriptionSnapshot {
        format: FORMAT,
        source: SnapshotSource::PublisherAndStore,
        applications: vec![Application {
            id: id.into(),
            uuid: None,
            name: "Till".into(),
            owner: "ana".into(),
            policy: "Unlimited".into(),
        }],
        key_mappings: vec![KeyMapping {
            consumer_key: "k".into(),
            application: id.into(),
            key_type: KeyType::Production,
            key_manager: None,
        }],
        subscriptions: vec![Subscription {
            api: mgw_bundle::api_id("Shop", "1"),
            application: id.into(),
            policy: "Unlimited".into(),
            state: SubscriptionState::Unblocked,
        }],
    }
}

fn classes(before: Option<&SubscriptionSnapshot>, after: Option<&SubscriptionSnapshot>) -> Vec<Class> {
    let (config, entries) = (config(), entries());
    let side = |snapshot| Side {
        config: &config,
        snapshot,
        entries: &entries,
    };
    compare(side(before), side(after))
        .into_iter()
        .map(|change| change.class)
        .collect()
}

#[test]
fn subscribers_come_and_go() {
    use Class::{Breaking, Compatible, Weakening};
    type Edit = fn(&mut SubscriptionSnapshot);
    let table: [(Edit, &[Class], &[Class]); 5] = [
        (|data| data.subscriptions.clear(), &[Breaking], &[Compatible]),
        (|data| data.key_mappings.clear(), &[Breaking], &[Compatible]),
        (
            |data| data.subscriptions[0].state = SubscriptionState::Blocked,
            &[Breaking],
            &[Weakening],
        ),
        (
            |data| data.subscriptions[0].policy = "Nobody's".into(),
            &[Breaking],
            &[Weakening],
        ),
        (
            |data| data.source = SnapshotSource::TokenClaims,
            &[Weakening],
            &[Breaking],
        ),
    ];
    for (index, (edit, there, back)) in table.into_iter().enumerate() {
        let (before, mut after) = (snapshot("1"), snapshot("1"));
        edit(&mut after);
        assert_eq!(classes(Some(&before), Some(&after)), there, "{index} there");
        assert_eq!(classes(Some(&after), Some(&before)), back, "{index} back");
    }
}

#[test]
fn another_source_of_the_same_data_is_no_change() {
    let mut other = snapshot("uuid-1");
    other.source = SnapshotSource::InternalData;
    assert!(classes(Some(&snapshot("1")), Some(&other)).is_empty());
    assert_eq!(classes(Some(&other), None), [Class::Weakening]);
}
