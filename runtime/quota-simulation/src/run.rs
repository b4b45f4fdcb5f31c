//! A whole world, on as many threads as asked for.

use crate::arrivals::Popularity;
use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject;
use crate::tally::Tally;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Subjects that a thread takes at a time. The most popular ones come first and alone.
fn chunk(first: u64) -> u64 {
    if first <= 1000 { 1 } else { 1000 }
}

/// Simulates a case.
pub fn simulate(case: &Case, threads: NonZeroUsize) -> Outcome {
    let popularity = Popularity::of(case);
    let next = AtomicU64::new(1);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |first| {
                (first <= case.subjects).then(|| first + chunk(first))
            });
            let Ok(first) = taken else {
                return tally;
            };
            for rank in first..(first + chunk(first)).min(case.subjects + 1) {
                subject::simulate(case, &popularity, rank, &mut tally);
            }
        }
    };
    let mut sum = Tally::default();
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
        sum.add(&work());
        for other in others {
            match other.join() {
                Ok(tally) => sum.add(&tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    Outcome::new(case, &sum)
}
