//! Every order in which two threads can meet at a counter.

use crate::{Counter, Reservation};
use loom::sync::Arc;
use loom::thread;

const MINUTE: u64 = 60_000;
const NOW: u64 = 1_000 * MINUTE;

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
