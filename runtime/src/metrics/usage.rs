//! Metrics of usage records.

use crate::usage::UsageStatus;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const STREAMS: [&str; 3] = ["request", "throttle", "fault"];

/// Encodes them.
pub(super) fn usage(encoder: &mut DescriptorEncoder<'_>, status: &UsageStatus) -> fmt::Result {
    let written: Vec<_> = STREAMS.into_iter().zip(status.written).collect();
    counters(
        encoder,
        "usage_records",
        "Usage records that were written",
        "stream",
        &written,
    )?;
    let lost = &status.dropped;
    let dropped = [
        ("queue", lost.queue),
        ("disk", lost.disk),
        ("spool", lost.spool),
        ("no-room", lost.no_room),
        ("torn", lost.torn),
        ("undated", lost.undated),
    ];
    let help = "Usage records that were dropped";
    counters(encoder, "usage_records_dropped", help, "reason", &dropped)?;
    if let Some(tried) = &status.uploads {
        let uploads = [
            ("accepted", tried.accepted),
            ("duplicate", tried.duplicate),
            ("collided", tried.collided),
            ("refused", tried.refused),
            ("too-large", tried.too_large),
            ("credentials", tried.credentials),
            ("unreached", tried.unreached),
            ("failed", tried.failed),
        ];
        let help = "Attempts to upload a file with usage records";
        counters(encoder, "usage_uploads", help, "result", &uploads)?;
    }
    let files = [
        ("waiting", status.files_waiting),
        ("uploaded", status.files_uploaded),
        ("refused", status.files_refused),
        ("unusable", status.files_unusable),
    ];
    let help = "Closed files with usage records";
    let mut family = encoder.encode_descriptor("usage_files", help, None, MetricType::Gauge)?;
    for (state, value) in files {
        gauge(value).encode(family.encode_family(&[("state", state)])?)?;
    }
    for (name, help, value) in [
        (
            "usage_spool_bytes",
            "Bytes of all files with usage records",
            status.spool_bytes,
        ),
        (
            "usage_spool_limit_bytes",
            "Bytes that they may have",
            status.spool_limit,
        ),
        (
            "usage_oldest_seconds",
            "Age of the oldest file with usage records that waits; 0: none waits",
            oldest_seconds(status),
        ),
    ] {
        gauge(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
    }
    Ok(())
}

fn counters(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    values: &[(&'static str, u64)],
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (word, value) in values {
        ConstCounter::new(*value).encode(family.encode_family(&[(label, *word)])?)?;
    }
    Ok(())
}

fn gauge(value: u64) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}

fn oldest_seconds(status: &UsageStatus) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    status
        .oldest
        .map_or(0, |oldest| now.as_secs().saturating_sub(oldest.closed_ms / 1000))
}
