//! How often files that settings name were taken over while the gateway served.

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is taken over from files as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilePart {
    /// Certificates that clients are shown.
    Certificates,
    /// Trusted keys and clients, and keys that sign.
    Keys,
    /// Whom to trust of backends, and who the gateway is to them.
    Backends,
    /// Revoked tokens.
    Revocations,
}

impl FilePart {
    const ALL: [Self; 4] = [Self::Certificates, Self::Keys, Self::Backends, Self::Revocations];

    /// The part in a word, for labels and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Certificates => "certificates",
            Self::Keys => "keys",
            Self::Backends => "backends",
            Self::Revocations => "revocations",
        }
    }
}

/// Counts by part.
#[derive(Debug, Default)]
pub(crate) struct FileReloads {
    taken: [AtomicU64; FilePart::ALL.len()],
    refused: [AtomicU64; FilePart::ALL.len()],
}

impl FileReloads {
    /// Counts changed files that are in use now.
    pub(crate) fn taken(&self, part: FilePart) {
        count(&self.taken, part);
    }

    /// Counts changed files that could not be used.
    pub(crate) fn refused(&self, part: FilePart) {
        count(&self.refused, part);
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, counters) in [
            (
                "file_reloads",
                "Changed files taken over, by what they are for",
                &self.taken,
            ),
            (
                "file_reload_failures",
                "Changed files that could not be used, by what they are for",
                &self.refused,
            ),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (part, counter) in FilePart::ALL.into_iter().zip(counters) {
                let labels = [("part", part.name())];
                ConstCounter::new(counter.load(Relaxed)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn count(counters: &[AtomicU64], part: FilePart) {
    let position = FilePart::ALL.iter().position(|one| *one == part);
    if let Some(counter) = position.and_then(|position| counters.get(position)) {
        counter.fetch_add(1, Relaxed);
    }
}
