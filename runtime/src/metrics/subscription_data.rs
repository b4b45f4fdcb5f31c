//! Metrics of the control plane's subscription data.

use crate::subscription_data::{DataState, DataStatus};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Encodes them.
pub(super) fn subscription_data(encoder: &mut DescriptorEncoder<'_>, status: &DataStatus) -> fmt::Result {
    let gauges = [
        (
            "current",
            "Whether the control plane's subscription data are up to date",
            u64::from(status.state == DataState::Current),
        ),
        (
            "notified",
            "Whether notifications about subscription data arrive from the event hub",
            u64::from(status.notified),
        ),
        (
            "loaded_timestamp_seconds",
            "When all subscription data were loaded last, in seconds since 1970; 0: never",
            status.loaded_at_ms / 1000,
        ),
        (
            "absent",
            "Objects that are remembered for not being known to the control plane",
            status.absent as u64,
        ),
    ];
    for (name, help, value) in gauges {
        let name = format!("subscription_data_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?;
    }
    if let Some(age) = status.age {
        let help = "How long ago all subscription data were loaded last, in seconds";
        let metric = encoder.encode_descriptor("subscription_data_age_seconds", help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)).encode(metric)?;
    }
    let help = "Subscription data that are kept, by collection";
    let mut family = encoder.encode_descriptor("subscription_data_objects", help, None, MetricType::Gauge)?;
    let counts = status.counts;
    for (collection, count) in [
        ("applications", counts.applications),
        ("apis", counts.apis),
        ("key-mappings", counts.key_mappings),
        ("subscriptions", counts.subscriptions),
    ] {
        let count = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
        count.encode(family.encode_family(&[("collection", collection)])?)?;
    }
    let counters = [
        (
            "load_failures",
            "Failed attempts to load all subscription data",
            status.load_failures,
        ),
        (
            "rejected",
            "Subscription data that made no sense or found no room; their callers are refused",
            status.rejected,
        ),
        (
            "notifications",
            "Notifications about subscription data that were applied",
            status.notifications,
        ),
        (
            "notifications_ignored",
            "Notifications that were older than what was known, or about another tenant",
            status.notifications_ignored,
        ),
        (
            "lookups",
            "Objects that a decision missed and that were asked for",
            status.lookups,
        ),
        (
            "lookup_failures",
            "Objects asked for that the control plane did not answer",
            status.lookup_failures,
        ),
    ];
    for (name, help, value) in counters {
        let name = format!("subscription_data_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(metric)?;
    }
    Ok(())
}
