//! Two counts over the last seconds, kept by all cores together without a lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Buckets of one window at the most; what a window needs beyond them makes its buckets longer.
const MAX_BUCKETS: u64 = 1024;

/// Requests of the last seconds, and those among them that are marked: failures, or repetitions.
#[derive(Debug)]
pub(super) struct Window {
    bucket_ms: u64,
    buckets: Box<[AtomicU64]>,
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) all: u64,
    pub(super) marked: u64,
}

impl Window {
    /// A window that moves on in steps of `bucket_ms`.
    pub(super) fn new(window_ms: u64, bucket_ms: u64) -> Self {
        let (window_ms, bucket_ms) = (window_ms.max(1), bucket_ms.max(1));
        let bucket_ms = bucket_ms.max(window_ms.div_ceil(MAX_BUCKETS));
        let count = window_ms.div_ceil(bucket_ms);
        Self {
            bucket_ms,
            buckets: (0..count).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Adds to the present bucket. `now_ms` is of a clock that all cores share.
    pub(super) fn add(&self, now_ms: u64, counts: Counts) {
        let step = now_ms / self.bucket_ms;
        if let Some(bucket) = self.bucket(step) {
            let buckets = self.buckets.len() as u64;
            let add = |packed| {
                Some(
                    Bucket::unpack(packed)
                        .plus(step & Bucket::STEP_MASK, counts, buckets)
                        .pack(),
                )
            };
            // The function never declines.
            let _ = bucket.fetch_update(Relaxed, Relaxed, add);
        }
    }

    /// Sums up what is not older than the window.
    pub(super) fn sums(&self, now_ms: u64) -> Counts {
        let step = (now_ms / self.bucket_ms) & Bucket::STEP_MASK;
        let mut sums = Counts::default();
        for bucket in &self.buckets {
            let bucket = Bucket::unpack(bucket.load(Relaxed));
            if bucket.age(step) < self.buckets.len() as u64 {
                sums.all += bucket.counts.all;
                sums.marked += bucket.counts.marked;
            }
        }
        sums
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Relaxed);
        }
    }

    fn bucket(&self, step: u64) -> Option<&AtomicU64> {
        let position = step % self.buckets.len() as u64;
        self.buckets.get(usize::try_from(position).ok()?)
    }
}

/// One step of a window, in one word so that it changes as a whole: 28 bits say which step, 18 bits count each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bucket {
    step: u64,
    counts: Counts,
}

impl Bucket {
    const COUNT_BITS: u32 = 18;
    const COUNT_MAX: u64 = (1 << Self::COUNT_BITS) - 1;
    const STEP_MASK: u64 = (1 << 28) - 1;

    fn unpack(packed: u64) -> Self {
        Self {
            step: packed >> (2 * Self::COUNT_BITS),
            counts: Counts {
                all: (packed >> Self::COUNT_BITS) & Self::COUNT_MAX,
                marked: packed & Self::COUNT_MAX,
            },
        }
    }

    fn pack(self) -> u64 {
        self.step << (2 * Self::COUNT_BITS) | self.counts.all << Self::COUNT_BITS | self.counts.marked
    }

    /// How many steps ago this one was.
    fn age(self, step: u64) -> u64 {
        step.wrapping_sub(self.step) & Self::STEP_MASK
    }

    /// Adds in a step. What belongs to a step before the bucket's own, of a window of so many buckets, is left out.
    fn plus(self, step: u64, more: Counts, buckets: u64) -> Self {
        let mut counts = match self.age(step) {
            0 => self.counts,
            // A core that read the clock just before another moved the bucket on.
            age if age > Self::STEP_MASK - buckets => return self,
            _ => Counts::default(),
        };
        if counts.all.max(counts.marked) >= Self::COUNT_MAX {
            // What is asked of a window is a share, which halving both leaves as it is.
            counts = Counts {
                all: counts.all / 2,
                marked: counts.marked / 2,
            };
        }
        Self {
            step,
            counts: Counts {
                all: counts.all + more.all.min(1),
                marked: counts.marked + more.marked.min(1),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    const PLAIN: Counts = Counts { all: 1, marked: 0 };
    const MARKED: Counts = Counts { all: 1, marked: 1 };

    #[test]
    fn what_is_older_than_the_window_is_left_out() {
        let window = Window::new(30, 10);
        for (now, counts) in [(0, PLAIN), (9, MARKED), (10, PLAIN), (29, MARKED)] {
            window.add(now, counts);
        }
        for (now, all, marked) in [(29, 4, 2), (30, 2, 1), (39, 2, 1), (40, 1, 1), (60, 0, 0)] {
            assert_eq!(window.sums(now), Counts { all, marked }, "{now}");
        }
        window.add(61, PLAIN);
        assert_eq!(window.sums(61), PLAIN);
        window.clear();
        assert_eq!(window.sums(61), Counts::default());
    }

    #[test]
    fn a_bucket_may_rest_for_long() {
        let steps = (1 << 27) + 1;
        let window = Window::new(30, 10);
        window.add(0, MARKED);
        // The same bucket: the step is a multiple of three.
        window.add(steps * 10, PLAIN);
        assert_eq!(steps % 3, 0);
        assert_eq!(window.sums(steps * 10), PLAIN);
        // A core whose clock was read before changes nothing.
        window.add((steps - 3) * 10, MARKED);
        assert_eq!(window.sums(steps * 10), PLAIN);
    }

    #[test]
    fn shares_survive_more_than_a_bucket_counts() {
        let window = Window::new(10, 10);
        for number in 0..1_000_000_u64 {
            window.add(5, if number % 4 == 0 { MARKED } else { PLAIN });
        }
        let Counts { all, marked } = window.sums(5);
        let share = marked as f64 / all as f64;
        assert!((share - 0.25).abs() < 0.001, "{share}");
    }

    #[test]
    fn cores_lose_nothing() {
        let window = Arc::new(Window::new(10, 10));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let window = Arc::clone(&window);
                std::thread::spawn(move || (0..10_000).for_each(|_| window.add(3, MARKED)))
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("nothing panics"));
        assert_eq!(
            window.sums(3),
            Counts {
                all: 40_000,
                marked: 40_000
            }
        );
    }

    proptest! {
        /// Against a list of everything that was ever added.
        #[test]
        fn agrees_with_a_list(steps in proptest::collection::vec((0_u64..50, any::<bool>()), 1..200), bucket in 1_u64..20, buckets in 1_u64..10) {
            let window = Window::new(bucket * buckets, bucket);
            let (mut now, mut list) = (0, Vec::new());
            for (wait, marked) in steps {
                now += wait;
                window.add(now, if marked { MARKED } else { PLAIN });
                list.push((now, marked));
                let kept = |then: &u64| now / bucket - then / bucket < buckets;
                let all = list.iter().filter(|(then, _)| kept(then)).count() as u64;
                let marked = list.iter().filter(|(then, marked)| kept(then) && *marked).count() as u64;
                prop_assert_eq!(window.sums(now), Counts { all, marked });
            }
        }
    }
}
