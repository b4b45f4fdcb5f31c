//! The medians of a case.

use crate::measure::Sample;
use crate::scenario::Case;
use crate::statistics::{median, spread};
use serde::Serialize;

/// A case with its rounds summed up.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub case: Case,
    /// The median of each value by itself.
    pub median: Sample,
    /// The largest distance of a round's processor time from the median, as a share of it.
    pub spread: f64,
    /// The processor time per request of each round, in microseconds.
    pub rounds_cpu_us: Vec<f64>,
}

impl Row {
    /// Sums up the rounds of a case; `None` without any.
    pub(crate) fn new(case: Case, samples: Vec<Sample>) -> Option<Self> {
        let of = |value: fn(&Sample) -> f64| median(samples.iter().map(value));
        let rounds_cpu_us: Vec<f64> = samples.iter().map(|sample| sample.cpu_us).collect();
        Some(Self {
            case,
            median: Sample {
                cpu_us: of(|sample| sample.cpu_us)?,
                user_us: of(|sample| sample.user_us)?,
                system_us: of(|sample| sample.system_us)?,
                requests_per_second: of(|sample| sample.requests_per_second)?,
                p50_us: of(|sample| sample.p50_us)?,
                p99_us: of(|sample| sample.p99_us)?,
                resident_bytes: of(|sample| sample.resident_bytes)?,
                requests: samples.iter().map(|sample| sample.requests).sum::<u64>() / samples.len() as u64,
            },
            spread: spread(&rounds_cpu_us).unwrap_or_default(),
            rounds_cpu_us,
        })
    }
}
