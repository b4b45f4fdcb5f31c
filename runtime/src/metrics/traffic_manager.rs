//! Metrics of what the traffic manager is told. Groups of receivers are numbered in the order of the settings.

use crate::traffic_manager::GroupStatus;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

type Read<T> = fn(&GroupStatus) -> T;

const COUNTERS: [(&str, &str, Read<u64>); 4] = [
    (
        "events_sent",
        "Admitted requests that the traffic manager was told of",
        |group| group.sent,
    ),
    (
        "events_dropped",
        "Admitted requests that the traffic manager was not told of, for want of room on the way",
        |group| group.dropped,
    ),
    (
        "events_refused",
        "Admitted requests that the traffic manager was told of and refused to count",
        |group| group.refused,
    ),
    (
        "failures",
        "Failed attempts to reach a receiver of the traffic manager, and lost connections",
        |group| group.failures,
    ),
];

const GAUGES: [(&str, &str, Read<usize>); 3] = [
    (
        "events_waiting",
        "Admitted requests that the traffic manager is still to be told of",
        |group| group.waiting,
    ),
    ("receivers", "Receivers of the traffic manager", |group| group.receivers),
    (
        "receivers_connected",
        "Receivers of the traffic manager that can be used",
        |group| group.connected,
    ),
];

/// Encodes them; nothing without groups.
pub(super) fn traffic_manager(encoder: &mut DescriptorEncoder<'_>, groups: &[GroupStatus]) -> fmt::Result {
    if groups.is_empty() {
        return Ok(());
    }
    for (name, help, read) in COUNTERS {
        let name = format!("traffic_manager_{name}");
        let mut family = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        for (number, group) in (1..).zip(groups) {
            ConstCounter::new(read(group)).encode(family.encode_family(&[("group", number)])?)?;
        }
    }
    for (name, help, read) in GAUGES {
        let name = format!("traffic_manager_{name}");
        let mut family = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
        for (number, group) in (1..).zip(groups) {
            let value = i64::try_from(read(group)).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(family.encode_family(&[("group", number)])?)?;
        }
    }
    Ok(())
}
