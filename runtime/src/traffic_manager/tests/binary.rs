//! Events over the binary protocol, and who gets them.

use super::setup::{Publishing, event, group, manager, numbers, receiver, settings, sorted, until};
use crate::config::{ReceiverGroup, Sharing};
use mgw_fixtures::traffic_manager::{FIELDS, Transport};
use serde_json::json;

#[tokio::test]
async fn events_arrive_whole_and_the_session_is_ended() {
    let manager = manager().await;
    let publishing = Publishing::start(&settings(vec![group(Sharing::LoadBalance, &[&manager])]), &[&manager]);
    publishing.offer(0..25);
    until(&manager, |seen| seen.taken == 25).await;
    assert_eq!(numbers(&manager), (0..25).collect::<Vec<_>>());
    let seen = manager.seen();
    // Ten at a time, as it is set.
    assert!(seen.batches >= 3, "{}", seen.batches);
    let received = &seen.events[7];
    assert_eq!(
        (received.transport, received.at_ms),
        (Transport::Tcp, Some(1_700_000_000_007))
    );
    event(7).fields(|values| {
        for (name, value) in FIELDS.into_iter().zip(values) {
            assert_eq!(received.field(name), value, "{name}");
        }
    });
    assert_eq!(received.properties["stra\u{df}e"], json!("1"));
    publishing.finish().await;
    let seen = manager.seen();
    assert_eq!(
        (seen.logins, seen.logouts, seen.violations.len()),
        (1, 1, 0),
        "{seen:?}"
    );
}

#[tokio::test]
async fn events_may_go_over_tls() {
    let manager = manager().await;
    let mut over_tls = receiver(&manager);
    over_tls.events = over_tls.auth.clone();
    let groups = vec![ReceiverGroup {
        sharing: Sharing::LoadBalance,
        receivers: vec![over_tls],
    }];
    let publishing = Publishing::start(&settings(groups), &[&manager]);
    publishing.offer(0..3);
    until(&manager, |seen| seen.taken == 3).await;
    assert!(
        manager
            .seen()
            .events
            .iter()
            .all(|event| event.transport == Transport::Tls)
    );
    publishing.finish().await;
}

#[tokio::test]
async fn receivers_share_the_events() {
    let (one, two) = (manager().await, manager().await);
    let groups = vec![group(Sharing::LoadBalance, &[&one, &two])];
    let publishing = Publishing::start(&settings(groups), &[&one, &two]);
    publishing.until(0, |status| status.connected == 2).await;
    let mut offered = 0;
    while one.seen().taken == 0 || two.seen().taken == 0 {
        assert!(offered < 1000, "one of them gets nothing");
        publishing.offer(offered..offered + 1);
        offered += 1;
        publishing.until(0, |status| u128::from(status.sent) == offered).await;
    }
    let all = [numbers(&one), numbers(&two)].concat();
    assert_eq!(sorted(all), (0..offered).collect::<Vec<_>>());
    publishing.finish().await;
}

#[tokio::test]
async fn a_receiver_stands_in_for_those_before_it() {
    let (mut one, two) = (manager().await, manager().await);
    let groups = vec![group(Sharing::Failover, &[&one, &two])];
    let publishing = Publishing::start(&settings(groups), &[&one, &two]);
    publishing.until(0, |status| status.connected == 2).await;
    publishing.offer(0..10);
    until(&one, |seen| seen.taken == 10).await;
    one.go_away().await;
    publishing.until(0, |status| status.connected == 1).await;
    publishing.offer(10..20);
    until(&two, |seen| seen.taken == 10).await;
    assert_eq!(numbers(&two), (10..20).collect::<Vec<_>>());
    one.come_back().await.expect("its ports are free");
    publishing.until(0, |status| status.connected == 2).await;
    publishing.offer(20..30);
    until(&one, |seen| seen.taken == 20).await;
    assert_eq!(
        (numbers(&one)[10..].to_vec(), two.seen().taken),
        ((20..30).collect(), 10)
    );
    publishing.finish().await;
}

#[tokio::test]
async fn every_group_gets_every_event_whatever_the_others_do() {
    let (one, mut two) = (manager().await, manager().await);
    two.go_away().await;
    let groups = [&one, &two].map(|manager| group(Sharing::LoadBalance, &[manager]));
    let publishing = Publishing::start(&settings(groups.to_vec()), &[&one, &two]);
    publishing.offer(0..100);
    until(&one, |seen| seen.taken == 100).await;
    publishing.until(1, |status| status.failures > 0).await;
    assert_eq!((publishing.status(1).waiting, publishing.status(1).sent), (100, 0));
    two.come_back().await.expect("its ports are free");
    until(&two, |seen| seen.taken == 100).await;
    assert_eq!((numbers(&one), numbers(&two)), ((0..100).collect(), (0..100).collect()));
    publishing.finish().await;
}
