//! Messages in both forms, as control planes send them and as they should not.

use super::map_message::encode;
use super::*;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mgw_bundle::snapshot::{KeyType, SubscriptionState};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const MAP: &str = "jms/map-message";
const TEXT: &str = "text/plain";

/// A message as generations 3 and 4 send it, with the content type.
fn both_forms(payload: &Value) -> [(&'static str, Vec<u8>); 2] {
    let text = json!({"event": {"payloadData": payload}});
    [
        (MAP, encode(payload.as_object().expect("an object"))),
        (TEXT, text.to_string().into_bytes()),
    ]
}

fn notification(kind: &str, event: &Value) -> Value {
    json!({"eventType": kind, "timestamp": 5, "event": BASE64_STANDARD.encode(event.to_string())})
}

/// Hands a message over and returns what arrives.
fn hand_over<T>(
    outlet: &Outlet,
    feed: &mut Feed<T>,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<T, Undelivered> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        outlet.deliver(content_type, body).await?;
        match feed.next().await {
            Some(FeedItem::Message(message)) => Ok(message),
            Some(FeedItem::Reload) | None => panic!("a message was delivered"),
        }
    })
}

fn read(content_type: Option<&str>, body: &[u8]) -> Result<Notification, Undelivered> {
    let (outlet, mut feed) = Outlet::notifications();
    hand_over(&outlet, &mut feed, content_type, body)
}

/// Returns the event of a notification that must mean the same in both forms.
fn event(kind: &str, event: &Value) -> Result<Event, Undelivered> {
    let [map, text] =
        both_forms(&notification(kind, event)).map(|(content_type, body)| read(Some(content_type), &body));
    assert_eq!(map, text);
    map.map(|notification| notification.event)
}

