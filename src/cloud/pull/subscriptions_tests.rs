//! Subscriptions of both sources.

use super::*;
use serde_json::json;

fn apis() -> Vec<LockedApi> {
    vec![LockedApi {
        id: "uuid-1".into(),
        provider: Some("ana@meridian".into()),
        ..LockedApi::sample("Ledger", "2", b"")
    }]
}

#[test]
fn gateway_data_is_joined_on_numbers() {
    let data = GatewayData {
        apis: vec![
            json!({"apiId": 41, "name": "Ledger", "version": "2", "context": "/l/2", "provider": "ana-AT-meridian"}),
            json!({"apiId": 42, "name": "Other", "version": "2", "provider": "ana@meridian"}),
        ],
        applications: vec![
            json!({"id": 12, "name": "Till", "subName": "ana", "policy": "50PerMin"}),
            json!({"id": 13, "name": "Unused", "subName": "ana", "policy": "50PerMin"}),
        ],
        key_mappings: vec![
            json!({"applicationId": 12, "consumerKey": "z", "keyType": "SANDBOX", "keyManager": "Resident Key Manager"}),
            json!({"applicationId": 12, "consumerKey": "a", "keyType": "PRODUCTION"}),
            json!({"applicationId": 13, "consumerKey": "u", "keyType": "PRODUCTION"}),
            json!({"applicationId": 12, "keyType": "PRODUCTION"}),
        ],
        subscriptions: vec![
            json!({"apiId": 41, "appId": 12, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
            json!({"apiId": 42, "appId": 13, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
            json!({"apiId": 41, "appId": 99, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
            json!({"apiId": 41, "appId": 12, "subscriptionState": "UNBLOCKED"}),
            json!({"appId": 12, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
        ],
    };
    let joined = from_gateway_data(&data, &apis());
    let snapshot = joined.snapshot;
    assert_eq!(snapshot.source, SnapshotSource::InternalData);
    assert_eq!(
        (snapshot.applications.len(), snapshot.applications[0].id.as_str()),
        (1, "12")
    );
    let keys: Vec<&str> = snapshot
        .key_mappings
        .iter()
        .map(|key| key.consumer_key.as_str())
        .collect();
    assert_eq!(keys, ["a", "z"]);
    assert_eq!(snapshot.subscriptions.len(), 1);
    assert_eq!(snapshot.subscriptions[0].api, mgw_bundle::api_id("Ledger", "2"));
    assert!(joined.is_partial);
    assert_eq!(
        joined.notices,
        [
            "2 subscriptions are without an API, an application or a policy, and left out",
            "1 subscription is of applications that the data for gateways does not have, and left out"
        ]
    );
}

/// The states of the subscriptions that the rows of `apis` bring: the one with `apiId` 41 is subscribed to as named,
/// all others by application 13.
fn states(api_rows: &[Value], of_41: &[&str]) -> Vec<(String, SubscriptionState)> {
    let row = |api: &Value, application: u64, state: &str| json!({"apiId": api["apiId"], "appId": application, "policyId": "Gold", "subscriptionState": state});
    let subscriptions = api_rows.iter().flat_map(|api| match api["apiId"].as_u64() {
        Some(41) => of_41.iter().map(|state| row(api, 12, state)).collect(),
        _ => vec![row(api, 13, "UNBLOCKED")],
    });
    let data = GatewayData {
        apis: api_rows.to_vec(),
        applications: vec![json!({"id": 12, "name": "Till"}), json!({"id": 13, "name": "Foreign"})],
        key_mappings: vec![
            json!({"applicationId": 12, "consumerKey": "a", "keyType": "PRODUCTION"}),
            json!({"applicationId": 13, "consumerKey": "b", "keyType": "PRODUCTION"}),
        ],
        subscriptions: subscriptions.collect(),
    };
    let subscriptions = from_gateway_data(&data, &apis()).snapshot.subscriptions;
    subscriptions
        .into_iter()
        .map(|one| (one.application, one.state))
        .collect()
}

#[test]
fn who_subscribes_to_another_api_of_the_same_name_is_no_subscriber() {
    let own = json!({"apiId": 41, "name": "Ledger", "version": "2", "provider": "ana@meridian"});
    let own_by_id = json!({"apiId": 41, "name": "Ledger", "version": "2", "uuid": "uuid-1"});
    for (own, other) in [
        (
            &own,
            json!({"apiId": 7, "name": "Ledger", "version": "2", "provider": "ben@meridian"}),
        ),
        (&own, json!({"apiId": 7, "name": "Ledger", "version": "2"})),
        (
            &own,
            json!({"apiId": 7, "name": "Ledger", "version": "2", "provider": "ana@meridian", "apiType": "APIProduct"}),
        ),
        (
            &own,
            json!({"apiId": 7, "name": "Ledger", "version": "2", "provider": "ana@meridian", "apiType": "API_PRODUCT"}),
        ),
        (
            &own_by_id,
            json!({"apiId": 7, "name": "Ledger", "version": "2", "uuid": "uuid-2", "provider": "ana@meridian"}),
        ),
    ] {
        let found = states(&[own.clone(), other.clone()], &["UNBLOCKED"]);
        assert_eq!(found, [("12".to_owned(), SubscriptionState::Unblocked)], "{other}");
    }
}

#[test]
fn of_entries_that_disagree_the_one_that_permits_less_is_kept() {
    let own = [json!({"apiId": 41, "name": "Ledger", "version": "2", "provider": "ana@meridian"})];
    for (both, kept) in [
        (["UNBLOCKED", "BLOCKED"], SubscriptionState::Blocked),
        (["ON_HOLD", "UNBLOCKED"], SubscriptionState::OnHold),
        (["UNBLOCKED", "PROD_ONLY_BLOCKED"], SubscriptionState::ProdOnlyBlocked),
        (["odd", "PROD_ONLY_BLOCKED"], SubscriptionState::Unknown),
    ] {
        let reversed = [both[1], both[0]];
        for order in [both, reversed] {
            assert_eq!(states(&own, &order), [("12".to_owned(), kept)], "{order:?}");
        }
    }
}

#[test]
fn ten_thousand_apis_are_found_at_once() {
    let one = apis().remove(0);
    let numbers = 0..10_000_u32;
    let pulled: Vec<LockedApi> = numbers
        .clone()
        .map(|number| LockedApi {
            name: format!("Ledger{number}"),
            id: format!("uuid-{number}"),
            ..one.clone()
        })
        .collect();
    let document = |number: u32| {
        let name = format!("Ledger{number}");
        match number % 2 {
            0 => json!({"apiId": number, "name": name, "version": "2", "provider": "ana@meridian"}),
            _ => json!({"apiId": number, "name": name, "version": "2", "uuid": format!("uuid-{number}")}),
        }
    };
    let data = GatewayData {
        apis: numbers.clone().map(document).collect(),
        applications: vec![json!({"id": 12, "name": "Till"})],
        key_mappings: vec![json!({"applicationId": 12, "consumerKey": "a", "keyType": "PRODUCTION"})],
        subscriptions: numbers
            .map(|number| json!({"apiId": number, "appId": 12, "policyId": "Gold"}))
            .collect(),
    };
    let begin = std::time::Instant::now();
    let joined = from_gateway_data(&data, &pulled);
    assert_eq!(joined.snapshot.subscriptions.len(), 10_000);
    assert_eq!(joined.notices, Vec::<String>::new());
    // Each compared with each takes minutes, and this a fraction of a second.
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
}

#[test]
fn an_api_that_the_data_lacks_is_told() {
    let joined = from_gateway_data(&GatewayData::default(), &apis());
    assert_eq!(
        joined.notices,
        ["the data for gateways does not have Ledger 2: nobody is subscribed to it here"]
    );
}

#[test]
fn publisher_and_store_are_joined_on_uuids() {
    let subscription = |application: &str, status: &str| {
        let info = json!({"applicationId": application, "name": "x"});
        (
            "uuid-1".to_owned(),
            json!({"applicationInfo": info, "throttlingPolicy": "Gold", "subscriptionStatus": status}),
        )
    };
    let data = StoreData {
        subscriptions: Some(vec![
            subscription("app-1", "PROD_ONLY_BLOCKED"),
            subscription("app-2", "NEW"),
            subscription("app-3", "UNBLOCKED"),
        ]),
        applications: Some(vec![
            VisibleApplication {
                application: json!({"applicationId": "app-1", "name": "Till", "owner": "ana", "throttlingPolicy": "10PerMin"}),
                keys: Some(vec![json!({"consumerKey": "k", "keyType": "PRODUCTION"})]),
            },
            VisibleApplication {
                application: json!({"applicationId": "app-2", "name": "New", "owner": "ana"}),
                keys: Some(vec![json!({"keyType": "PRODUCTION"})]),
            },
            VisibleApplication {
                application: json!({"applicationId": "app-3", "name": "Shared", "owner": "ben"}),
                keys: None,
            },
        ]),
    };
    let joined = from_store_data(&data, &apis());
    assert_eq!(joined.snapshot.source, SnapshotSource::PublisherAndStore);
    let states: Vec<SubscriptionState> = joined.snapshot.subscriptions.iter().map(|s| s.state).collect();
    let unblocked = SubscriptionState::Unblocked;
    assert_eq!(
        states,
        [
            SubscriptionState::ProdOnlyBlocked,
            SubscriptionState::Unknown,
            unblocked
        ]
    );
    assert_eq!(joined.snapshot.key_mappings.len(), 1);
    assert_eq!(
        joined.notices,
        [
            "the application New has no keys yet",
            "the keys of the application Shared are not shown to you: its tokens are not known here"
        ]
    );
}

#[test]
fn why_a_subscription_has_no_application_is_told() {
    let notices = |applications: Value| {
        let subscription = |application: &str| {
            let document = json!({"applicationId": application, "throttlingPolicy": "Gold"});
            ("uuid-1".to_owned(), document)
        };
        let visible = applications.as_array().cloned().unwrap_or_default().into_iter();
        let data = StoreData {
            subscriptions: Some(vec![subscription("app-1"), subscription("app-2")]),
            applications: Some(
                visible
                    .map(|application| VisibleApplication {
                        application,
                        keys: None,
                    })
                    .collect(),
            ),
        };
        from_store_data(&data, &apis()).notices
    };
    assert_eq!(
        notices(json!([])),
        ["2 subscriptions are of applications of others, which you may not see, and left out"]
    );
    assert_eq!(
        notices(json!([{"name": "Till"}])),
        [
            "2 subscriptions are of applications that are not listed with an id, and left out: 1 application is listed without one"
        ]
    );
    assert_eq!(
        notices(json!([{"applicationId": "app-2"}])),
        [
            "1 subscription is of applications that are listed without a name, and left out",
            "1 subscription is of applications of others, which you may not see, and left out"
        ]
    );
}

#[test]
fn without_either_the_token_decides() {
    for data in [
        StoreData::default(),
        StoreData {
            subscriptions: Some(Vec::new()),
            applications: None,
        },
        StoreData {
            subscriptions: None,
            applications: Some(Vec::new()),
        },
    ] {
        assert_eq!(
            from_store_data(&data, &apis()).snapshot.source,
            SnapshotSource::TokenClaims
        );
    }
}
