//! Changes of applications, keys and subscriptions.

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
    let table: [(Edit, &[Class], &[Class]); 8] = [
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
            |data| data.key_mappings[0].key_type = KeyType::Sandbox,
            &[Breaking],
            &[Breaking, Weakening],
        ),
        // Only where both sides tell it, and the gateway does not look at it.
        (
            |data| data.key_mappings[0].key_manager = Some("Resident Key Manager".into()),
            &[],
            &[],
        ),
        // A key that is another application's now.
        (
            |data| {
                data.applications.push(Application {
                    id: "2".into(),
                    name: "Desk".into(),
                    ..data.applications[0].clone()
                });
                data.key_mappings[0].application = "2".into();
            },
            &[Breaking, Compatible],
            &[Breaking, Compatible],
        ),
        (
            |data| data.source = SnapshotSource::TokenClaims,
            // Tokens with the claim go on, tokens without it do not.
            &[Breaking, Weakening],
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
fn another_key_manager_is_cosmetic() {
    let with = |name: &str| {
        let mut data = snapshot("1");
        data.key_mappings[0].key_manager = Some(name.into());
        data
    };
    assert_eq!(classes(Some(&with("a")), Some(&with("b"))), [Class::Cosmetic]);
}

#[test]
fn another_source_of_the_same_data_is_cosmetic() {
    let mut other = snapshot("uuid-1");
    other.source = SnapshotSource::InternalData;
    assert!(classes(Some(&snapshot("1")), Some(&snapshot("uuid-1"))).is_empty());
    assert_eq!(classes(Some(&snapshot("1")), Some(&other)), [Class::Cosmetic]);
    assert_eq!(classes(Some(&other), None), [Class::Breaking, Class::Weakening]);
}
