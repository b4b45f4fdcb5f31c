//! Metrics of the counters behind limits. The labels are the levels: few, and none from requests.

use crate::throttle::{CounterStatus, LevelStatus};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Encodes them.
pub(super) fn quotas(encoder: &mut DescriptorEncoder<'_>, status: &CounterStatus) -> fmt::Result {
    type Read = fn(&LevelStatus) -> u64;
    let gauges: [(&str, &str, Read); 2] = [
        ("counters", "Counters of limits that are kept, by level", |level| {
            level.kept
        }),
        (
            "counters_full",
            "Counters whose limit was reached when they were last looked through, by level",
            |level| level.full,
        ),
    ];
    for (name, help, read) in gauges {
        let name = format!("quota_{name}");
        let mut family = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
        for level in &status.levels {
            let value = i64::try_from(read(level)).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(family.encode_family(&[("level", level.level)])?)?;
        }
    }
    let help = "Counters that an operator has reset, by level";
    let mut family = encoder.encode_descriptor("quota_resets", help, None, MetricType::Counter)?;
    for level in &status.levels {
        ConstCounter::new(level.resets).encode(family.encode_family(&[("level", level.level)])?)?;
    }
    for (name, help, value) in [
        (
            "forgotten",
            "Counters that were forgotten when their windows were over",
            status.forgotten,
        ),
        (
            "shared",
            "Keys that had to share a counter because there were too many",
            status.shared,
        ),
    ] {
        let name = format!("quota_counters_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(metric)?;
    }
    Ok(())
}
