//! What a simulation predicts, in the figures of a report.

use crate::case::Case;
use crate::tally::{Errors, SPAN_MS, Stored, Tally, Trips};
use serde::Serialize;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Subjects that sent anything.
    pub active_subjects: u64,
    /// Requests of all subjects.
    pub requests: u64,
    /// Requests that were admitted.
    pub admitted: u64,
    /// Requests that were refused although their limit was not reached at that moment.
    pub undeserved: u64,
    /// Round trips to the store.
    pub trips: Trips,
    /// Round trips without an answer.
    pub failed: u64,
    /// Round trips per second.
    pub load: Load,
    /// Errors.
    pub errors: Errors,
    /// What the store keeps of the fullest window.
    pub memory: Stored,
}

/// Round trips to the store.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// Per request.
    pub per_request: f64,
    /// Per second, of all gateways.
    pub per_second: f64,
    /// Per second in the busiest tenth of a second, of all gateways.
    pub peak_per_second: f64,
    /// When that began, in milliseconds since the beginning.
    pub peak_at_ms: u64,
    /// Per second, of one gateway.
    pub per_gateway: f64,
    /// In the busiest second of any gateway.
    pub peak_per_gateway: u32,
}

impl Outcome {
    pub(crate) fn new(case: &Case, tally: &Tally) -> Self {
        let seconds = case.span_ms as f64 / 1000.0;
        let trips = tally.trips.all() as f64;
        let spans = tally.load.iter().zip(0_u64..);
        let (peak, span) = spans
            .max_by_key(|(trips, span)| (**trips, u64::MAX - span))
            .unwrap_or((&0, 0));
        let fullest = tally.stored.iter().max_by_key(|stored| stored.bytes);
        Self {
            active_subjects: tally.active,
            requests: tally.requests,
            admitted: tally.admitted,
            undeserved: tally.undeserved,
            trips: tally.trips,
            failed: tally.failed,
            load: Load {
                per_request: trips / (tally.requests.max(1) as f64),
                per_second: trips / seconds,
                peak_per_second: f64::from(*peak) * 1000.0 / SPAN_MS as f64,
                peak_at_ms: span * SPAN_MS,
                per_gateway: trips / seconds / f64::from(case.gateways),
                peak_per_gateway: tally.gateways.iter().copied().max().unwrap_or_default(),
            },
            errors: tally.errors,
            memory: fullest.copied().unwrap_or_default(),
        }
    }
}
