//! Metrics of following a control plane.

use crate::connected::{ConnectedState, ConnectedStatus};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Encodes them.
pub(super) fn connected(encoder: &mut DescriptorEncoder<'_>, status: &ConnectedStatus) -> fmt::Result {
    let report = &status.report;
    let help = "How far the gateway has fallen behind its control plane: 1 for the state it is in";
    let mut family = encoder.encode_descriptor("connected_state", help, None, MetricType::Gauge)?;
    for state in ConnectedState::ALL {
        let gauge = ConstGauge::new(i64::from(state == status.state));
        gauge.encode(family.encode_family(&[("state", state.name())])?)?;
    }
    let seconds = |ms: Option<u64>| ms.unwrap_or_default() / 1000;
    let gauges = [
        (
            "last_success_timestamp_seconds",
            "When the control plane's state was taken over last, in seconds since 1970; 0: never",
            seconds(report.last_success_ms),
        ),
        (
            "last_attempt_timestamp_seconds",
            "When that was tried last, in seconds since 1970; 0: never",
            seconds(report.last_attempt_ms),
        ),
        (
            "failures_in_a_row",
            "Attempts that failed since the last success",
            report.failures_in_a_row,
        ),
        (
            "signed_in",
            "Whether there is a session that the control plane accepts, as far as it is known",
            u64::from(report.signed_in),
        ),
        (
            "credentials_refused",
            "Whether the control plane does not accept the password, or the client's secret, that the gateway was given",
            u64::from(report.credentials_refused),
        ),
        (
            "bundle_refused",
            "Whether the bundle that the gateway was given last is not served",
            u64::from(report.refused_bundle.is_some()),
        ),
        ("kept_bundles", "Good bundles that are kept on disk", report.kept as u64),
        (
            "state_writable",
            "Whether good bundles can be kept on disk",
            u64::from(report.state_error.is_none()),
        ),
    ];
    for (name, help, value) in gauges {
        let name = format!("connected_{name}");
        let metric = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?;
    }
    if let Some(age) = status.age {
        let help = "Age of what was taken over from the control plane last, in seconds";
        let metric = encoder.encode_descriptor("connected_age_seconds", help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)).encode(metric)?;
    }
    if let Some(seconds) = report.clock_ahead_seconds {
        let help = "By how much the control plane's clock is ahead of this machine's, in seconds";
        let metric = encoder.encode_descriptor("connected_clock_ahead_seconds", help, None, MetricType::Gauge)?;
        ConstGauge::new(seconds).encode(metric)?;
    }
    let help = "Attempts to take over the control plane's state, by result";
    let mut family = encoder.encode_descriptor("connected_pulls", help, None, MetricType::Counter)?;
    for (result, count) in report.pulls.by_result() {
        ConstCounter::new(count).encode(family.encode_family(&[("result", result)])?)?;
    }
    Ok(())
}
