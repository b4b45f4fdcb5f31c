//! What notifications mean for the store, through the two ends of their topic.

use super::states::{Situation, connected};
use crate::auth::tests::server::status as http_status;
use crate::event_hub::amqp::TopicObserver;
use crate::event_hub::{DecodeError, Outlet};
use crate::subscription_data::ids::Ids;
use crate::subscription_data::store::Seen;
use crate::subscription_data::{DataState, DataStatus};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mgw_bundle::snapshot::SubscriptionState;
use serde_json::{Value, json};
use std::sync::Arc;

/// A notification as generation 4 sends it.
pub(crate) fn message(kind: &str, mut event: Value, stamp: u64, tenant: &str) -> Vec<u8> {
    event["timeStamp"] = json!(stamp);
    event["tenantDomain"] = json!(tenant);
    let event = STANDARD.encode(event.to_string());
    let payload = json!({"eventType": kind, "timestamp": stamp, "event": event});
    json!({"event": {"payloadData": payload}}).to_string().into_bytes()
}

fn subscription(state: &str) -> Value {
    json!({"subscriptionId": 77, "apiId": 41, "applicationId": 12, "policyId": "Gold", "subscriptionState": state})
}

#[tokio::test]
async fn notifications_change_what_they_are_about() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    let (outlet, feed) = Outlet::notifications();
    let data = Arc::clone(&situation.data);
    data.follow(feed);
    let state = || match data
        .store()
        .subscription(Ids::new(Some(12), None), Ids::new(Some(41), None))
    {
        Seen::Here(subscription) => Some(subscription.state),
        _ => None,
    };
    assert_eq!(state(), Some(SubscriptionState::Unblocked));
    // An older one has everything loaded; the lists would hide what the notifications did.
    situation.plane.fault(Some(http_status("503 Service Unavailable")));

    let steps = [
        (
            "SUBSCRIPTIONS_UPDATE",
            subscription("BLOCKED"),
            10,
            "carbon.super",
            Some(SubscriptionState::Blocked),
        ),
        // Older than what is known, about another tenant, or nothing to the store.
        (
            "SUBSCRIPTIONS_UPDATE",
            subscription("UNBLOCKED"),
            9,
            "carbon.super",
            Some(SubscriptionState::Blocked),
        ),
        (
            "SUBSCRIPTIONS_UPDATE",
            subscription("UNBLOCKED"),
            11,
            "other.example",
            Some(SubscriptionState::Blocked),
        ),
        (
            "SCOPE_CREATE",
            json!({"name": "x"}),
            12,
            "carbon.super",
            Some(SubscriptionState::Blocked),
        ),
        // Twice does no harm.
        (
            "SUBSCRIPTIONS_UPDATE",
            subscription("BLOCKED"),
            10,
            "carbon.super",
            Some(SubscriptionState::Blocked),
        ),
        (
            "subscriptions_update",
            subscription("ON_HOLD"),
            13,
            "carbon.super",
            Some(SubscriptionState::OnHold),
        ),
        (
            "SUBSCRIPTIONS_DELETE",
            subscription("UNBLOCKED"),
            14,
            "carbon.super",
            None,
        ),
        (
            "SUBSCRIPTIONS_UPDATE",
            subscription("UNBLOCKED"),
            13,
            "carbon.super",
            None,
        ),
        (
            "SUBSCRIPTIONS_CREATE",
            subscription("UNBLOCKED"),
            15,
            "carbon.super",
            Some(SubscriptionState::Unblocked),
        ),
    ];
    for (kind, event, stamp, tenant, expected) in steps {
        let before = data.status();
        outlet
            .deliver(Some("text/plain"), &message(kind, event, stamp, tenant))
            .await
            .expect("a consumer");
        if kind != "SCOPE_CREATE" {
            let seen = |status: &DataStatus| status.notifications + status.notifications_ignored;
            situation.until(|status| seen(status) > seen(&before)).await;
        }
        assert_eq!(state(), expected, "{kind} {stamp} {tenant}");
    }

    let key = json!({"applicationId": 12, "consumerKey": "new", "keyType": "SANDBOX", "keyManager": "x"});
    let before = data.status().notifications;
    for (kind, event) in [
        ("APPLICATION_REGISTRATION_CREATE", key.clone()),
        (
            "APPLICATION_UPDATE",
            json!({"applicationId": 12, "applicationName": "Shop", "applicationPolicy": "Big"}),
        ),
        (
            "API_UPDATE",
            json!({"apiId": 42, "apiName": "Other", "apiVersion": "1", "apiContext": "/o"}),
        ),
    ] {
        let message = message(kind, event, 20, "carbon.super");
        outlet.deliver(None, &message).await.expect("a consumer");
    }
    situation.until(|status| status.notifications == before + 3).await;
    assert!(matches!(data.store().key_mapping("new"), Seen::Here(_)));
    match data.store().application(Ids::new(Some(12), None)) {
        Seen::Here(own) => assert_eq!(
            (own.name.as_str(), own.owner.as_str(), own.policy.as_str()),
            ("Shop", "bo", "Big")
        ),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        data.store().api(&mgw_bundle::api_id("Other", "1")),
        Seen::Here(_)
    ));

    situation.until(|status| status.state == DataState::Stale).await;
    situation.plane.fault(None);
    situation.until(|status| status.state == DataState::Current).await;
    // What a notification does not tell is loaded; so is everything when the hub is connected again.
    let loads = situation.plane.loads();
    let silent = message("API_UPDATE", json!({"apiId": 43}), 21, "carbon.super");
    outlet.deliver(None, &silent).await.expect("a consumer");
    situation.plane.until_loads(loads + 1).await;
    // The list does not have the new key.
    let gone = |_: &DataStatus| matches!(data.store().key_mapping("new"), Seen::Gone);
    situation.until(gone).await;
    outlet.reload().await.expect("a consumer");
    situation.plane.until_loads(loads + 2).await;
}

