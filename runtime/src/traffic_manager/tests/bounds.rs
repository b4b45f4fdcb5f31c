//! What does not fit, and the end.

use super::setup::{Publishing, event, group, manager, numbers, settings, until};
use crate::config::Sharing;
use crate::traffic_manager::Properties;
use mgw_fixtures::traffic_manager::Faults;
use std::time::Duration;

#[tokio::test]
async fn what_finds_no_room_is_dropped_and_counted() {
    let mut manager = manager().await;
    manager.go_away().await;
    let mut settings = settings(vec![group(Sharing::LoadBalance, &[&manager])]);
    settings.queue = 20;
    let publishing = Publishing::start(&settings, &[&manager]);
    // The core's queue has the same room, and nobody has taken anything from it yet.
    publishing.offer(0..30);
    publishing
        .until(0, |status| (status.waiting, status.dropped) == (20, 10))
        .await;
    publishing.offer(30..37);
    publishing
        .until(0, |status| (status.waiting, status.dropped) == (20, 17))
        .await;
    manager.come_back().await.expect("its ports are free");
    until(&manager, |seen| seen.taken == 20).await;
    assert_eq!(numbers(&manager), (0..20).collect::<Vec<_>>());
    publishing.until(0, |status| status.waiting == 0).await;
    publishing.offer(37..40);
    until(&manager, |seen| seen.taken == 23).await;
    assert_eq!(publishing.status(0).dropped, 17);
    publishing.finish().await;
}

#[tokio::test]
async fn an_event_that_is_too_large_is_dropped_alone() {
    let manager = manager().await;
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.offer(0..1);
    let mut large = event(1);
    large.properties = Properties::of([10, 0, 0, 7].into()).with_query(&format!("q={}", "x".repeat(1 << 20)));
    publishing.queue.offer(large);
    publishing.offer(2..3);
    until(&manager, |seen| seen.taken == 2).await;
    assert_eq!((numbers(&manager), publishing.status(0).dropped), (vec![0, 2], 1));
    publishing.finish().await;
}

#[tokio::test]
async fn what_waits_at_the_end_is_still_sent() {
    let manager = manager().await;
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.offer(0..1000);
    // Nothing has been taken from the core's queue so far: there was no await.
    publishing.finish().await;
    assert_eq!(numbers(&manager), (0..1000).collect::<Vec<_>>());
    assert_eq!(manager.seen().logouts, 1);
}

#[tokio::test]
async fn the_end_does_not_wait_longer_than_it_may() {
    let manager = manager().await;
    manager.misbehave(Faults {
        stall: true,
        ..Faults::default()
    });
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.offer(0..5);
    until(&manager, |seen| seen.spoiled == 5).await;
    let groups = publishing.publisher.groups();
    // The receiver's own patience is many seconds.
    let finished = publishing.publisher.finish(Duration::from_millis(50));
    assert!(tokio::time::timeout(Duration::from_secs(10), finished).await.is_ok());
    assert_eq!(groups.status()[0].waiting, 5);
    until(&manager, |seen| seen.connections == 0).await;
}
