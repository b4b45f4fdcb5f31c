//! Metrics of quotas that several gateways share.

use crate::shared_quotas::SharedQuotaStatus;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Encodes them.
pub(super) fn shared_quotas(encoder: &mut DescriptorEncoder<'_>, status: &SharedQuotaStatus) -> fmt::Result {
    let error_bound = f64::from(u32::try_from(status.tolerance).unwrap_or(u32::MAX)) / 1000.0;
    let gauges = [
        (
            "connected",
            "Whether the store of the shared quotas answers; without it this gateway admits its part of each limit",
            status.connected as u64 as f64,
        ),
        (
            "gateways",
            "Gateways that share the quotas, as far as it is known",
            status.gateways as f64,
        ),
        (
            "error_bound_ratio",
            "Part of a limit by which all gateways together may be wrong, but by one request each at least",
            error_bound,
        ),
        (
            "clock_difference_seconds",
            "Difference between the store's clock and this one",
            status.skew_ms as f64 / 1000.0,
        ),
    ];
    for (name, help, value) in gauges {
        let name = format!("quota_sharing_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(metric)?;
    }
    let counters = [
        ("leases", "Round trips to the store for leases", status.leases),
        ("leased_units", "Units that were leased", status.granted),
        (
            "returned_units",
            "Leased units that were given back unused",
            status.given_back,
        ),
        (
            "overshoot_units",
            "Units admitted here over a limit, as the answered reports of this gateway have shown",
            status.overshoot,
        ),
        (
            "alone",
            "Shares of limits that were taken because the store was away",
            status.alone,
        ),
        (
            "strict_requests",
            "Requests that the store counted before they were admitted",
            status.strict,
        ),
        (
            "strict_failures",
            "Requests that were refused because the store could not count them",
            status.strict_failures,
        ),
        (
            "failures",
            "Failed attempts to reach the store, and losses of it",
            status.failures,
        ),
        (
            "store_resets",
            "Times that the store had forgotten the quotas",
            status.forgotten,
        ),
    ];
    for (name, help, value) in counters {
        let name = format!("quota_sharing_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(metric)?;
    }
    Ok(())
}
