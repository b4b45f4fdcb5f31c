//! Subscriptions from claims and from the bundle's snapshot.

use super::keys::*;
use super::setup::*;
use crate::auth::{Caller, CallerKeyType};
use crate::refusal::Refusal;
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::{ApiState, Scopes};
use mgw_bundle::snapshot::*;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn snapshot(
    state: Option<SubscriptionState>,
    key_type: KeyType,
    source: SnapshotSource,
) -> SubscriptionSnapshot {
    let empty = source == SnapshotSource::TokenClaims;
    SubscriptionSnapshot {
        format: 1,
        source,
        applications: if empty {
            vec![]
        } else {
            vec![Application {
                id: "12".into(),
                uuid: None,
                name: "Till".into(),
                owner: "bo".into(),
                policy: "Unlimited".into(),
            }]
        },
        key_mappings: if empty {
            vec![]
        } else {
            vec![KeyMapping {
                consumer_key: "key1".into(),
                application: "12".into(),
                key_type,
                key_manager: None,
            }]
        },
        subscriptions: state
            .map(|state| Subscription {
                api: mgw_bundle::api_id("Ledger", "1.0.0"),
                application: "12".into(),
                policy: "Gold".into(),
                state,
            })
            .into_iter()
            .collect(),
    }
}

fn ask(
    conf: &str,
    state: ApiState,
    snapshot: Option<&SubscriptionSnapshot>,
    changes: Value,
) -> Result<Arc<Caller>, Refusal> {
    let mut api = api(vec![resource(oauth2(), Scopes::default())]);
    api.state = state;
    let mut fixture = fixture(conf, &gateway(vec![api]), snapshot);
    fixture
        .bearer(&token(&with(claims(), changes)))
        .map(|caller| caller.expect("the resource is secured"))
}

#[test]
fn states_of_the_snapshot_decide() {
    use SubscriptionState::*;
    let cases = [
        (Some(Unblocked), KeyType::Production, None),
        (Some(Unblocked), KeyType::Sandbox, None),
        (Some(TierUpdatePending), KeyType::Production, None),
        (Some(OnHold), KeyType::Production, Some(Refusal::SubscriptionInactive)),
        (Some(Blocked), KeyType::Production, Some(Refusal::Blocked)),
        (Some(Blocked), KeyType::Sandbox, Some(Refusal::Blocked)),
        (Some(ProdOnlyBlocked), KeyType::Production, Some(Refusal::Blocked)),
        (Some(ProdOnlyBlocked), KeyType::Sandbox, Some(Refusal::NotSubscribed)),
        (Some(Rejected), KeyType::Production, Some(Refusal::NotSubscribed)),
        (Some(Unknown), KeyType::Production, Some(Refusal::NotSubscribed)),
        (None, KeyType::Production, Some(Refusal::NotSubscribed)),
    ];
    for (state, key_type, expected) in cases {
        let snapshot = snapshot(state, key_type, SnapshotSource::InternalData);
        let got = ask("", ApiState::Published, Some(&snapshot), json!({}));
        assert_eq!(got.as_ref().err().copied(), expected, "{state:?} {key_type:?}");
        if let Ok(caller) = got {
            assert_eq!(caller.grant.application_name, "Till");
            assert_eq!(caller.grant.subscription_policy, "Gold");
            let wanted = if key_type == KeyType::Sandbox {
                CallerKeyType::Sandbox
            } else {
                CallerKeyType::Production
            };
            assert_eq!(caller.grant.key_type, wanted);
        }
    }
}

