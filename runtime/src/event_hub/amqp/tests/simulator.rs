//! The simulator's changes over a real broker, as gateways read them: map messages of 3.2 and JSON of 4.2.

use super::rabbitmq::RabbitMq;
use crate::event_hub::amqp::client::EventHubClient;
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{DecodeError, Event, Feed, FeedItem, Notification, Outlet, ThrottleData};
use crate::tls::connector;
use mgw_fixtures::seed::ApiState;
use mgw_fixtures::simulator::{BrokerAddress, Edit, Options, PolicyLevel, Shape, Simulator};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// Whatever cannot be read is a failure of this test.
#[derive(Debug)]
struct Strict;

impl TopicObserver for Strict {
    fn current(&self) {}

    fn lost(&self, reason: &str) {
        panic!("{reason}");
    }

    fn skipped(&self, error: DecodeError) {
        panic!("{error:?}");
    }
}

fn topic(routing_key: &str, outlet: Outlet) -> Topic {
    Topic {
        routing_key: routing_key.to_owned(),
        outlet,
        observer: Arc::new(Strict),
    }
}

async fn next<T: std::fmt::Debug>(feed: &mut Feed<T>) -> T {
    match feed.next().await {
        Some(FeedItem::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

async fn event(feed: &mut Feed<Notification>) -> Event {
    let notification = next(feed).await;
    assert_eq!(notification.tenant.as_deref(), Some("meridian"));
    assert!(notification.timestamp_ms.is_some());
    notification.event
}

/// Revokes a new token of an application.
async fn revoke(simulator: &Simulator) {
    let ca = reqwest::Certificate::from_pem(simulator.ca_pem().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_only([ca])
        .build()
        .expect("a client");
    let key = simulator
        .seed()
        .application_key("Till", "PRODUCTION")
        .expect("it is in the seed");
    let post = |path: &str, form: Vec<(&'static str, String)>| {
        client
            .post(format!("{}{path}", simulator.url()))
            .basic_auth(&key.consumer_key, Some(&key.consumer_secret))
            .form(&form)
            .send()
    };
    let answer = post("/oauth2/token", vec![("grant_type", "client_credentials".to_owned())]).await;
    let answer: serde_json::Value = answer.expect("an answer").json().await.expect("JSON");
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    let answer = post("/oauth2/revoke", vec![("token", token)]).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}

async fn changes_arrive(server: &RabbitMq, shape: Shape) {
    let address = format!("amqp://{}@127.0.0.1:{}/carbon", RabbitMq::USER, server.port);
    let address: BrokerAddress = address.parse().expect("an address");
    let simulator = Simulator::start(Options {
        shape,
        broker: Some(address.or_password(RabbitMq::PASSWORD)),
        ..Options::default()
    })
    .await
    .expect("it starts");
    let (outlet, mut notifications) = Outlet::notifications();
    let first = topic("notification", outlet);
    let (outlet, mut revocations) = Outlet::token_revocations();
    let second = topic("tokenRevocation", outlet);
    let (outlet, mut decisions) = Outlet::throttle_data();
    let third = topic("throttleData", outlet);
    let tls = connector(None).expect("certificates");
    let client = EventHubClient::new(server.brokers(), Some(tls), vec![first, second, third]);
    let running = tokio::spawn(client.run());
    assert_eq!(notifications.next().await, Some(FeedItem::Reload));
    assert!(matches!(revocations.next().await, Some(FeedItem::Reload)));
    assert!(matches!(decisions.next().await, Some(FeedItem::Reload)));

    simulator
        .add_subscription("Kiosk", "Payments:3.1.0", "Silver")
        .expect("a change");
    match event(&mut notifications).await {
        Event::SubscriptionChanged(subscription) => assert_eq!(subscription.policy.as_deref(), Some("Silver")),
        other => panic!("{other:?}"),
    }
    simulator
        .edit(Edit::AddApplication {
            name: "Robot".to_owned(),
            consumer_key: "robot-key".to_owned(),
            consumer_secret: "robot".to_owned(),
            policy: None,
        })
        .expect("a change");
    match event(&mut notifications).await {
        Event::ApplicationChanged(application) => assert_eq!(application.name.as_deref(), Some("Robot")),
        other => panic!("{other:?}"),
    }
    match event(&mut notifications).await {
        Event::KeyMappingAdded(mapping) => assert_eq!(mapping.consumer_key, "robot-key"),
        other => panic!("{other:?}"),
    }
    simulator
        .edit(Edit::RemoveApplication {
            application: "Robot".to_owned(),
        })
        .expect("a change");
    match event(&mut notifications).await {
        Event::ApplicationRemoved(application) => assert_eq!(application.name.as_deref(), Some("Robot")),
        other => panic!("{other:?}"),
    }
    simulator
        .set_policy_limit(PolicyLevel::Subscription, "Bronze", 3)
        .expect("a change");
    match event(&mut notifications).await {
        Event::PolicyChanged(policy) => assert_eq!(policy.name, "Bronze"),
        other => panic!("{other:?}"),
    }
    simulator
        .set_life_cycle("Orders:1.0.0", ApiState::Retired)
        .expect("a change");
    match event(&mut notifications).await {
        Event::ApiChanged(api) => {
            assert_eq!(api.context.as_deref(), Some("/t/meridian/orders/1.0.0"));
            assert_eq!(api.version.as_deref(), Some("1.0.0"));
        }
        other => panic!("{other:?}"),
    }
    match next(&mut notifications).await.event {
        Event::Other(name) => assert_eq!(name, "REMOVE_API_FROM_GATEWAY"),
        other => panic!("{other:?}"),
    }
    for (is_set, target) in [
        (true, "ip-range:192.0.2.1-192.0.2.9"),
        (false, "ip-range:192.0.2.1-192.0.2.9"),
        (true, "user:eve@meridian.example"),
        (true, "api:/orders/2.0.0"),
    ] {
        let target = target.parse().expect("a target");
        let done = if is_set {
            simulator.block(target)
        } else {
            simulator.unblock(target)
        };
        done.expect("a change");
        match next(&mut decisions).await {
            ThrottleData::Block(block) => {
                assert_eq!((block.added, block.tenant.as_deref()), (is_set, Some("meridian")));
            }
            other => panic!("{other:?}"),
        }
    }
    revoke(&simulator).await;
    let revoked = next(&mut revocations).await;
    assert_eq!(revoked.kind.as_deref(), Some("JWT"));
    assert!(revoked.expires.is_some() && !revoked.token.expose_secret().is_empty());
    running.abort();
    simulator.shutdown().await;
}

#[test]
fn changes_of_the_simulator_arrive_in_both_encodings() {
    let mut server = RabbitMq::prepare();
    server.start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for shape in [Shape::Apim32, Shape::Apim42] {
        runtime.block_on(changes_arrive(&server, shape));
    }
}
