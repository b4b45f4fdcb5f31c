//! What operators see of quotas, and what a reset does.

use super::*;
use crate::throttle::CounterStatus;
use std::sync::Arc;

const MINUTE: u64 = 60_000;
const NOW: u64 = 1_700_000_040_000 + 1234;

fn count(counters: &Counters, level: LevelKind, what: What, name: &str, limit: u64, used: u64) -> Arc<Counter> {
    let key = CounterKey {
        level,
        what,
        name: name.into(),
        limit,
        window_ms: MINUTE,
        strict: false,
    };
    let counter = counters.counter(key, NOW);
    counter.add(used, NOW);
    counter
}

fn sample() -> Counters {
    let counters = Counters::new(10_000);
    for (level, what, name, limit, used) in [
        (LevelKind::Api, What::Requests, "/shop/1", 100, 50),
        (LevelKind::Application, What::Requests, "7:ana", 10, 10),
        (LevelKind::Application, What::Requests, "7:bob", 10, 1),
        (LevelKind::Subscription, What::Burst, "7:/shop:1", 4, 1),
        (LevelKind::Subscription, What::Requests, "7:/shop:1", 10, 0),
        (LevelKind::Subscription, What::Bytes, "7:/shop:1", 1000, 1500),
    ] {
        count(&counters, level, what, name, limit, used);
    }
    counters
}

fn shown(quotas: &QuotaStates) -> Vec<String> {
    let line = |quota: &QuotaState| {
        format!(
            "{} {} {} {}/{}",
            quota.level, quota.key, quota.what, quota.used, quota.limit
        )
    };
    quotas.quotas.iter().map(line).collect()
}

fn all() -> QuotaFilter {
    QuotaFilter {
        limit: 100,
        ..QuotaFilter::default()
    }
}

#[test]
fn those_used_most_come_first_and_filters_choose() {
    let counters = sample();
    let everything = counters.quotas(&all(), NOW);
    assert_eq!(everything.total, 6);
    assert_eq!(
        shown(&everything),
        [
            "subscription 7:/shop:1 bytes 1500/1000",
            "application 7:ana requests 10/10",
            "api /shop/1 requests 50/100",
            "subscription 7:/shop:1 burst 1/4",
            "application 7:bob requests 1/10",
            "subscription 7:/shop:1 requests 0/10",
        ]
    );
    let first = &everything.quotas[0];
    assert_eq!((first.full, first.window_ms), (true, MINUTE));
    assert_eq!(first.ends_ms, NOW - NOW % MINUTE + MINUTE);

    let few = counters.quotas(&QuotaFilter { limit: 2, ..all() }, NOW);
    assert_eq!((few.total, shown(&few)), (6, shown(&everything)[..2].to_vec()));
    let one_level = QuotaFilter {
        level: Some(LevelKind::Application),
        ..all()
    };
    assert_eq!(
        shown(&counters.quotas(&one_level, NOW)),
        ["application 7:ana requests 10/10", "application 7:bob requests 1/10"]
    );
    let full = QuotaFilter { full: true, ..all() };
    assert_eq!(counters.quotas(&full, NOW).total, 2);
    let named = QuotaFilter {
        key: Some("shop".into()),
        ..all()
    };
    assert_eq!(counters.quotas(&named, NOW).total, 4);
    let later = counters.quotas(&all(), NOW + MINUTE);
    assert!(
        later.quotas.iter().all(|quota| quota.used == 0 && !quota.full),
        "{later:?}"
    );
}

#[test]
fn a_reset_hits_what_it_names_and_nothing_else() {
    let counters = sample();
    let which = |level, key: &str, what| QuotaReset {
        level,
        key: key.into(),
        what,
    };
    let subscription = LevelKind::Subscription;
    for missed in [
        which(LevelKind::Api, "7:ana", None),
        which(LevelKind::Application, "7:an", None),
        which(LevelKind::Application, "7:ana", Some(What::Burst)),
    ] {
        assert_eq!(counters.reset(&missed, NOW).found, 0, "{missed:?}");
    }
    assert_eq!(
        counters
            .reset(&which(subscription, "7:/shop:1", Some(What::Bytes)), NOW)
            .found,
        1
    );
    assert_eq!(
        counters.reset(&which(LevelKind::Application, "7:ana", None), NOW).found,
        1
    );
    let after = counters.quotas(&all(), NOW);
    assert_eq!(
        shown(&after)[..3],
        [
            "api /shop/1 requests 50/100",
            "subscription 7:/shop:1 burst 1/4",
            "application 7:bob requests 1/10",
        ]
    );
    assert_eq!(counters.reset(&which(subscription, "7:/shop:1", None), NOW).found, 3);
    let status = counters.status();
    let resets: Vec<_> = status.levels.iter().map(|level| (level.level, level.resets)).collect();
    assert_eq!(
        resets,
        [
            ("api", 0),
            ("resource", 0),
            ("subscription", 4),
            ("application", 1),
            ("custom", 0)
        ]
    );
}

#[test]
fn the_state_of_the_registry_is_told() {
    let counters = Counters::new(64);
    let held = count(&counters, LevelKind::Api, What::Requests, "held", 1, 1);
    for number in 0..1000 {
        count(
            &counters,
            LevelKind::Application,
            What::Requests,
            &number.to_string(),
            10,
            1,
        );
    }
    let kept = |status: &CounterStatus| -> u64 { status.levels.iter().map(|level| level.kept).sum() };
    let status = counters.status();
    assert_eq!(kept(&status), counters.len() as u64);
    assert!(status.shared > 900, "{status:?}");
    let shared = counters.quotas(
        &QuotaFilter {
            key: Some(String::new()),
            ..all()
        },
        NOW,
    );
    assert!(shared.quotas.iter().any(QuotaState::is_shared));

    counters.sweep(NOW);
    let status = counters.status();
    assert_eq!((status.levels[0].full, status.forgotten), (1, 0));
    counters.sweep(NOW + MINUTE);
    let after = counters.status();
    assert_eq!((kept(&after), after.levels[0].kept, after.levels[0].full), (1, 1, 0));
    assert_eq!(after.forgotten, kept(&status) - 1);
    drop(held);
}

proptest::proptest! {
    #[test]
    fn a_cut_list_is_the_beginning_of_the_whole(used in proptest::collection::vec(0_u64..20, 1..60), limit in 1_usize..20) {
        let counters = Counters::new(10_000);
        for (number, used) in used.iter().enumerate() {
            count(&counters, LevelKind::Resource, What::Requests, &number.to_string(), 1 + number as u64 % 7, *used);
        }
        let whole = counters.quotas(&all(), NOW);
        let cut = counters.quotas(&QuotaFilter { limit, ..all() }, NOW);
        proptest::prop_assert_eq!(cut.total, used.len() as u64);
        let whole: Vec<_> = whole.quotas.into_iter().take(limit).collect();
        proptest::prop_assert_eq!(cut.quotas, whole);
    }
}
