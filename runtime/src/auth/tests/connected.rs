//! Subscriptions of a connected control plane, with the bundle's snapshot behind them.

use super::keys::*;
use super::server::status;
use super::setup::*;
use super::subscriptions::snapshot;
use crate::auth::{Caller, CallerKeyType, Outcome};
use crate::event_hub::Outlet;
use crate::event_hub::amqp::rabbitmq::RabbitMq;
use crate::refusal::Refusal;
use crate::subscription_data::tests::meanings::message;
use crate::subscription_data::tests::plane::Plane;
use crate::subscription_data::{ABSENT_MS, DataStatus};
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::Scopes;
use mgw_bundle::snapshot::{KeyType, SnapshotSource, SubscriptionState};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A gateway that is connected to `plane` and loads everything each `refresh` seconds; `more` are further settings.
fn connected(plane: &Plane, refresh: u32, more: &str, snapshot: Option<&SubscriptionSnapshot>) -> Fixture {
    let url = plane.url();
    let conf = format!(
        "apim.eventHub.enable = true\napim.eventHub.serviceUrl = \"{url}\"\napim.eventHub.password = \"canary\"\n\
         apim.eventHub.refreshInterval = {refresh}\n{more}"
    );
    fixture(
        &conf,
        &gateway(vec![api(vec![resource(oauth2(), Scopes::default())])]),
        snapshot,
    )
}

