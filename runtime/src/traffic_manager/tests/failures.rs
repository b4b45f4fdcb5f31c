//! Traffic managers that do not do what they should.

use super::setup::{Publishing, eventually, group, manager, numbers, settings, sorted, until};
use crate::config::{EventTransport, Sharing};
use mgw_fixtures::traffic_manager::Faults;
use std::time::Duration;

#[tokio::test]
async fn an_expired_session_is_begun_anew_and_nothing_is_lost() {
    let manager = manager().await;
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.offer(0..5);
    until(&manager, |seen| seen.taken == 5).await;
    manager.expire_sessions();
    publishing.offer(5..10);
    until(&manager, |seen| seen.taken == 10).await;
    let status = publishing.status(0);
    assert_eq!((manager.seen().logins, status.failures, status.refused), (2, 0, 0));
    assert_eq!(numbers(&manager), (0..10).collect::<Vec<_>>());
    // Sessions that never hold are no way to go on.
    manager.misbehave(Faults {
        expire_sessions: true,
        ..Faults::default()
    });
    publishing.offer(10..15);
    publishing.until(0, |status| status.failures >= 2).await;
    manager.misbehave(Faults::default());
    until(&manager, |seen| seen.taken == 15).await;
    assert_eq!(numbers(&manager), (0..15).collect::<Vec<_>>());
    publishing.finish().await;
}

#[tokio::test]
async fn a_receiver_that_is_away_gets_the_events_when_it_is_back() {
    let mut manager = manager().await;
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.until(0, |status| status.connected == 1).await;
    manager.go_away().await;
    // It is noticed without an event.
    publishing.until(0, |status| status.connected == 0).await;
    publishing.offer(0..30);
    publishing.until(0, |status| status.waiting == 30).await;
    manager.come_back().await.expect("its ports are free");
    until(&manager, |seen| seen.taken == 30).await;
    assert_eq!(numbers(&manager), (0..30).collect::<Vec<_>>());
    publishing.finish().await;
}

#[tokio::test]
async fn events_whose_fate_is_unknown_are_handed_over_again() {
    let faults: [fn(&mut Faults); 3] = [
        |faults| faults.cut_messages = true,
        |faults| faults.cut_answers = true,
        |faults| faults.garbage = true,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let manager = manager().await;
        let mut misbehaviour = Faults::default();
        fault(&mut misbehaviour);
        manager.misbehave(misbehaviour);
        let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
        publishing.offer(0..5);
        until(&manager, |seen| seen.spoiled > 0).await;
        publishing.until(0, |status| status.failures > 0).await;
        manager.misbehave(Faults::default());
        until(&manager, |seen| seen.taken == 5).await;
        assert_eq!(numbers(&manager), (0..5).collect::<Vec<_>>(), "fault {number}");
        assert_eq!(manager.seen().violations, Vec::<String>::new());
        publishing.finish().await;
    }
}

#[tokio::test]
async fn a_receiver_that_stalls_keeps_no_event() {
    let (stalled, good) = (manager().await, manager().await);
    stalled.misbehave(Faults {
        stall: true,
        ..Faults::default()
    });
    let mut settings = settings(vec![group(Sharing::LoadBalance, &[&stalled, &good])]);
    settings.timeout = Duration::from_millis(500);
    let publishing = Publishing::start(&settings, &[&stalled, &good]);
    publishing.until(0, |status| status.connected == 2).await;
    let mut offered = 0;
    while stalled.seen().spoiled == 0 {
        assert!(offered < 1000, "it gets nothing");
        publishing.offer(offered..offered + 10);
        offered += 10;
        let reached = || u128::from(stalled.seen().spoiled + good.seen().taken);
        eventually(|| reached() >= offered, || reached().to_string()).await;
    }
    until(&good, |seen| u128::from(seen.taken) == offered).await;
    assert_eq!(sorted(numbers(&good)), (0..offered).collect::<Vec<_>>());
    assert!(publishing.status(0).failures > 0);
    publishing.publisher.finish(Duration::ZERO).await;
}

#[tokio::test]
async fn refused_events_are_counted_and_the_next_ones_are_sent() {
    let manager = manager().await;
    manager.misbehave(Faults {
        refuse_events: true,
        ..Faults::default()
    });
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.offer(0..5);
    publishing.until(0, |status| status.refused == 5).await;
    manager.misbehave(Faults::default());
    publishing.offer(5..10);
    until(&manager, |seen| seen.taken == 5).await;
    assert_eq!(numbers(&manager), (5..10).collect::<Vec<_>>());
    publishing.finish().await;
    assert_eq!(manager.seen().logins, 1);
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_is_not_believed() {
    let (manager, other) = (manager().await, manager().await);
    let groups = || vec![group(Sharing::LoadBalance, &[&manager])];
    let publishing = Publishing::start(&settings(groups()), &[&other]);
    publishing.offer(0..5);
    publishing.until(0, |status| status.failures >= 2).await;
    let seen = manager.seen();
    assert_eq!(
        (
            seen.logins,
            seen.refused_logins,
            seen.taken,
            publishing.status(0).connected
        ),
        (0, 0, 0, 0)
    );
    publishing.publisher.finish(Duration::ZERO).await;
}

#[tokio::test]
async fn without_a_session_nothing_is_sent() {
    let manager = manager().await;
    let mut wrong = settings(vec![group(Sharing::LoadBalance, &[&manager])]);
    if let EventTransport::Binary { password, .. } = &mut wrong.transport {
        *password = "p\u{e4}ss".into();
    }
    let publishing = Publishing::start(&wrong, &[&manager]);
    publishing.offer(0..5);
    until(&manager, |seen| seen.refused_logins >= 2).await;
    let seen = manager.seen();
    assert_eq!((seen.logins, seen.taken, seen.violations.len()), (0, 0, 0), "{seen:?}");
    publishing.publisher.finish(Duration::ZERO).await;
}
