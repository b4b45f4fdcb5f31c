//! The registry: whoever comes first, decision or request, and what is kept.

use crate::throttle::Call;
use crate::throttle::global::Cell;
use crate::throttle::global::conditions::encode;
use crate::throttle::global::decisions::{Decision, Decisions, Unapplied};
use http::HeaderMap;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

const NOW: u64 = 1_000_000;

fn apply(decisions: &Decisions, key: &str, until_ms: Option<u64>) -> Result<(), Unapplied> {
    let decision = Decision {
        key,
        until_ms,
        conditions: None,
    };
    decisions.apply(decision, NOW)
}

fn until(decisions: &Decisions, key: &str, now_ms: u64) -> Option<u64> {
    let call = Call {
        client: IpAddr::from([10, 0, 0, 1]),
        headers: &HeaderMap::new(),
        query: None,
        claims: None,
    };
    decisions.conditioned(key).until(&call, now_ms)
}

#[test]
fn a_decision_holds_whether_its_key_was_seen_before_or_not() {
    let decisions = Decisions::new(100);
    assert!(!decisions.any(NOW));
    let before = decisions.cell("12:ana", NOW);
    assert_eq!(before.until(NOW), None);
    apply(&decisions, "12:ana", Some(NOW + 5)).expect("room");
    apply(&decisions, "12:bo", Some(NOW + 9)).expect("room");
    let after = decisions.cell("12:bo", NOW);
    assert_eq!((before.until(NOW), after.until(NOW)), (Some(NOW + 5), Some(NOW + 9)));
    assert!(Arc::ptr_eq(&before, &decisions.cell("12:ana", NOW)));
    assert!(decisions.any(NOW + 9) && !decisions.any(NOW + 10));
    assert_eq!(decisions.in_force(NOW + 6), 1);
    apply(&decisions, "12:ana", None).expect("nothing to keep");
    // One that has expired on the way is none.
    apply(&decisions, "12:bo", Some(NOW - 1)).expect("nothing to keep");
    assert_eq!((before.until(NOW), after.until(NOW)), (None, None));
}

#[test]
fn held_cells_outlive_a_sweep_and_the_others_do_not() {
    let decisions = Decisions::new(100);
    let held = decisions.cell("held", NOW);
    apply(&decisions, "decided", Some(NOW + 5)).expect("room");
    decisions.sweep(NOW + 6);
    apply(&decisions, "held", Some(NOW + 9)).expect("room");
    assert_eq!(held.until(NOW + 6), Some(NOW + 9));
    drop(held);
    decisions.sweep(NOW + 6);
    assert_eq!(
        decisions.in_force(NOW),
        1,
        "only what is in force is kept without holder"
    );
    decisions.sweep(NOW + 10);
    assert_eq!(decisions.in_force(NOW), 0);
}

#[test]
fn decisions_are_bounded_and_holders_always_get_a_cell() {
    let decisions = Decisions::new(32);
    let refused = (0..1000)
        .filter(|n| apply(&decisions, &format!("k{n}"), Some(NOW + 5)).is_err())
        .count();
    let kept = decisions.in_force(NOW);
    assert_eq!(kept + refused, 1000);
    assert!(kept <= 32, "{kept}");
    assert_eq!(
        apply(&decisions, "k1", Some(NOW + 5)).is_err(),
        decisions.cell("k1", NOW).until(NOW).is_none()
    );
    let held: Vec<Arc<Cell>> = (0..100).map(|n| decisions.cell(&format!("h{n}"), NOW)).collect();
    for (n, cell) in held.iter().enumerate() {
        apply(&decisions, &format!("h{n}"), Some(NOW + 7)).expect("its cell is there");
        assert_eq!(cell.until(NOW), Some(NOW + 7));
    }
    // When they have expired there is room again.
    drop(held);
    decisions.sweep(NOW + 8);
    let decision = Decision {
        key: "new",
        until_ms: Some(NOW + 20),
        conditions: None,
    };
    assert_eq!(decisions.apply(decision, NOW + 8), Ok(()));
}

#[test]
fn a_default_without_conditions_is_about_every_request() {
    let decisions = Decisions::new(100);
    let key = "/ledger/1.0.0/1.0.0/x:GET";
    apply(&decisions, &format!("{key}_default"), Some(NOW + 5)).expect("room");
    assert_eq!(until(&decisions, key, NOW), Some(NOW + 5));
    assert_eq!(until(&decisions, key, NOW + 6), None);
    // It counts as long as it is renewed.
    apply(&decisions, &format!("{key}_default"), Some(NOW + 9)).expect("room");
    assert_eq!(until(&decisions, key, NOW + 6), Some(NOW + 9));
    apply(&decisions, &format!("{key}_default"), None).expect("nothing to keep");
    assert_eq!(until(&decisions, key, NOW), None);
}

