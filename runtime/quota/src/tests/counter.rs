//! One counter, under threads and clocks of any kind.

use crate::{Counter, Reservation};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

const MINUTE: u64 = 60_000;
/// A moment in the middle of a minute.
const NOW: u64 = 1_700_000_000_000 / MINUTE * MINUTE + 1234;

#[test]
fn threads_whose_clocks_differ_cannot_turn_a_window_back() {
    let counter = Counter::new(100, MINUTE, NOW);
    let total = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..64_u64 {
            let (counter, total) = (&counter, &total);
            // Half of the threads already see the next window.
            let now = NOW + thread % 2 * MINUTE;
            scope.spawn(move || {
                for _ in 0..100 {
                    loop {
                        match counter.acquire(now) {
                            Reservation::Held(_) => drop(total.fetch_add(1, Ordering::Relaxed)),
                            Reservation::Contended => continue,
                            Reservation::Full => {}
                        }
                        break;
                    }
                }
            });
        }
    });
    // At most one full window before the first late thread, and exactly one after.
    let total = total.into_inner();
    assert!((100..=200).contains(&total), "{total}");
    assert_eq!(counter.used(NOW), 100);
}

#[test]
fn a_reset_starts_the_count_again_and_keeps_what_is_held() {
    let counter = Counter::new(3, MINUTE, NOW);
    counter.add(2, NOW);
    let Reservation::Held(held) = counter.reserve(NOW) else {
        panic!("one unit is left");
    };
    assert_eq!(counter.reset(NOW), 2);
    counter.commit(held);
    assert_eq!(counter.used(NOW), 1);
    let admitted = (0..9).filter(|_| matches!(counter.acquire(NOW), Reservation::Held(_)));
    assert_eq!(admitted.count(), 2);
    assert!(counter.is_full(NOW));
    assert_eq!(counter.reset(NOW + MINUTE), 0, "the window is over");
}

#[test]
fn a_clock_that_was_set_back_does_not_keep_limits_used_up() {
    let counter = Counter::new(1, MINUTE, NOW);
    assert!(matches!(counter.acquire(NOW), Reservation::Held(_)));
    assert_eq!(
        counter.acquire(NOW - MINUTE),
        Reservation::Full,
        "the cores' clocks differ"
    );
    let set_back = NOW - 60 * MINUTE;
    assert!(matches!(counter.acquire(set_back), Reservation::Held(_)));
    assert_eq!(counter.acquire(set_back), Reservation::Full);
    assert!(matches!(counter.acquire(set_back + MINUTE), Reservation::Held(_)));
    // Short windows pass quickly: several of them are still the same moment.
    let burst = Counter::new(1, 100, NOW);
    assert!(matches!(burst.acquire(NOW), Reservation::Held(_)));
    assert_eq!(burst.acquire(NOW - 1000), Reservation::Full);
}

proptest! {
    /// Packing survives every limit, window length and time.
    #[test]
    fn counts_up_to_any_limit(limit in 1_u64..u64::MAX, window_ms in 1_u64..100_000_000, now in 0_u64..10_000_000_000_000) {
        let counter = Counter::new(limit, window_ms, now);
        prop_assert!(matches!(counter.acquire(now), Reservation::Held(_)));
        prop_assert_eq!(counter.used(now), 1);
        counter.add(counter.limit() - 1, now);
        prop_assert_eq!(counter.acquire(now), Reservation::Full);
        let next = now + counter.remaining_ms(now);
        prop_assert!(matches!(counter.acquire(next), Reservation::Held(_)));
        prop_assert_eq!(counter.used(next), 1);
    }
}
