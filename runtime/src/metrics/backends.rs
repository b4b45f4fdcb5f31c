//! What went wrong with backends, by API and reason, and what was done about it.

use super::{Metrics, add};
use crate::upstream::{EndpointState, FailureReason, Fault};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

/// One core's counts for one API.
#[derive(Debug)]
pub(crate) struct BackendCounters {
    /// By [`FailureReason::index`].
    failures: [AtomicU64; FailureReason::ALL.len()],
    moved_on: AtomicU64,
    retried: AtomicU64,
    over_budget: AtomicU64,
}

impl Default for BackendCounters {
    fn default() -> Self {
        Self {
            failures: [const { AtomicU64::new(0) }; FailureReason::ALL.len()],
            moved_on: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            over_budget: AtomicU64::new(0),
        }
    }
}

impl BackendCounters {
    /// An attempt failed.
    pub(crate) fn failed(&self, failure: FailureReason) {
        if let Some(counter) = self.failures.get(failure.index()) {
            add(counter, 1);
        }
    }

    /// A request was sent to the next target.
    pub(crate) fn moved_on(&self) {
        add(&self.moved_on, 1);
    }

    /// A request was sent again after a wait.
    pub(crate) fn retried(&self) {
        add(&self.retried, 1);
    }

    /// A request was not sent again because too many were.
    pub(crate) fn over_budget(&self) {
        add(&self.over_budget, 1);
    }
}

type Read = fn(&BackendCounters) -> &AtomicU64;

const ACTIONS: [(&str, &str, Read); 3] = [
    (
        "backend_failovers",
        "Requests that were sent to the next backend of their endpoint",
        |counters| &counters.moved_on,
    ),
    (
        "backend_retries",
        "Requests that were sent again after a wait",
        |counters| &counters.retried,
    ),
    (
        "backend_retries_over_budget",
        "Requests that were not sent again because the retry budget was used up",
        |counters| &counters.over_budget,
    ),
];

/// Writes the counts of all APIs.
pub(super) fn failures(encoder: &mut DescriptorEncoder<'_>, metrics: &Metrics) -> fmt::Result {
    let apis = metrics.apis.lock().unwrap_or_else(PoisonError::into_inner);
    let mut family = encoder.encode_descriptor(
        "backend_failures",
        "Attempts to get an answer of a backend that failed, by API and reason",
        None,
        MetricType::Counter,
    )?;
    for api in apis.values() {
        for failure in FailureReason::ALL {
            let count = api.backend_sum(|counters| counters.failures.get(failure.index()));
            if count > 0 && failure.fault() != Fault::Client {
                let labels = [
                    ("api", api.name.as_str()),
                    ("version", api.version.as_str()),
                    ("reason", failure.word()),
                ];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    for (name, help, read) in ACTIONS {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for api in apis.values() {
            let count = api.backend_sum(|counters| Some(read(counters)));
            if count > 0 {
                let labels = [("api", api.name.as_str()), ("version", api.version.as_str())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}

/// Writes what is known of backends: the labels come from the bundle and its overrides.
pub(super) fn states(encoder: &mut DescriptorEncoder<'_>, states: &[Arc<EndpointState>]) -> fmt::Result {
    let labels = |state: &EndpointState, position: usize| {
        let about = &state.about;
        [
            ("api", about.api.clone()),
            ("endpoint", about.endpoint.clone().unwrap_or_default()),
            ("key_type", about.key_type().to_owned()),
            ("target", about.urls.get(position).cloned().unwrap_or_default()),
        ]
    };
    let healthy = states.iter().filter_map(|state| Some((state, state.health.as_ref()?)));
    if healthy.clone().next().is_some() {
        let mut family = encoder.encode_descriptor(
            "backend_healthy",
            "Whether a backend answers health checks as it should",
            None,
            MetricType::Gauge,
        )?;
        for (state, health) in healthy {
            for position in 0..state.about.urls.len() {
                let value = i64::from(!health.is_unhealthy(position));
                ConstGauge::new(value).encode(family.encode_family(&labels(state, position))?)?;
            }
        }
    }
    let breaking = states
        .iter()
        .filter_map(|state| Some((state, state.breakers.as_ref()?)));
    if breaking.clone().next().is_some() {
        let mut family = encoder.encode_descriptor(
            "circuit_closed",
            "Whether requests pass to a backend: 1, or 0 while its circuit is open or half open",
            None,
            MetricType::Gauge,
        )?;
        for (state, breakers) in breaking.clone() {
            for (position, breaker) in breakers.iter().enumerate() {
                let value = i64::from(breaker.state().is_closed());
                ConstGauge::new(value).encode(family.encode_family(&labels(state, position))?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "circuit_opened",
            "How often a circuit opened",
            None,
            MetricType::Counter,
        )?;
        for (state, breakers) in breaking {
            for (position, breaker) in breakers.iter().enumerate() {
                ConstCounter::new(breaker.opened()).encode(family.encode_family(&labels(state, position))?)?;
            }
        }
    }
    Ok(())
}

/// The sum of one count over shards.
pub(super) fn sum<'a>(
    shards: impl Iterator<Item = &'a BackendCounters>,
    read: impl Fn(&'a BackendCounters) -> Option<&'a AtomicU64>,
) -> u64 {
    shards
        .filter_map(read)
        .fold(0, |sum, counter| sum.wrapping_add(counter.load(Relaxed)))
}