fn id(number: u64, uuid: &str) -> ObjectId {
    let object = json!({"id": number, "uuid": uuid}).to_string();
    let fields = fields::Fields::of_object(object.as_bytes()).expect("an object");
    ObjectId::read(&fields, "id", "uuid").expect("an id")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn events_of_both_generations_are_read() {
    let ledger = json!({"apiId": 41, "uuid": "7d1c", "apiName": "Ledger", "apiVersion": "2.1.0", "apiContext": "/ledger/2.1.0",
        "apiProvider": "ana", "apiType": "HTTP", "apiStatus": "PUBLISHED", "logLevel": null, "tenantId": -1234});
    let api = ApiEvent {
        id: id(41, "7d1c"),
        name: some("Ledger"),
        version: some("2.1.0"),
        context: some("/ledger/2.1.0"),
        provider: some("ana"),
    };
    let till = json!({"applicationId": "12", "applicationName": "Till", "applicationPolicy": "50PerMin", "tokenType": "JWT",
        "groupId": "ops", "attributes": {"region": "emea"}, "subscriber": "ana"});
    let application = ApplicationEvent {
        id: id(12, ""),
        name: some("Till"),
        owner: some("ana"),
        policy: some("50PerMin"),
    };
    let keys = json!({"applicationId": 0, "applicationUUID": "b1f4", "consumerKey": "pQ4m", "keyType": "SANDBOX", "keyManager": "default"});
    let mapping = KeyMappingEvent {
        application: id(0, "b1f4"),
        consumer_key: "pQ4m".to_owned(),
        key_type: KeyType::Sandbox,
        key_manager: some("default"),
    };
    let removal = KeyMappingRemoval {
        consumer_key: "pQ4m".to_owned(),
        key_manager: some("default"),
    };
    let gold = json!({"subscriptionId": 77, "subscriptionUUID": "0c9e", "apiId": 41, "applicationId": 12, "policyId": "Gold",
        "subscriptionState": "PROD_ONLY_BLOCKED"});
    let subscription = SubscriptionEvent {
        id: id(77, "0c9e"),
        api: id(41, ""),
        application: id(12, ""),
        policy: some("Gold"),
        state: SubscriptionState::ProdOnlyBlocked,
    };
    let policy = |kind| PolicyEvent {
        kind,
        name: "Gold".to_owned(),
    };
    let gold_policy =
        |kind: &str| json!({"policyType": kind, "policyId": 3, "policyName": "Gold", "quotaType": "requestCount"});
    for (kind, object, expected) in [
        ("API_CREATE", &ledger, Event::ApiChanged(api.clone())),
        ("api_update", &ledger, Event::ApiChanged(api.clone())),
        ("API_LIFECYCLE_CHANGE", &ledger, Event::ApiChanged(api.clone())),
        ("API_DELETE", &ledger, Event::ApiRemoved(api)),
        (
            "APPLICATION_CREATE",
            &till,
            Event::ApplicationChanged(application.clone()),
        ),
        (
            "APPLICATION_UPDATE",
            &till,
            Event::ApplicationChanged(application.clone()),
        ),
        ("Application_Delete", &till, Event::ApplicationRemoved(application)),
        (
            "APPLICATION_REGISTRATION_CREATE",
            &keys,
            Event::KeyMappingAdded(mapping),
        ),
        (
            "REMOVE_APPLICATION_KEYMAPPING",
            &keys,
            Event::KeyMappingRemoved(removal),
        ),
        (
            "SUBSCRIPTIONS_CREATE",
            &gold,
            Event::SubscriptionChanged(subscription.clone()),
        ),
        (
            "SUBSCRIPTIONS_UPDATE",
            &gold,
            Event::SubscriptionChanged(subscription.clone()),
        ),
        ("SUBSCRIPTIONS_DELETE", &gold, Event::SubscriptionRemoved(subscription)),
        (
            "POLICY_CREATE",
            &gold_policy("SUBSCRIPTION"),
            Event::PolicyChanged(policy(PolicyKind::Subscription)),
        ),
        (
            "POLICY_UPDATE",
            &gold_policy("API"),
            Event::PolicyChanged(policy(PolicyKind::Api)),
        ),
        (
            "POLICY_UPDATE",
            &gold_policy("APPLICATION"),
            Event::PolicyChanged(policy(PolicyKind::Application)),
        ),
        (
            "POLICY_DELETE",
            &gold_policy("GLOBAL"),
            Event::PolicyRemoved(policy(PolicyKind::Global)),
        ),
        (
            "POLICY_UPDATE",
            &gold_policy("LATER"),
            Event::Other("POLICY_UPDATE".to_owned()),
        ),
        (
            "scope_create",
            &json!({"name": 5}),
            Event::Other("SCOPE_CREATE".to_owned()),
        ),
    ] {
        assert_eq!(event(kind, object), Ok(expected), "{kind}");
    }
}

#[test]
fn what_a_subscription_does_not_say_is_refused() {
    let states = [
        ("UNBLOCKED", SubscriptionState::Unblocked),
        ("TIER_UPDATE_PENDING", SubscriptionState::TierUpdatePending),
        ("ON_HOLD", SubscriptionState::OnHold),
        ("BLOCKED", SubscriptionState::Blocked),
        ("REJECTED", SubscriptionState::Rejected),
        ("unblocked", SubscriptionState::Unknown),
        ("", SubscriptionState::Unknown),
    ];
    for (name, expected) in states {
        let object = json!({"subscriptionId": 77, "apiId": 41, "applicationId": 12, "subscriptionState": name});
        let Ok(Event::SubscriptionChanged(read)) = event("SUBSCRIPTIONS_UPDATE", &object) else {
            panic!("{name}");
        };
        assert_eq!(read.state, expected, "{name}");
    }
}

#[test]
fn times_and_tenants_come_from_the_event_then_from_the_message() {
    for (object, time, tenant) in [
        (
            json!({"timeStamp": 1_767_007_200_000_u64, "tenantDomain": "acme"}),
            Some(1_767_007_200_000),
            some("acme"),
        ),
        (json!({"timeStamp": "1767007200000"}), Some(1_767_007_200_000), None),
        (json!({"timeStamp": 0}), Some(5), None),
        (json!({}), Some(5), None),
    ] {
        let mut event = object.clone();
        event["apiId"] = 1.into();
        let [(content_type, body), _] = both_forms(&notification("API_UPDATE", &event));
        let read = read(Some(content_type), &body).expect("a notification");
        assert_eq!((read.timestamp_ms, read.tenant), (time, tenant), "{object}");
    }
}

#[test]
fn malformed_notifications_say_what_is_wrong() {
    let deep = format!("{{\"apiId\":{}1{}}}", "[".repeat(13), "]".repeat(13));
    let in_base64 = |text: &str| json!({"eventType": "API_UPDATE", "event": BASE64_STANDARD.encode(text)});
    for (payload, expected) in [
        (json!({}), DecodeError::Field("eventType")),
        (json!({"eventType": 5}), DecodeError::Field("eventType")),
        (json!({"eventType": "X".repeat(65)}), DecodeError::Field("eventType")),
        (json!({"eventType": "new\nline"}), DecodeError::Field("eventType")),
        (json!({"eventType": "API_UPDATE"}), DecodeError::Field("event")),
        (json!({"eventType": "API_UPDATE", "event": "{}"}), DecodeError::Event),
        (in_base64("[]"), DecodeError::Event),
        (in_base64("{\"apiId\":1,\"apiId\":2}"), DecodeError::Event),
        (in_base64(&deep), DecodeError::Event),
        (in_base64("{}"), DecodeError::Field("apiId")),
        (in_base64("{\"apiId\":1,\"apiName\":2}"), DecodeError::Field("apiName")),
        (
            in_base64("{\"apiId\":1,\"timeStamp\":\"now\"}"),
            DecodeError::Field("timeStamp"),
        ),
        (
            notification(
                "APPLICATION_REGISTRATION_CREATE",
                &json!({"applicationId": 1, "consumerKey": "a"}),
            ),
            DecodeError::Field("keyType"),
        ),
        (
            notification(
                "APPLICATION_REGISTRATION_CREATE",
                &json!({"applicationId": 1, "consumerKey": "a", "keyType": "NEW"}),
            ),
            DecodeError::Field("keyType"),
        ),
        (
            notification("REMOVE_APPLICATION_KEYMAPPING", &json!({"consumerKey": ""})),
            DecodeError::Field("consumerKey"),
        ),
        (
            notification("SUBSCRIPTIONS_UPDATE", &json!({"subscriptionId": 1, "apiId": 1})),
            DecodeError::Field("applicationId"),
        ),
        (
            notification("POLICY_UPDATE", &json!({"policyType": "API"})),
            DecodeError::Field("policyName"),
        ),
        (
            notification("API_UPDATE", &json!({"apiId": 1, "apiName": "x".repeat(1025)})),
            DecodeError::Field("apiName"),
        ),
    ] {
        for (content_type, body) in both_forms(&payload) {
            assert_eq!(
                read(Some(content_type), &body),
                Err(expected.into()),
                "{content_type} {payload}"
            );
        }
    }
}

#[test]
fn the_form_is_what_the_content_type_says_or_the_first_byte() {
    let [(_, map), (_, text)] = both_forms(&json!({"eventType": "LATER"}));
    let spaced = [b"\n ", text.as_slice()].concat();
    for (content_type, body) in [
        (Some(MAP), &map),
        (Some("JMS/Map-Message; v=1"), &map),
        (Some("application/octet-stream"), &map),
        (None, &map),
        (Some(TEXT), &text),
        (Some("text/plain; charset=UTF-8"), &text),
        (Some("application/json"), &text),
        (Some(""), &text),
        (None, &spaced),
    ] {
        assert!(read(content_type, body).is_ok(), "{content_type:?}");
    }
    for (content_type, body, expected) in [
        (Some(MAP), text.as_slice(), DecodeError::MapMessage),
        (Some(TEXT), &map, DecodeError::JsonText),
        (Some(TEXT), b"", DecodeError::JsonText),
        (Some(TEXT), b"{}", DecodeError::JsonText),
        (Some(TEXT), b"{\"event\":{}}", DecodeError::JsonText),
        (Some(TEXT), b"{\"event\":{\"payloadData\":[]}}", DecodeError::JsonText),
        (None, b"", DecodeError::UnknownForm),
        (None, b"<event/>", DecodeError::UnknownForm),
        (None, &[0; MAX_MESSAGE + 1], DecodeError::TooLarge),
    ] {
        assert_eq!(
            read(content_type, body),
            Err(expected.into()),
            "{content_type:?} {body:.20?}"
        );
    }
}

#[test]
fn revocations_are_read_and_hide_the_token() {
    for (payload, expires, ttl) in [
        (
            json!({"eventId": "e", "revokedToken": "canary", "ttl": 5000, "expiryTime": 1_767_007_200_000_u64, "type": "JWT", "tenantId": -1234}),
            Some(1_767_007_200_000),
            Some(5000),
        ),
        (json!({"revokedToken": "canary", "ttl": "3600"}), None, Some(3600)),
        (
            json!({"revokedToken": "canary", "ttl": -1, "expiryTime": 0}),
            None,
            None,
        ),
    ] {
        for (content_type, body) in both_forms(&payload) {
            let (outlet, mut feed) = Outlet::token_revocations();
            let read = hand_over(&outlet, &mut feed, Some(content_type), &body).expect("a revocation");
            assert_eq!(read.token.expose_secret(), "canary");
            assert_eq!((read.expires, read.ttl), (expires, ttl), "{content_type} {payload}");
            assert!(!format!("{read:?}").contains("canary"));
        }
    }
    for payload in [
        json!({}),
        json!({"revokedToken": ""}),
        json!({"revokedToken": 5}),
        json!({"revokedToken": "t".repeat(70_001)}),
        json!({"revokedToken": "t", "ttl": "soon"}),
        json!({"revokedToken": "t", "expiryTime": true}),
    ] {
        for (content_type, body) in both_forms(&payload) {
            let (outlet, mut feed) = Outlet::token_revocations();
            let read = hand_over(&outlet, &mut feed, Some(content_type), &body);
            assert!(
                matches!(read, Err(Undelivered::Unreadable(DecodeError::Field(_)))),
                "{content_type} {payload:.60}"
            );
        }
    }
}

#[tokio::test]
async fn a_feed_keeps_the_order_and_holds_the_client_back() {
    let (outlet, mut feed) = Outlet::notifications();
    let sent = tokio::spawn(async move {
        outlet.reload().await?;
        for number in 0..200 {
            let payload = json!({"eventType": format!("KIND_{number}")});
            outlet.deliver(Some(MAP), &both_forms(&payload)[0].1).await?;
        }
        outlet.reload().await
    });
    assert_eq!(feed.next().await, Some(FeedItem::Reload));
    // The consumer has taken one item, so that more than the room cannot have been sent.
    assert!(!sent.is_finished());
    for number in 0..200 {
        let Some(FeedItem::Message(notification)) = feed.next().await else {
            panic!("message {number}");
        };
        assert_eq!(notification.event, Event::Other(format!("KIND_{number}")));
    }
    assert_eq!(feed.next().await, Some(FeedItem::Reload));
    assert_eq!(feed.next().await, None);
    sent.await.expect("it ends").expect("all was taken");

    let (outlet, feed) = Outlet::token_revocations();
    drop(feed);
    assert_eq!(outlet.reload().await, Err(Undelivered::NoConsumer));
}

proptest! {
    #[test]
    fn no_event_is_a_panic(kind in "(API|APPLICATION|SUBSCRIPTIONS|POLICY)_(CREATE|DELETE)", json in "[{}\\[\\]\",:a-zA-Z0-9-]{0,60}") {
        let payload = json!({"eventType": kind, "event": BASE64_STANDARD.encode(json)});
        for (content_type, body) in both_forms(&payload) {
            let _ = read(Some(content_type), &body);
        }
    }
}
