//! A histogram of durations with fixed bounds.

use super::add;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds in microseconds; a last bucket takes the rest.
const BOUNDS_US: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// One core's histogram.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// A sum of histograms, as exposed.
#[derive(Debug, Default)]
pub(super) struct HistogramSum {
    buckets: [u64; BOUNDS_US.len() + 1],
    sum_us: u64,
}

impl Histogram {
    pub(crate) fn observe(&self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let position = BOUNDS_US.partition_point(|bound| *bound < microseconds);
        if let Some(bucket) = self.buckets.get(position) {
            add(bucket, 1);
            add(&self.sum_us, microseconds);
        }
    }
}

impl HistogramSum {
    pub(super) fn add(&mut self, shard: &Histogram) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&shard.buckets) {
            *sum += bucket.load(Relaxed);
        }
        self.sum_us = self.sum_us.wrapping_add(shard.sum_us.load(Relaxed));
    }

    pub(super) fn sum_seconds(&self) -> f64 {
        self.sum_us as f64 / 1e6
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Upper bounds in seconds and the number of observations in each bucket.
    pub(super) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_US.iter().map(|bound| *bound as f64 / 1e6).chain([f64::MAX]);
        bounds.zip(self.buckets).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive_and_the_last_bucket_takes_the_rest() {
        let shard = Histogram::default();
        for milliseconds in [0, 1, 2, 11_000] {
            shard.observe(Duration::from_millis(milliseconds));
        }
        let mut sum = HistogramSum::default();
        sum.add(&shard);
        sum.add(&shard);
        assert_eq!(sum.count(), 8);
        assert_eq!(sum.buckets[..3], [2, 2, 2]);
        assert_eq!(sum.buckets[BOUNDS_US.len()], 2);
        assert!((sum.sum_seconds() - 22.006).abs() < 1e-9);
    }
}