/// The clocks of a control plane's nodes differ, and older generations do not tell everything.
#[tokio::test]
async fn what_a_notification_cannot_settle_is_loaded() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    let (outlet, feed) = Outlet::notifications();
    let data = Arc::clone(&situation.data);
    data.follow(feed);
    let tell = async |kind, event, stamp| {
        let message = message(kind, event, stamp, "carbon.super");
        outlet.deliver(None, &message).await.expect("a consumer");
    };
    tell("SUBSCRIPTIONS_UPDATE", subscription("ON_HOLD"), 10).await;
    situation.plane.change("subscriptions", |list| {
        list[0]["subscriptionState"] = json!("BLOCKED");
    });
    tell("SUBSCRIPTIONS_UPDATE", subscription("BLOCKED"), 9).await;
    let blocked = |_: &DataStatus| {
        let pair = (Ids::new(Some(12), None), Ids::new(Some(41), None));
        matches!(data.store().subscription(pair.0, pair.1), Seen::Here(own) if own.state == SubscriptionState::Blocked)
    };
    situation.until(blocked).await;

    situation.plane.change("applications", |list| {
        list.push(json!({"id": 13, "name": "New", "subName": "cy", "policy": "Unlimited"}));
    });
    let new = json!({"applicationId": 13, "applicationName": "New", "applicationPolicy": "Unlimited"});
    tell("APPLICATION_CREATE", new, 20).await;
    let owned = |_: &DataStatus| matches!(data.store().application(Ids::new(Some(13), None)), Seen::Here(own) if own.owner == "cy");
    situation.until(owned).await;
    // The owner is known now: nothing is missing.
    let loads = situation.plane.loads();
    let renamed = json!({"applicationId": 13, "applicationName": "Newer", "applicationPolicy": "Unlimited"});
    let before = data.status().notifications;
    tell("APPLICATION_UPDATE", renamed, 21).await;
    situation.until(|status| status.notifications > before).await;
    tell("SUBSCRIPTIONS_UPDATE", subscription("ON_HOLD"), 8).await;
    situation.plane.until_loads(loads + 1).await;
    assert_eq!(situation.plane.loads(), loads + 1);
}

#[tokio::test]
async fn a_flood_of_unreadable_notifications_is_no_flood_of_loads() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    let loaded = std::time::Instant::now();
    // Each load is answered with another reason to load.
    for loads in 2..=4 {
        TopicObserver::skipped(&*situation.data, DecodeError::Event);
        situation.plane.until_loads(loads).await;
    }
    // 200, 400 and 800 ms; three times 200 ms without a brake.
    assert!(loaded.elapsed().as_millis() >= 1300, "{:?}", loaded.elapsed());
}
