//! Limits that several gateways share.

use super::fleet::Fleet;
use crate::{Ask, Pool};
use proptest::prelude::*;

const MINUTE: u64 = 60_000;
/// A window's beginning.
const NOW: u64 = 28_333_333 * MINUTE;

#[test]
fn one_gateway_admits_the_limit_and_not_one_more() {
    for limit in [1, 2, 3, 10, 1000] {
        let mut fleet = Fleet::new(1, limit, MINUTE, 200, NOW);
        for _ in 0..2 * limit {
            fleet.request(0);
            fleet.deliver();
        }
        assert_eq!(fleet.admitted(), limit, "limit {limit}");
    }
}

#[test]
fn callers_who_go_round_the_gateways_get_the_limit() {
    for (gateways, limit) in [(2, 10), (3, 100), (10, 1000), (10, 50)] {
        let mut fleet = Fleet::new(gateways, limit, MINUTE, 200, NOW);
        for turn in 0..20 * limit as usize {
            fleet.request(turn % gateways);
            fleet.deliver();
            if turn % 100 == 99 {
                fleet.now_ms += 50;
                (0..gateways).for_each(|number| fleet.look(number));
            }
        }
        let over = fleet.terms.worst_overshoot(limit);
        let admitted = fleet.admitted();
        assert!(
            admitted >= limit && admitted <= limit + over,
            "{gateways} {limit}: {admitted}"
        );
    }
}

#[test]
fn an_idle_lease_goes_back_except_for_the_first_units() {
    let mut fleet = Fleet::new(2, 1000, MINUTE, 20, NOW);
    for _ in 0..100 {
        fleet.request(0);
        fleet.deliver();
        fleet.now_ms += 1;
    }
    let idle = fleet.pool.total() - 100;
    assert!(idle > 10, "{idle}");
    // The first look sees that it was used, the second that it was not since.
    fleet.look(0);
    fleet.now_ms += 1000;
    fleet.look(0);
    assert_eq!(fleet.pool.total(), 110);
    // What is kept serves at once.
    assert!((0..10).all(|_| fleet.request(0)));
}

#[test]
fn few_messages_serve_many_requests() {
    let mut fleet = Fleet::new(2, 1_000_000, MINUTE, 1, NOW);
    let mut asked = 0;
    for _ in 0..20_000 {
        fleet.request(0);
        while fleet.step(0) {
            asked += 1;
        }
        fleet.now_ms += u64::from(asked % 2 == 0);
    }
    // Three steps for each round trip: at a thousand a second or more, a lease lasts for hundreds.
    assert!(asked / 3 < 100, "{asked}");
}

#[test]
fn rare_callers_cost_no_message() {
    // Each of two gateways may admit 100 of a thousand before it has asked.
    let mut fleet = Fleet::new(2, 1000, MINUTE, 200, NOW);
    for _ in 0..49 {
        assert!(fleet.request(0));
        assert!(!fleet.step(0), "half of the first units is not used");
    }
    assert!(fleet.request(0));
    fleet.deliver();
    assert!(fleet.pool.total() >= 50 + 100, "{}", fleet.pool.total());
}

#[test]
fn a_single_request_leases_nothing_that_would_have_to_go_back() {
    let mut fleet = Fleet::new(100, 1000, MINUTE, 20, NOW);
    fleet.now_ms += 20_000;
    assert!(fleet.request(0));
    fleet.deliver();
    assert_eq!(fleet.pool.total(), 2, "what was used, and the next");
    fleet.look(0);
    fleet.now_ms += 1000;
    fleet.look(0);
    assert_eq!(fleet.pool.total(), 2);
    // Those that follow soon are seen to be more.
    for _ in 0..20 {
        fleet.now_ms += 10;
        assert!(fleet.request(0));
        fleet.deliver();
    }
    assert!(fleet.pool.total() > 30, "{}", fleet.pool.total());
}

