//! The registry of counters: what it shares, what it forgets, and what a flood of keys does to it.

use super::registry::{CounterKey, What};
use super::tests::*;
use super::*;
use std::sync::Arc;

fn key(name: &str, what: What, window_ms: u64) -> CounterKey {
    CounterKey {
        level: LevelKind::Subscription,
        what,
        name: name.into(),
        limit: 10,
        window_ms,
        strict: false,
    }
}

#[test]
fn shared_counters_follow_the_number_of_gateways() {
    let (desk, _leases) = LeaseDesk::new(mgw_quota::LeaseTerms {
        gateways: 1,
        tolerance: 200,
        horizon_ms: 1000,
        idle_ms: 1000,
    });
    let desk = Arc::new(desk);
    let counters = Counters::new(100).sharing(Arc::clone(&desk));
    let key = CounterKey {
        limit: 1000,
        ..key("made early", What::Requests, MINUTE)
    };
    let counter = counters.counter(key, NOW);
    assert_eq!(counter.usage(NOW).allowance, 200);
    assert!(desk.set_gateways(10) && !desk.set_gateways(10));
    counters.follow_terms();
    assert_eq!(counter.usage(NOW).allowance, 20);
}

fn shared(capacity: usize) -> (Counters, tokio::sync::mpsc::Receiver<Arc<mgw_quota::Counter>>) {
    let (desk, waiting) = LeaseDesk::new(mgw_quota::LeaseTerms {
        gateways: 1,
        tolerance: 200,
        horizon_ms: 1000,
        idle_ms: 1000,
    });
    (Counters::new(capacity).sharing(Arc::new(desk)), waiting)
}

#[test]
fn bytes_that_use_up_a_lease_ask_for_the_next() {
    let (counters, mut waiting) = shared(1000);
    let throttle = Throttle::new(&gateway(None, None, wide()), Arc::new(counters), NOW);
    let levels = caller(&throttle, "Wide", "Unlimited", 0);
    let mut core = CoreThrottle::new();
    let admission = decide(&throttle, &mut core, 0, Who::Caller(&levels), NOW).expect("nothing is used");
    assert!(waiting.try_recv().is_err(), "nothing is used");
    admission.charge(300, NOW);
    assert_eq!(waiting.try_recv().expect("more than was leased").used(NOW), 300);
}

#[test]
fn every_counter_of_a_gateway_has_a_pool_of_its_own() {
    let (counters, _waiting) = shared(64);
    for number in 0..1000 {
        counters
            .counter(key(&number.to_string(), What::Requests, MINUTE), NOW)
            .add(1, NOW);
    }
    let mut pools = Vec::new();
    counters.each(|_, counter| pools.extend(counter.pool().copied()));
    let all = pools.len();
    assert!(all > 64, "some are shared by keys: {all}");
    pools.sort_unstable();
    pools.dedup();
    assert_eq!(pools.len(), all);
}

#[test]
fn strict_limits_are_counted_together_in_the_store_where_they_are_here() {
    let (counters, _waiting) = shared(1);
    let limits: Vec<_> = (0..200)
        .map(|number| {
            let limit = counters.strict(key(&number.to_string(), What::Requests, MINUTE), NOW);
            limit.counter.add(1, NOW);
            limit
        })
        .collect();
    for one in &limits {
        for other in &limits {
            assert_eq!(Arc::ptr_eq(&one.counter, &other.counter), one.pool == other.pool);
        }
    }
    let leased = counters.counter(key("0", What::Requests, MINUTE), NOW);
    assert!(limits.iter().all(|limit| Some(&limit.pool) != leased.pool()));
}

#[test]
fn a_flood_of_new_keys_forgives_nobody() {
    let counters = Counters::new(640);
    let live: Vec<_> = (0..100)
        .map(|number| key(&format!("live {number}"), What::Requests, MINUTE))
        .collect();
    for key in &live {
        counters.counter(key.clone(), NOW).add(10, NOW);
    }
    let mut admitted = 0;
    for number in 0..50_000_u64 {
        // A flood goes on for ten seconds of the window.
        let now = NOW + number / 5;
        let counter = counters.counter(key(&format!("new {number}"), What::Requests, MINUTE), now);
        admitted += u64::from(matches!(counter.acquire(now), mgw_quota::Reservation::Held(_)));
    }
    for key in &live {
        assert!(
            counters.counter(key.clone(), NOW + 10_000).is_full(NOW + 10_000),
            "{key:?}"
        );
    }
    // One counter in each of 32 parts is shared.
    assert!(counters.len() <= 640 + 32, "{}", counters.len());
    assert!(admitted <= 640 + 32 * 10, "{admitted}");
    // With the window everything ends.
    counters.sweep(NOW + MINUTE);
    assert_eq!(counters.len(), 0);
}

#[test]
fn who_was_counted_with_others_gets_no_second_limit_when_there_is_room() {
    let counters = Counters::new(64);
    for number in 0..10_000 {
        counters
            .counter(key(&number.to_string(), What::Burst, 1000), NOW)
            .add(1, NOW);
    }
    let late = key("late", What::Requests, MINUTE);
    counters.counter(late.clone(), NOW).add(10, NOW);
    let later = NOW + 2000;
    counters.sweep(later);
    assert!(counters.len() < 64, "there is room");
    assert!(counters.counter(late.clone(), later).is_full(later));
    assert_eq!(counters.counter(late, NOW + MINUTE).used(NOW + MINUTE), 0);
}

#[test]
fn the_registry_is_bounded_and_never_forgets_a_live_counter() {
    let counters = Counters::new(64);
    let key = |name: String| CounterKey {
        level: LevelKind::Subscription,
        what: What::Requests,
        name: name.into(),
        limit: 10,
        window_ms: MINUTE,
        strict: false,
    };
    let held = counters.counter(key("held".into()), NOW);
    let used = counters.counter(key("used".into()), NOW);
    used.add(1, NOW);
    drop(used);
    for number in 0..10_000 {
        counters.counter(key(number.to_string()), NOW).add(1, NOW);
    }
    assert!(counters.len() <= 64 + 32, "{}", counters.len());
    assert!(Arc::ptr_eq(&held, &counters.counter(key("held".into()), NOW)));
    assert_eq!(counters.counter(key("used".into()), NOW).used(NOW), 1);
    counters.sweep(NOW + MINUTE);
    assert_eq!(counters.len(), 1);
    assert!(Arc::ptr_eq(&held, &counters.counter(key("held".into()), NOW)));
}
