//! Metrics of backends that are looked up. The labels are ours.

use crate::discovery::{DiscoveryCount, DiscoveryState, DiscoveryStatus};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

const STATES: [DiscoveryState; 4] = [
    DiscoveryState::Looking,
    DiscoveryState::Current,
    DiscoveryState::Default,
    DiscoveryState::Stale,
];

/// Encodes them; nothing of sources that were never used.
pub(super) fn discovery(
    encoder: &mut DescriptorEncoder<'_>,
    status: &[DiscoveryStatus],
    counts: &[DiscoveryCount],
) -> fmt::Result {
    let is_used = |count: &DiscoveryCount| {
        count.changes + count.failures + count.refused > 0 || status.iter().any(|one| one.source == count.source)
    };
    let counts: Vec<&DiscoveryCount> = counts.iter().filter(|count| is_used(count)).collect();
    if counts.is_empty() {
        return Ok(());
    }
    let name = "discovered_backends";
    let help = "Backends that are looked up, by how the look-up stands";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for count in &counts {
        for state in STATES {
            let number = status
                .iter()
                .filter(|one| one.source == count.source && one.state == state)
                .count();
            let labels = [("source", count.source), ("state", state.name())];
            ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX)).encode(family.encode_family(&labels)?)?;
        }
    }
    type Read = fn(&DiscoveryCount) -> u64;
    let counters: [(&str, &str, Read); 3] = [
        ("changes", "Backends found in another place", |count| count.changes),
        ("failures", "Times that a backend could not be looked up", |count| {
            count.failures
        }),
        (
            "refused",
            "Answers about where a backend is that could not be used",
            |count| count.refused,
        ),
    ];
    for (name, help, read) in counters {
        let name = format!("discovery_{name}");
        let mut family = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        for count in &counts {
            ConstCounter::new(read(count)).encode(family.encode_family(&[("source", count.source)])?)?;
        }
    }
    Ok(())
}