#[test]
fn the_next_window_is_leased_ahead_and_counts_for_itself() {
    let mut fleet = Fleet::new(2, 1000, MINUTE, 1, NOW);
    for _ in 0..200 {
        fleet.request(0);
        fleet.deliver();
    }
    fleet.now_ms = NOW + MINUTE - 500;
    let counter = &fleet.gateways[0].counter;
    assert!(counter.claim_lease());
    let ask = counter.ask_ahead(fleet.now_ms, &fleet.terms).expect("it is in use");
    let mut next = Pool::default();
    let reply = next.settle(0, ask, 1000);
    counter.settle(ask, reply);
    counter.settled();
    assert!(reply.granted > 10, "{reply:?}");
    assert_eq!(
        fleet.gateways[0].counter.ask_ahead(fleet.now_ms, &fleet.terms),
        None,
        "once"
    );
    fleet.now_ms = NOW + MINUTE;
    fleet.pool = next;
    let before = fleet.admitted();
    // Without a message: nobody is refused at the turn of the window.
    for _ in 0..reply.granted {
        assert!(fleet.request(0));
    }
    assert_eq!(fleet.admitted() - before, reply.granted);
    assert!(!fleet.request(0));
}

#[test]
fn a_window_that_was_leased_ahead_and_passed_over_is_forgotten() {
    let mut fleet = Fleet::new(2, 1000, MINUTE, 1, NOW);
    for _ in 0..200 {
        fleet.request(0);
        fleet.deliver();
    }
    fleet.now_ms = NOW + MINUTE - 500;
    let counter = &fleet.gateways[0].counter;
    let ask = counter.ask_ahead(fleet.now_ms, &fleet.terms).expect("it is in use");
    counter.settle(ask, Pool::default().settle(0, ask, 1000));
    assert!(counter.is_leased());
    fleet.now_ms = NOW + 2 * MINUTE;
    assert_eq!(counter.lower_idle(fleet.now_ms, &fleet.terms), None);
    assert!(!counter.is_leased(), "nobody has to look at it for ever");
}

#[test]
fn without_the_pool_each_gateway_takes_its_part_of_what_was_left_once() {
    let mut fleet = Fleet::new(4, 100, MINUTE, 40, NOW);
    for turn in 0..40 {
        fleet.request(turn % 4);
        fleet.deliver();
    }
    let known = fleet.pool.total();
    for gateway in &fleet.gateways {
        for _ in 0..3 {
            gateway.counter.settle_alone(fleet.now_ms, &fleet.terms);
        }
    }
    for turn in 0..400 {
        fleet.request(turn % 4);
    }
    let admitted = fleet.admitted();
    // Nobody knew more than the pool: what each believed to be left was no less than what was.
    assert!(admitted >= known && admitted <= 100 + 100 - known, "{admitted} {known}");
    // A window later nothing is known: each takes a quarter.
    fleet.now_ms += MINUTE;
    for gateway in &fleet.gateways {
        gateway.counter.settle_alone(fleet.now_ms, &fleet.terms);
    }
    let before = fleet.admitted();
    for turn in 0..400 {
        fleet.request(turn % 4);
    }
    assert_eq!(fleet.admitted() - before, 100);
}

#[test]
fn what_was_taken_alone_is_reported_as_far_as_it_was_used() {
    let mut fleet = Fleet::new(2, 100, MINUTE, 20, NOW);
    let counter = &fleet.gateways[0].counter;
    assert!(counter.claim_lease());
    counter.settle_alone(NOW, &fleet.terms);
    counter.settled();
    (0..20).for_each(|_| assert!(fleet.request(0)));
    let gateway = &fleet.gateways[0];
    let ask = gateway.counter.ask(NOW, &fleet.terms).expect("it is shared");
    assert_eq!(ask.held, 20);
}

