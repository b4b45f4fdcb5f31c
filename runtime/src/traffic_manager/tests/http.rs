//! Events over HTTP.

use super::setup::{Publishing, event, manager, numbers, settings, sorted, until};
use crate::config::{EventPublishing, EventTransport};
use mgw_fixtures::traffic_manager::{FIELDS, Faults, TrafficManager, Transport};
use std::time::Duration;

fn over_http(manager: &TrafficManager, password: &str) -> EventPublishing {
    let url = format!("{}/throttleEventReceiver", manager.http_url());
    EventPublishing {
        transport: EventTransport::Http {
            url: url.parse().expect("a URL"),
            username: "admin".to_owned(),
            password: password.into(),
        },
        ..settings(Vec::new())
    }
}

#[tokio::test]
async fn events_arrive_whole() {
    let manager = manager().await;
    let publishing = Publishing::start(&over_http(&manager, "admin"), &[&manager]);
    publishing.offer(0..100);
    publishing.finish().await;
    assert_eq!(sorted(numbers(&manager)), (0..100).collect::<Vec<_>>());
    let seen = manager.seen();
    assert_eq!(seen.violations, Vec::<String>::new());
    let received = seen
        .events
        .iter()
        .find(|received| received.field("messageID").ends_with("007"));
    let received = received.expect("the seventh");
    assert_eq!(received.transport, Transport::Http);
    event(7).fields(|values| {
        for (name, value) in FIELDS.into_iter().zip(values) {
            assert_eq!(received.field(name), value, "{name}");
        }
    });
}

#[tokio::test]
async fn an_endpoint_that_fails_gets_the_events_later() {
    let mut manager = manager().await;
    let publishing = Publishing::start(&over_http(&manager, "admin"), &[&manager]);
    manager.misbehave(Faults {
        status: Some(503),
        ..Faults::default()
    });
    publishing.offer(0..30);
    publishing.until(0, |status| status.failures >= 2).await;
    assert_eq!((publishing.status(0).waiting, publishing.status(0).sent), (30, 0));
    manager.go_away().await;
    let before = publishing.status(0).failures;
    publishing.until(0, |status| status.failures > before).await;
    manager.misbehave(Faults::default());
    manager.come_back().await.expect("its ports are free");
    publishing.until(0, |status| status.sent >= 30).await;
    assert_eq!(sorted(numbers(&manager)), (0..30).collect::<Vec<_>>());
    publishing.finish().await;
}

#[tokio::test]
async fn an_event_that_is_refused_does_not_come_again() {
    let manager = manager().await;
    manager.misbehave(Faults {
        status: Some(400),
        ..Faults::default()
    });
    let publishing = Publishing::start(&over_http(&manager, "admin"), &[&manager]);
    publishing.offer(0..5);
    publishing.until(0, |status| status.refused == 5).await;
    manager.misbehave(Faults::default());
    publishing.offer(5..6);
    until(&manager, |seen| seen.taken == 1).await;
    assert_eq!(numbers(&manager), [5]);
    publishing.finish().await;
}

#[tokio::test]
async fn wrong_credentials_and_distrust_keep_the_events_here() {
    let (manager, other) = (manager().await, manager().await);
    for (password, trusted) in [("wrong", &manager), ("admin", &other)] {
        let publishing = Publishing::start(&over_http(&manager, password), &[trusted]);
        publishing.offer(0..5);
        publishing.until(0, |status| status.failures >= 2).await;
        assert_eq!((publishing.status(0).waiting, manager.seen().taken), (5, 0));
        publishing.publisher.finish(Duration::ZERO).await;
    }
}
