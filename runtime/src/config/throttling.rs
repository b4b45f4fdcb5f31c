//! Quotas.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "throttlingConfig.maxCounters",
        Kind::Integer {
            min: 32,
            max: 100_000_000,
        },
        "1000000",
        "quota counters that are kept; further keys share one per policy. Where the traffic manager counts: its decisions that are kept",
    ),
    Key::new(
        "throttlingConfig.nodeLocal.cleanUpFrequency",
        Kind::POSITIVE,
        "3600",
        "seconds after which expired counters are removed",
    ),
    Key::new(
        "throttlingConfig.rateLimitHeaders",
        Kind::Bool,
        "true",
        "tell callers their limits and what is left of them in `RateLimit-Policy` and `RateLimit`; micro-gw does not, so not with \
         `compat`",
    ),
    Key::inert("throttlingConfig.nodeLocal.processThreadPoolCoreSize", Kind::COUNT),
    Key::inert("throttlingConfig.nodeLocal.processThreadPoolMaximumSize", Kind::COUNT),
    Key::inert("throttlingConfig.nodeLocal.processThreadPoolKeepAliveTime", Kind::COUNT),
];

/// Quotas.
#[derive(Debug, Clone)]
pub struct Throttling {
    /// Counters that are kept.
    pub max_counters: usize,
    /// Between two removals of expired counters; at most a minute, so that no counter outlives its window's numbering.
    pub sweep_interval: Duration,
    /// Tell callers how they stand.
    pub rate_limit_headers: bool,
}

impl Throttling {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_counters: reader.count("throttlingConfig.maxCounters"),
            sweep_interval: reader
                .seconds("throttlingConfig.nodeLocal.cleanUpFrequency")
                .min(Duration::from_secs(60)),
            rate_limit_headers: reader.bool("throttlingConfig.rateLimitHeaders"),
        }
    }
}