#[test]
fn a_pool_that_forgot_learns_everything_from_the_next_reports() {
    let mut fleet = Fleet::new(3, 90, MINUTE, 100, NOW);
    for turn in 0..60 {
        fleet.request(turn % 3);
        fleet.deliver();
    }
    let before = fleet.pool.total();
    fleet.pool = Pool::default();
    for number in 0..3 {
        fleet.report(number);
        fleet.deliver();
    }
    assert!(fleet.pool.total() >= fleet.admitted());
    // Until all have reported, what they hold could be granted again.
    assert!(fleet.pool.total() <= 90 + before);
}

#[test]
fn a_report_takes_nothing_from_those_who_call() {
    let mut fleet = Fleet::new(2, 100, MINUTE, 200, NOW);
    // Nothing has been asked for: the first ten units are there.
    assert!((0..3).all(|_| fleet.request(0)));
    let counter = &fleet.gateways[0].counter;
    assert!(counter.claim_lease());
    let ask = counter.report(NOW).expect("it is shared");
    assert_eq!((ask.held, ask.more), (10, 0));
    counter.settle(ask, fleet.pool.settle(0, ask, 100));
    counter.settled();
    assert!((0..7).all(|_| fleet.request(0)));
    assert_eq!(fleet.pool.total(), 10);
}

#[test]
fn a_repeated_report_changes_nothing() {
    let ask = Ask {
        window: 1,
        held: 5,
        more: 0,
    };
    let mut pool = Pool::default();
    pool.settle("a", ask, 10);
    let once = pool.total();
    pool.settle("a", ask, 10);
    assert_eq!((once, pool.total()), (5, 5));
}

#[test]
fn a_unit_that_is_waited_for_is_exact_and_survives_a_pool_that_forgot() {
    let mut pool = Pool::default();
    assert_eq!((0..20).filter(|_| pool.take("a", 0, 10)).count(), 10);
    pool.put_back(&"a");
    assert!(pool.take("b", 0, 10) && !pool.take("b", 1, 10));
    let mut forgetful = Pool::default();
    assert!(!forgetful.take("a", 10, 10), "the gateway remembers ten");
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Request(usize),
    Step(usize),
    Lose(usize),
    Look(usize),
    Wait(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let gateway = 0_usize..4;
    let event = prop_oneof![
        8 => gateway.clone().prop_map(Event::Request),
        8 => gateway.clone().prop_map(Event::Step),
        1 => gateway.clone().prop_map(Event::Lose),
        1 => gateway.prop_map(Event::Look),
        1 => (1_u64..2000).prop_map(Event::Wait),
    ];
    proptest::collection::vec(event, 1..400)
}

proptest! {
    /// Whatever happens to messages: no more than the stated overshoot, and what callers miss lies idle somewhere.
    #[test]
    fn errors_stay_within_the_formula(
        events in events(), gateways in 1_usize..=4, limit in 1_u64..200, tolerance in 0_u64..500,
    ) {
        let mut fleet = Fleet::new(gateways, limit, 10 * MINUTE, tolerance, NOW / 10 / MINUTE * 10 * MINUTE);
        for event in events {
            match event {
                Event::Request(number) => drop(fleet.request(number % gateways)),
                Event::Step(number) => drop(fleet.step(number % gateways)),
                Event::Lose(number) => fleet.lose(number % gateways),
                Event::Look(number) => fleet.look(number % gateways),
                // The whole run stays in one window.
                Event::Wait(ms) => fleet.now_ms += ms.min(500),
            }
        }
        let over = fleet.terms.worst_overshoot(limit);
        prop_assert!(fleet.admitted() <= limit + over, "{} of {limit} + {over}", fleet.admitted());
        // From here on one caller goes on at one gateway, and every message arrives.
        fleet.deliver();
        for _ in 0..40 {
            for number in 0..gateways {
                fleet.look(number);
            }
            for _ in 0..2 * limit {
                fleet.request(0);
                fleet.deliver();
            }
            fleet.now_ms += 1000;
        }
        prop_assert!(fleet.admitted() <= limit + over);
        let kept = fleet.terms.worst_undershoot(limit);
        prop_assert!(fleet.admitted() + kept >= limit, "{} + {kept} of {limit}", fleet.admitted());
    }
}
