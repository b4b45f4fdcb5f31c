//! The client against a real broker: see `auth/tests/event_hub_revocation.rs` for the way to the decision.

use super::rabbitmq::{RabbitMq, free_port};
use crate::config::{Brokers, ServerAddress};
use crate::event_hub::amqp::client::EventHubClient;
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{DecodeError, Event, Feed, FeedItem, MAX_MESSAGE, Notification, Outlet};
use crate::tls::connector;
use secrecy::ExposeSecret;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Keeps what it is told.
#[derive(Debug, Default)]
struct Recorder {
    lost: Mutex<Vec<String>>,
    skipped: Mutex<Vec<DecodeError>>,
    told: Notify,
}

impl TopicObserver for Recorder {
    fn current(&self) {}

    fn lost(&self, reason: &str) {
        self.lost.lock().expect("whole").push(reason.to_owned());
        self.told.notify_one();
    }

    fn skipped(&self, error: DecodeError) {
        self.skipped.lock().expect("whole").push(error);
    }
}

fn topic(routing_key: &str, outlet: Outlet) -> (Topic, Arc<Recorder>) {
    let observer = Arc::new(Recorder::default());
    let topic = Topic {
        routing_key: routing_key.to_owned(),
        outlet,
        observer: Arc::clone(&observer) as Arc<dyn TopicObserver>,
    };
    (topic, observer)
}

fn notification(kind: &str) -> Vec<u8> {
    json!({"event": {"payloadData": {"eventType": kind}}})
        .to_string()
        .into_bytes()
}

async fn events(feed: &mut Feed<Notification>, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    while names.len() < count {
        match feed.next().await {
            Some(FeedItem::Message(notification)) => match notification.event {
                Event::Other(name) => names.push(name),
                event => panic!("{event:?}"),
            },
            other => panic!("{other:?} instead of message {}", names.len()),
        }
    }
    names
}

fn client(brokers: Brokers, authority: Option<&[u8]>, topics: Vec<Topic>) -> EventHubClient {
    let tls = connector(authority).expect("certificates");
    EventHubClient::new(brokers, Some(tls), topics)
}

/// Connects and returns the first reason for which that fails.
async fn failure(brokers: Brokers, authority: Option<&[u8]>) -> String {
    let (outlet, _feed) = Outlet::notifications();
    let (topic, observer) = topic("notification", outlet);
    let client = client(brokers, authority, vec![topic]);
    tokio::select! {
        () = client.run() => panic!("it goes on"),
        () = observer.told.notified() => observer.lost.lock().expect("whole")[0].clone(),
    }
}

#[test]
fn topics_share_a_connection_that_comes_back() {
    let mut server = RabbitMq::prepare();
    server.start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (outlet, mut notifications) = Outlet::notifications();
    let (first, watched) = topic("notification", outlet);
    let (outlet, mut revocations) = Outlet::token_revocations();
    let (second, _) = topic("tokenRevocation", outlet);
    // The first broker is away.
    let mut brokers = server.brokers();
    let away = ServerAddress {
        port: free_port(),
        ..brokers.addresses[0].clone()
    };
    brokers.addresses.insert(0, away);
    let connected = client(brokers, None, vec![first, second]);
    let running = runtime.spawn(connected.run());

    // Bound is told before anything is published, so that nothing is missed.
    assert_eq!(runtime.block_on(notifications.next()), Some(FeedItem::Reload));
    assert!(matches!(runtime.block_on(revocations.next()), Some(FeedItem::Reload)));
    let lost = watched.lost.lock().expect("whole")[0].clone();
    assert!(
        lost.contains("the broker cannot be reached: Connection refused"),
        "{lost}"
    );

    // More than the broker may send ahead, with some that cannot be read in between.
    let bodies: Vec<_> = (0..300).map(|number| notification(&format!("KIND_{number}"))).collect();
    let mut messages: Vec<_> = bodies
        .iter()
        .map(|body| ("notification", "text/plain", body.as_slice()))
        .collect();
    let large = vec![b'{'; MAX_MESSAGE + 1];
    messages.insert(7, ("notification", "text/plain", &large));
    messages.insert(70, ("notification", "jms/map-message", b"\0\0\0\x01"));
    messages.insert(170, ("notification", "", b"<xml/>"));
    let revoked = json!({"event": {"payloadData": {"revokedToken": "t"}}}).to_string();
    messages.insert(20, ("tokenRevocation", "", revoked.as_bytes()));
    messages.insert(21, ("other", "text/plain", b"{}"));
    server.publish(&messages);
    let expected: Vec<_> = (0..300).map(|number| format!("KIND_{number}")).collect();
    assert_eq!(runtime.block_on(events(&mut notifications, 300)), expected);
    assert_eq!(
        *watched.skipped.lock().expect("whole"),
        [DecodeError::TooLarge, DecodeError::MapMessage, DecodeError::UnknownForm]
    );
    match runtime.block_on(revocations.next()) {
        Some(FeedItem::Message(revocation)) => assert_eq!(revocation.token.expose_secret(), "t"),
        other => panic!("{other:?}"),
    }

    // What cannot be is said without a secret.
    let reason = |brokers, authority: Option<&[u8]>| runtime.block_on(failure(brokers, authority));
    let wrong = reason(server.brokers_with("canary-wrong"), None);
    assert_eq!(
        wrong,
        format!(
            "127.0.0.1:{}: the broker refuses the user name or the password",
            server.port
        )
    );
    let elsewhere = Brokers {
        virtual_host: "elsewhere".to_owned(),
        ..server.brokers()
    };
    assert!(reason(elsewhere, None).ends_with("the broker refuses the virtual host (530)"));
    let mut tls = server.brokers();
    tls.addresses[0] = ServerAddress {
        host: "localhost".to_owned(),
        port: server.tls_port,
        tls: true,
    };
    let untrusted = reason(tls.clone(), None);
    assert!(untrusted.contains("certificate or TLS is not accepted"), "{untrusted}");
    let mut no_tls = tls.clone();
    no_tls.addresses[0].port = server.port;
    let authority = std::fs::read(server.authority()).expect("it was made");
    let plain = reason(no_tls, Some(&authority));
    assert!(plain.contains("certificate or TLS is not accepted"), "{plain}");

    // With the authority, TLS works.
    let (outlet, mut over_tls) = Outlet::notifications();
    let (only, _) = topic("notification", outlet);
    let tls = client(tls, Some(&authority), vec![only]);
    let tls = runtime.spawn(tls.run());
    assert_eq!(runtime.block_on(over_tls.next()), Some(FeedItem::Reload));
    let body = notification("TO_BOTH");
    server.publish(&[("notification", "text/plain", &body)]);
    assert_eq!(runtime.block_on(events(&mut over_tls, 1)), ["TO_BOTH"]);
    assert_eq!(runtime.block_on(events(&mut notifications, 1)), ["TO_BOTH"]);
    // Without a consumer the client ends, once it has something for it.
    drop(over_tls);
    server.publish(&[("notification", "text/plain", &body)]);
    runtime.block_on(tls).expect("it ends");
    assert_eq!(runtime.block_on(events(&mut notifications, 1)), ["TO_BOTH"]);

    // The broker goes and comes back.
    server.kill();
    server.start();
    assert_eq!(runtime.block_on(notifications.next()), Some(FeedItem::Reload));
    assert!(matches!(runtime.block_on(revocations.next()), Some(FeedItem::Reload)));
    let body = notification("LATER");
    server.publish(&[("notification", "text/plain", &body)]);
    assert_eq!(runtime.block_on(events(&mut notifications, 1)), ["LATER"]);
    running.abort();
}
