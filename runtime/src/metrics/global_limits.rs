//! Metrics of what the traffic manager tells about quotas.

use crate::throttle::{LimitsState, LimitsStatus};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Encodes them.
pub(super) fn global_limits(encoder: &mut DescriptorEncoder<'_>, status: &LimitsStatus) -> fmt::Result {
    let gauges = [
        (
            "decisions_current",
            "Whether the traffic manager's decisions arrive from the event hub",
            u64::from(status.decisions == LimitsState::Current),
        ),
        (
            "lists_current",
            "Whether the control plane's lists of key templates and blocks are up to date",
            u64::from(status.lists == LimitsState::Current),
        ),
        (
            "decisions",
            "Decisions of the traffic manager in force",
            status.in_force,
        ),
        (
            "key_templates",
            "Key templates of custom policies in force",
            status.templates,
        ),
        (
            "blocks",
            "Blocks of the control plane in force, beside the bundle's",
            status.blocks,
        ),
    ];
    for (name, help, value) in gauges {
        let name = format!("global_limits_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?;
    }
    let counters = [
        ("applied", "Messages about limits that were applied", status.applied),
        (
            "rejected",
            "Messages and entries about limits that could not be applied, or not all of them",
            status.rejected,
        ),
        (
            "failures",
            "Failed attempts to reach the event hub for decisions, or to fetch the lists",
            status.failures,
        ),
    ];
    for (name, help, value) in counters {
        let name = format!("global_limits_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(metric)?;
    }
    Ok(())
}