#[test]
fn the_consumer_key_is_found_where_issuers_put_it() {
    let snapshot = snapshot(
        Some(SubscriptionState::Unblocked),
        KeyType::Production,
        SnapshotSource::InternalData,
    );
    let named = format!(
        "[jwtTokenConfig]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\nconsumerKeyClaim = \"client\"\n"
    );
    for (conf, changes, passes) in [
        ("", json!({}), true),
        ("", json!({"azp": null, "client_id": "key1"}), true),
        ("", json!({"azp": null, "aud": "key1"}), true),
        ("", json!({"azp": null, "aud": ["key1", "x"]}), true),
        ("", json!({"azp": "other"}), false),
        ("", json!({"azp": null}), false),
        (named.as_str(), json!({"client": "key1"}), true),
        (named.as_str(), json!({}), false),
        (named.as_str(), json!({"aud": "key1"}), true),
    ] {
        let got = ask(conf, ApiState::Published, Some(&snapshot), changes.clone());
        assert_eq!(got.is_ok(), passes, "{changes}");
    }
}

#[test]
fn claims_decide_for_tokens_that_carry_them() {
    let subscribed = |name: &str, version: &str| {
        json!({
            "application": {"id": 12, "name": "Till", "tier": "Unlimited", "owner": "bo"}, "keytype": "SANDBOX",
            "subscribedAPIs": [{"name": name, "version": version, "subscriptionTier": "Gold"}],
        })
    };
    let claims_only = snapshot(None, KeyType::Production, SnapshotSource::TokenClaims);
    let blocked = snapshot(
        Some(SubscriptionState::Blocked),
        KeyType::Production,
        SnapshotSource::InternalData,
    );
    let caller = ask(
        "",
        ApiState::Published,
        Some(&claims_only),
        subscribed("Ledger", "1.0.0"),
    )
    .expect("subscribed");
    assert_eq!(caller.grant.application_id, "12");
    assert_eq!(caller.grant.subscription_policy, "Gold");
    assert_eq!(caller.grant.key_type, CallerKeyType::Sandbox);
    assert!(ask("", ApiState::Published, Some(&claims_only), subscribed("Ledger", "*")).is_ok());
    for (name, version) in [("Ledger", "2.0.0"), ("ledger", "1.0.0")] {
        let got = ask("", ApiState::Published, Some(&claims_only), subscribed(name, version));
        assert_eq!(got.err(), Some(Refusal::NotSubscribed), "{name} {version}");
    }
    // A token that says nothing about subscriptions has none.
    assert_eq!(
        ask("", ApiState::Published, Some(&claims_only), json!({})).err(),
        Some(Refusal::NotSubscribed)
    );
    // The control plane's block wins over an older token.
    assert_eq!(
        ask("", ApiState::Published, Some(&blocked), subscribed("Ledger", "1.0.0")).err(),
        Some(Refusal::Blocked)
    );
}

#[test]
fn the_switch_is_the_issuers_then_the_operators_then_the_bundles() {
    let missing = snapshot(None, KeyType::Production, SnapshotSource::InternalData);
    let issuer = |value: bool| {
        format!(
            "security.validateSubscriptions = {}\n[jwtTokenConfig]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\nvalidateSubscription = {value}\n",
            !value
        )
    };
    let cases = [
        (String::new(), None, None),
        (String::new(), Some(&missing), Some(Refusal::NotSubscribed)),
        (
            "security.validateSubscriptions = true\n".into(),
            None,
            Some(Refusal::NotSubscribed),
        ),
        ("security.validateSubscriptions = false\n".into(), Some(&missing), None),
        (issuer(true), None, Some(Refusal::NotSubscribed)),
        (issuer(false), Some(&missing), None),
    ];
    for (conf, snapshot, expected) in cases {
        assert_eq!(
            ask(&conf, ApiState::Published, snapshot, json!({})).err(),
            expected,
            "{conf}"
        );
    }
}

#[test]
fn api_states() {
    let missing = snapshot(None, KeyType::Production, SnapshotSource::InternalData);
    assert_eq!(
        ask("", ApiState::Blocked, None, json!({})).err(),
        Some(Refusal::Blocked)
    );
    assert_eq!(
        ask("", ApiState::Deprecated, Some(&missing), json!({})).err(),
        Some(Refusal::NotSubscribed)
    );
    assert!(ask("", ApiState::Prototyped, Some(&missing), json!({})).is_ok());
}