impl Fixture {
    /// Lets the gateway's own tasks work until a condition holds.
    fn until_data(&self, mut wanted: impl FnMut(&DataStatus) -> bool) {
        let security = &self.security;
        self.runtime.block_on(async {
            let waiting = async {
                while !wanted(&security.subscription_data().expect("it is connected")) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            let done = tokio::time::timeout(Duration::from_secs(60), waiting).await;
            assert!(done.is_ok(), "{:?}", security.subscription_data());
        });
    }

    fn loaded(&self) {
        self.until_data(|status| status.loaded_at_ms > 0);
    }

    /// Waits for the load after the present one.
    fn loaded_again(&self) {
        let before = self.security.subscription_data().expect("it is connected").loaded_at_ms;
        self.until_data(|status| status.loaded_at_ms > before);
    }
}

fn subscription(state: &str) -> Value {
    json!({"apiId": 41, "appId": 12, "policyId": "Gold", "subscriptionState": state})
}

fn set(plane: &Plane, subscription: Value) {
    plane.change("subscriptions", |list| *list = vec![subscription]);
}

fn admitted(outcome: Result<Option<Arc<Caller>>, Refusal>) -> Arc<Caller> {
    outcome.expect("admitted").expect("a caller")
}

#[test]
fn states_of_the_control_plane_decide_at_the_next_request() {
    let cases = [
        ("UNBLOCKED", None),
        ("TIER_UPDATE_PENDING", None),
        ("ON_HOLD", Some(Refusal::SubscriptionInactive)),
        ("BLOCKED", Some(Refusal::Blocked)),
        ("PROD_ONLY_BLOCKED", Some(Refusal::Blocked)),
        ("REJECTED", Some(Refusal::NotSubscribed)),
        ("NEW", Some(Refusal::NotSubscribed)),
    ];
    let plane = Plane::start();
    let mut fixture = connected(&plane, 86_400, "", None);
    fixture.loaded();
    let (outlet, feed) = Outlet::notifications();
    let data = fixture.security.subscription_data.as_ref().expect("it is connected");
    data.follow(feed);
    let token = token(&claims());
    assert_eq!(refusal(fixture.bearer(&token)), None);
    let verified = fixture.core.misses;
    for (stamp, (state, expected)) in (1..).zip(cases) {
        let mut event = subscription(state);
        event["applicationId"] = json!(12);
        event["subscriptionId"] = json!(77);
        let message = message("SUBSCRIPTIONS_UPDATE", event, stamp, "carbon.super");
        let delivered = fixture.runtime.block_on(outlet.deliver(None, &message));
        delivered.expect("a consumer");
        fixture.until_data(|status| status.notifications == stamp);
        assert_eq!(refusal(fixture.bearer(&token)), expected, "{state}");
        assert_eq!(refusal(fixture.bearer(&token)), expected, "{state}");
    }
    assert_eq!(
        fixture.core.misses, verified,
        "the token itself was remembered all the time"
    );
}

#[test]
fn a_caller_about_whom_nothing_changed_is_the_same_caller() {
    let plane = Plane::start();
    let mut fixture = connected(&plane, 1, "", None);
    fixture.loaded();
    let token = token(&claims());
    let before = admitted(fixture.bearer(&token));
    assert_eq!(before.grant.tenant.as_deref(), Some("carbon.super"));
    plane.change("applications", |list| {
        list.push(json!({"id": 13, "name": "Other", "policy": "Unlimited"}))
    });
    fixture.until_data(|status| status.counts.applications == 2);
    assert!(Arc::ptr_eq(&before, &admitted(fixture.bearer(&token))));
    // Another policy makes another caller, with other quotas.
    set(
        &plane,
        json!({"apiId": 41, "appId": 12, "policyId": "Default", "subscriptionState": "UNBLOCKED"}),
    );
    fixture.loaded_again();
    fixture.loaded_again();
    let after = admitted(fixture.bearer(&token));
    assert_eq!(
        (
            before.grant.subscription_policy.as_str(),
            after.grant.subscription_policy.as_str()
        ),
        ("Gold", "Default")
    );
}

#[test]
fn an_unknown_caller_is_looked_up_once() {
    let plane = Plane::start();
    let mut fixture = connected(&plane, 86_400, "", None);
    fixture.loaded();
    plane.change("applications", |list| {
        list.push(json!({"id": 13, "name": "New", "subName": "cy", "policy": "Unlimited"}))
    });
    plane.change("application-key-mappings", |list| {
        list.push(json!({"applicationId": 13, "consumerKey": "key2", "keyType": "SANDBOX"}));
    });
    plane.change("subscriptions", |list| {
        list.push(json!({"apiId": 41, "appId": 13, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}));
    });
    let known = token(&claims());
    assert_eq!(refusal(fixture.bearer(&known)), None);
    assert_eq!(plane.lookups(), 0, "what is known is not asked for");
    let new = token(&with(claims(), json!({"azp": "key2"})));
    let caller = admitted(fixture.bearer(&new));
    assert_eq!(
        (caller.grant.application_name.as_str(), caller.grant.subscriber.as_str()),
        ("New", "cy")
    );
    assert_eq!(caller.grant.key_type, CallerKeyType::Sandbox);
    let asked = plane.lookups();
    assert_eq!(
        asked,
        3,
        "key mapping, application, subscription: {:?}",
        plane.received()
    );
    assert_eq!(refusal(fixture.bearer(&new)), None);
    assert_eq!(plane.lookups(), asked);
}

#[test]
fn a_caller_whom_nobody_knows_is_refused_and_not_asked_for_again_for_a_while() {
    let plane = Plane::start();
    let mut fixture = connected(&plane, 86_400, "", None);
    fixture.loaded();
    let unknown = token(&with(claims(), json!({"azp": "nobody", "exp": 1_800_000_000})));
    for _ in 0..5 {
        assert_eq!(refusal(fixture.bearer(&unknown)), Some(Refusal::NotSubscribed));
    }
    assert_eq!(plane.lookups(), 1);
    assert_eq!(
        fixture.core.misses, 1,
        "the token is remembered while its caller is looked up"
    );
    // Another token of the same caller asks again on this core, but not the control plane.
    let other = token(&with(claims(), json!({"azp": "nobody", "jti": "id-2"})));
    assert_eq!(refusal(fixture.bearer(&other)), Some(Refusal::NotSubscribed));
    assert_eq!(plane.lookups(), 1);
    // The core looks again after a while: it waits, as it would for an answer.
    fixture.now += ABSENT_MS - 1;
    let headers = headers(&[("authorization", &format!("Bearer {unknown}"))]);
    let asks = |fixture: &mut Fixture| {
        let request = crate::auth::RequestView {
            headers: &headers,
            query: None,
            client_ip: [192, 0, 2, 1].into(),
            certificate: None,
        };
        let answers = crate::auth::Answers::default();
        let now = fixture.now;
        let outcome = fixture
            .authenticator
            .authenticate(&mut fixture.core, &request, 0, 0, now, &answers);
        matches!(outcome, Outcome::Wait(_))
    };
    assert!(!asks(&mut fixture));
    fixture.now += 1;
    assert!(asks(&mut fixture));
}

#[test]
fn while_the_control_plane_is_away_the_bundle_serves_and_others_are_refused() {
    let plane = Plane::start();
    plane.fault(Some(status("503 Service Unavailable")));
    let bundle = snapshot(
        Some(SubscriptionState::Unblocked),
        KeyType::Production,
        SnapshotSource::InternalData,
    );
    let mut fixture = connected(&plane, 1, "", Some(&bundle));
    let (known, unknown) = (token(&claims()), token(&with(claims(), json!({"azp": "key2"}))));
    assert_eq!(refusal(fixture.bearer(&known)), None);
    assert_eq!(refusal(fixture.bearer(&unknown)), Some(Refusal::NotSubscribed));
    // The control plane's word is newer than the bundle's, whatever it says.
    set(&plane, subscription("BLOCKED"));
    plane.fault(None);
    fixture.loaded();
    assert_eq!(refusal(fixture.bearer(&known)), Some(Refusal::Blocked));
    plane.change("subscriptions", Vec::clear);
    fixture.until_data(|status| status.counts.subscriptions == 0);
    assert_eq!(refusal(fixture.bearer(&known)), Some(Refusal::NotSubscribed));
    // It goes away for good: what it said last stands.
    plane.fault(Some(status("503 Service Unavailable")));
    fixture.until_data(|status| status.load_failures > 1);
    assert_eq!(refusal(fixture.bearer(&known)), Some(Refusal::NotSubscribed));
}

#[test]
fn without_validation_nobody_waits() {
    let plane = Plane::start();
    let mut fixture = connected(&plane, 86_400, "security.validateSubscriptions = false\n", None);
    fixture.loaded();
    let unknown = token(&with(claims(), json!({"azp": "nobody"})));
    assert_eq!(refusal(fixture.bearer(&unknown)), None);
    assert_eq!(plane.lookups(), 0);
}

#[test]
fn a_connected_gateway_asks_for_subscriptions_unless_told_otherwise() {
    let plane = Plane::start();
    let claims_only = snapshot(None, KeyType::Production, SnapshotSource::TokenClaims);
    for bundle in [None, Some(&claims_only)] {
        let mut fixture = connected(&plane, 1, "", bundle);
        fixture.loaded();
        assert_eq!(refusal(fixture.bearer(&token(&claims()))), None);
        let unknown = token(&with(claims(), json!({"azp": "nobody"})));
        assert_eq!(refusal(fixture.bearer(&unknown)), Some(Refusal::NotSubscribed));
    }
}

/// The broker tells what the next load would only find in a day.
#[test]
fn a_block_that_the_broker_tells_counts_at_the_next_request() {
    let mut server = RabbitMq::prepare();
    server.start();
    let plane = Plane::start();
    let brokers = format!(
        "apim.eventHub.eventListeningEndpoints = \"amqp://admin:canary@127.0.0.1:{}/carbon\"\n",
        server.port
    );
    let mut fixture = connected(&plane, 86_400, &brokers, None);
    fixture.until_data(|status| status.loaded_at_ms > 0 && status.notified);
    let token = token(&claims());
    assert_eq!(refusal(fixture.bearer(&token)), None);

    let tell = |server: &RabbitMq, state: &str, stamp| {
        let mut event = subscription(state);
        event["applicationId"] = json!(12);
        event["subscriptionId"] = json!(77);
        let message = message("SUBSCRIPTIONS_UPDATE", event, stamp, "carbon.super");
        server.publish(&[("notification", "text/plain", &message)]);
    };
    tell(&server, "BLOCKED", 10);
    fixture.until_data(|status| status.notifications == 1);
    assert_eq!(refusal(fixture.bearer(&token)), Some(Refusal::Blocked));

    // What happens while the broker is away is found when it is back.
    server.kill();
    fixture.until_data(|status| !status.notified);
    set(&plane, subscription("ON_HOLD"));
    plane.change("applications", |list| {
        list.push(json!({"id": 13, "name": "Other", "policy": "Unlimited"}))
    });
    server.start();
    fixture.until_data(|status| status.notified && status.counts.applications == 2);
    assert_eq!(refusal(fixture.bearer(&token)), Some(Refusal::SubscriptionInactive));
    tell(&server, "UNBLOCKED", 11);
    fixture.until_data(|status| status.notifications == 2);
    assert_eq!(refusal(fixture.bearer(&token)), None);
    assert!(!format!("{:?}", fixture.security).contains("canary"));
}
