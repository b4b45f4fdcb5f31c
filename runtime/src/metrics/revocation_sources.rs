//! Metrics of the sources of revocations. The labels are ours: few, and none from requests.

use crate::auth::{RevocationSourceState, RevocationSourceStatus};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Encodes them; nothing without sources.
pub(super) fn revocation_sources(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[RevocationSourceStatus],
) -> fmt::Result {
    if sources.is_empty() {
        return Ok(());
    }
    let name = "revocation_source_current";
    let help = "Whether a source of revocations is up to date";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for source in sources {
        let current = i64::from(source.state == RevocationSourceState::Current);
        ConstGauge::new(current).encode(family.encode_family(&[("source", source.source)])?)?;
    }
    type Read = fn(&RevocationSourceStatus) -> u64;
    let counters: [(&str, &str, Read); 3] = [
        ("applied", "Revocations of a source that were applied", |source| {
            source.applied
        }),
        (
            "rejected",
            "Revocations of a source that could not be applied",
            |source| source.rejected,
        ),
        (
            "failures",
            "Failed attempts to read a source of revocations",
            |source| source.failures,
        ),
    ];
    for (name, help, read) in counters {
        let name = format!("revocation_source_{name}");
        let mut family = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        for source in sources {
            ConstCounter::new(read(source)).encode(family.encode_family(&[("source", source.source)])?)?;
        }
    }
    Ok(())
}
