//! Every order in which two threads can meet at a counter.

use crate::{Counter, LeaseTerms, Reply, Reservation};
use loom::sync::Arc;
use loom::thread;

const MINUTE: u64 = 60_000;
const NOW: u64 = 1_000 * MINUTE;
const TERMS: LeaseTerms = LeaseTerms {
    gateways: 2,
    tolerance: 0,
    horizon_ms: 1000,
    idle_ms: 1000,
};

/// Runs `first` and `second` on a counter at the same time and returns what they return.
fn meet<T: 'static>(limit: u64, first: fn(&Counter) -> T, second: fn(&Counter) -> T) -> (T, T, Arc<Counter>) {
    let counter = Arc::new(Counter::new(limit, MINUTE, NOW));
    let other = Arc::clone(&counter);
    let thread = thread::spawn(move || second(&other));
    let first = first(&counter);
    (first, thread.join().expect("no panic"), counter)
}

fn acquired(counter: &Counter) -> u64 {
    u64::from(matches!(counter.acquire(NOW), Reservation::Held(_)))
}

/// Takes a unit in two steps; 0 where the other thread has it, or may get it.
fn committed(counter: &Counter) -> u64 {
    match counter.reserve(NOW) {
        Reservation::Held(held) => {
            counter.commit(held);
            1
        }
        Reservation::Full | Reservation::Contended => 0,
    }
}

fn released(counter: &Counter) -> u64 {
    if let Reservation::Held(held) = counter.reserve(NOW) {
        counter.release(held);
    }
    0
}

#[test]
fn the_last_unit_is_taken_once() {
    loom::model(|| {
        let (first, second, counter) = meet(1, acquired, acquired);
        assert_eq!((first + second, counter.used(NOW)), (1, 1));
    });
}

#[test]
fn two_steps_and_one_step_share_a_limit() {
    loom::model(|| {
        let (first, second, counter) = meet(1, committed, acquired);
        assert!(first + second <= 1, "over the limit");
        assert_eq!(counter.used(NOW), first + second);
    });
    loom::model(|| {
        let (first, second, counter) = meet(2, committed, committed);
        assert_eq!((first + second, counter.used(NOW)), (2, 2));
    });
}

#[test]
fn a_unit_that_was_given_back_is_there_again() {
    loom::model(|| {
        let (_, _, counter) = meet(1, released, released);
        assert!(counter.is_idle(NOW));
        assert_eq!(acquired(&counter), 1);
    });
}

#[test]
fn a_window_that_rolls_over_under_a_held_unit_keeps_its_own_count() {
    loom::model(|| {
        let (_, _, counter) = meet(1, committed, |counter| {
            u64::from(matches!(counter.acquire(NOW + MINUTE), Reservation::Held(_)))
        });
        // Whatever the first thread did, the next window has admitted exactly its one.
        assert_eq!(counter.used(NOW + MINUTE), 1);
        assert_eq!(counter.acquire(NOW + MINUTE), Reservation::Full);
    });
}

#[test]
fn nothing_that_is_added_is_lost() {
    loom::model(|| {
        let (_, _, counter) = meet(10, |counter| counter.add(3, NOW), |counter| counter.add(4, NOW));
        assert_eq!(counter.used(NOW), 7);
    });
}

fn shared(limit: u64) -> Counter {
    Counter::new(limit, MINUTE, NOW).shared([0; 16], &TERMS, NOW)
}

#[test]
fn one_of_those_who_want_a_lease_asks_for_it() {
    loom::model(|| {
        let counter = Arc::new(shared(10));
        counter.add(1, NOW);
        let other = Arc::clone(&counter);
        let thread = thread::spawn(move || other.wants_lease(NOW));
        let first = counter.wants_lease(NOW);
        assert!(first != thread.join().expect("no panic"));
    });
}

#[test]
fn an_allowance_that_changes_meanwhile_is_never_exceeded() {
    loom::model(|| {
        let counter = Arc::new(shared(10));
        let other = Arc::clone(&counter);
        let thread = thread::spawn(move || {
            // One unit before anything is leased, a second with the lease.
            acquired(&other) + acquired(&other) + acquired(&other)
        });
        assert!(counter.claim_lease());
        let ask = counter.ask(NOW, &TERMS).expect("it is shared");
        let reply = Reply {
            granted: 1,
            total: ask.held + 1,
            before: 0,
        };
        counter.settle(ask, reply);
        counter.settled();
        let admitted = thread.join().expect("no panic");
        assert_eq!(counter.used(NOW), admitted);
        assert!(admitted <= (ask.held + 1).max(1), "{admitted} of {}", ask.held + 1);
    });
}

#[test]
fn a_reset_loses_no_held_unit_and_forgives_what_was_counted() {
    loom::model(|| {
        let (units, forgiven, counter) = meet(5, committed, |counter| counter.reset(NOW));
        assert_eq!(units, 1);
        assert_eq!(counter.used(NOW) + forgiven, units);
        // Nothing stays held: all but what is counted can still be taken.
        let left = 5 - counter.used(NOW);
        assert_eq!((0..9).map(|_| acquired(&counter)).sum::<u64>(), left);
    });
}
