//! When a subject sends requests, and how many.

use crate::case::{Case, Limits};
use crate::random::Random;

/// The plans that there are: powers of ten.
const PLANS: std::ops::RangeInclusive<i32> = 1..=9;

/// How popular the subjects are together, so that each one's part of the traffic is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Popularity {
    skew: f64,
    total: f64,
    rate: f64,
}

impl Popularity {
    pub(crate) fn of(case: &Case) -> Self {
        Self {
            skew: case.skew,
            // From the rarest on, so that small parts are not lost beside large ones.
            total: (1..=case.subjects)
                .rev()
                .map(|rank| (rank as f64).powf(-case.skew))
                .sum(),
            rate: case.rate,
        }
    }

    /// Requests per second of the `rank`-th most popular subject, from 1.
    pub(crate) fn rate(&self, rank: u64) -> f64 {
        self.rate * (rank as f64).powf(-self.skew) / self.total
    }
}

/// Chooses the limit of a subject that sends `rate` requests per second.
pub(crate) fn limit(case: &Case, rate: f64, random: &mut Random) -> u64 {
    match case.limits {
        Limits::Same(limit) => limit,
        Limits::Plans => {
            let per_window = rate * case.window_ms as f64 / 1000.0;
            let suits = per_window * 10_f64.powf(random.share() * 2.0 - 0.5);
            let plan = (suits.max(1.0).log10().ceil() as i32).clamp(*PLANS.start(), *PLANS.end());
            10_u64.pow(plan.unsigned_abs())
        }
    }
}

/// The times at which a subject sends requests: some in a row, then a pause.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    /// How likely the next request belongs to the row.
    goes_on: f64,
    in_a_row_us: f64,
    pause_us: f64,
    /// Exact, so that no part of a microsecond is lost in millions of steps.
    at_us: f64,
}

impl Arrivals {
    pub(crate) fn new(case: &Case, rate: f64, random: &mut Random) -> Self {
        let burst = case.burst.max(1.0);
        let (goes_on, mean_us) = ((burst - 1.0) / burst, 1e6 / rate);
        let in_a_row_us = (case.gap_ms * 1000.0).min(mean_us / 4.0);
        let pause_us = burst * (mean_us - goes_on * in_a_row_us);
        let at_us = random.waiting(pause_us);
        Self {
            goes_on,
            in_a_row_us,
            pause_us,
            at_us,
        }
    }

    /// The time of the next request, in microseconds.
    pub(crate) fn next_us(&self) -> u64 {
        self.at_us as u64
    }

    pub(crate) fn advance(&mut self, random: &mut Random) {
        let mean = if random.share() < self.goes_on {
            self.in_a_row_us
        } else {
            self.pause_us
        };
        self.at_us += random.waiting(mean);
    }
}