#[test]
fn groups_need_conditions_that_can_be_read() {
    let decisions = Decisions::new(100);
    let everybody = encode(&json!([{}]));
    let unusable = encode(&json!([{"geo": {}}, {}]));
    for (key, conditions, applied, refused) in [
        ("/a", None, Err(Unapplied::Conditions), false),
        ("/b", Some("%"), Err(Unapplied::Conditions), false),
        ("/c", Some(everybody.as_str()), Ok(()), true),
        ("/d", Some(unusable.as_str()), Err(Unapplied::Unusable), true),
    ] {
        let decision = Decision {
            key: &format!("{key}_condition_7"),
            until_ms: Some(NOW + 5),
            conditions,
        };
        assert_eq!(decisions.apply(decision, NOW), applied, "{key}");
        assert_eq!(until(&decisions, key, NOW).is_some(), refused, "{key}");
    }
    // What is known stays when it is not told again.
    apply(&decisions, "/c_condition_7", Some(NOW + 9)).expect("known");
    assert_eq!(until(&decisions, "/c", NOW + 6), Some(NOW + 9));
}

#[test]
fn only_keys_of_apis_and_resources_have_groups() {
    let decisions = Decisions::new(100);
    for key in [
        "12:/a_default",
        "/a_condition_x",
        "/a_condition_",
        "/a_condition_+1",
        "/a_condition_99999999999",
        "/a",
    ] {
        apply(&decisions, key, Some(NOW + 5)).expect("room");
        assert_eq!(decisions.cell(key, NOW).until(NOW), Some(NOW + 5));
    }
    assert_eq!(until(&decisions, "/a", NOW), None);
    assert_eq!(until(&decisions, "12:/a", NOW), None);
}

#[test]
fn the_number_of_groups_is_bounded() {
    let decisions = Decisions::new(10_000);
    let conditions = encode(&json!([]));
    let put = |number: u32, until_ms, now| {
        let key = format!("/a_condition_{number}");
        decisions.apply(
            Decision {
                key: &key,
                until_ms: Some(until_ms),
                conditions: Some(&conditions),
            },
            now,
        )
    };
    for number in 0..64 {
        assert_eq!(put(number, NOW + 5, NOW), Ok(()), "{number}");
    }
    assert_eq!(put(64, NOW + 5, NOW), Err(Unapplied::NoRoom));
    assert_eq!(put(64, NOW + 20, NOW + 6), Ok(()), "the others have expired");
}

#[test]
fn conditions_that_many_keys_share_are_read_once_and_bounded() {
    let decisions = Decisions::new(100_000);
    let apply = |key: &str, number: usize, now| {
        let conditions = encode(&json!([{"jwtclaims": {"values": {"sub": number.to_string()}}}]));
        let key = format!("{key}_condition_1");
        decisions.apply(
            Decision {
                key: &key,
                until_ms: Some(NOW + 5),
                conditions: Some(&conditions),
            },
            now,
        )
    };
    for key in 0..2000 {
        assert_eq!(apply(&format!("/same/{key}"), 0, NOW), Ok(()));
    }
    for number in 1..1024 {
        assert_eq!(apply(&format!("/{number}"), number, NOW), Ok(()), "{number}");
    }
    assert_eq!(apply("/x", 5000, NOW), Err(Unapplied::NoRoom));
    decisions.sweep(NOW + 6);
    assert_eq!(apply("/x", 5000, NOW), Ok(()));
}

#[test]
fn no_decision_is_lost_between_threads() {
    let decisions = Decisions::new(100_000);
    let held: Vec<Vec<Arc<Cell>>> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..2000)
                        .map(|n| decisions.cell(&format!("k{n}"), NOW))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        scope.spawn(|| (0..2000).for_each(|n| apply(&decisions, &format!("k{n}"), Some(NOW + 5)).expect("room")));
        scope.spawn(|| (0..50).for_each(|_| decisions.sweep(NOW)));
        asking
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    for (n, cell) in held.iter().flat_map(|cells| cells.iter().enumerate()) {
        assert_eq!(cell.until(NOW), Some(NOW + 5), "{n}");
    }
}
