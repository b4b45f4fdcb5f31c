//! `state.json`: what is kept in a state folder, and which of it is served.

use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};

/// The version of the file format.
const FORMAT: u32 = 1;

/// The largest record that is read, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    format: u32,
    /// The bundle that the gateway was started with when this was taken over.
    pub(super) base: Digest,
    /// Good bundles that came from the control plane since, the latest last.
    pub(super) kept: Vec<Digest>,
    /// When the control plane was asked last and said what is served, in milliseconds since the epoch.
    pub(super) success_ms: Option<u64>,
}

impl Record {
    /// Nothing is known but the base.
    pub(super) fn new(base: Digest) -> Self {
        Self {
            format: FORMAT,
            base,
            kept: Vec::new(),
            success_ms: None,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if record.format == FORMAT {
            Ok(record)
        } else {
            Err(format!(
                "it has format version {}, this version reads {FORMAT}",
                record.format
            ))
        }
    }

    /// Its bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Plain data with text keys is always JSON.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Adds the latest bundle; returns those that are kept no longer. One that comes again moves to the end.
    pub(super) fn add(&mut self, digest: Digest, keep: usize) -> Vec<Digest> {
        self.kept.retain(|kept| *kept != digest);
        self.kept.push(digest);
        let surplus = self.kept.len().saturating_sub(keep.max(1));
        self.kept.drain(..surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept() {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let mut record = Record::new(digest("base"));
        assert!(record.add(digest("1"), 2).is_empty());
        assert!(record.add(digest("2"), 2).is_empty());
        assert_eq!(record.add(digest("3"), 2), [digest("1")]);
        assert!(record.add(digest("2"), 2).is_empty());
        assert_eq!(record.kept, [digest("3"), digest("2")]);
        assert_eq!(
            record.add(digest("4"), 0),
            [digest("3"), digest("2")],
            "one is always kept"
        );
        assert_eq!(Record::parse(&record.to_bytes()), Ok(record));
    }

    #[test]
    fn other_files_are_no_records() {
        for text in ["", "{}", "[]", "{\"format\":2,\"base\":\"x\"}", "\0\0\0"] {
            assert!(Record::parse(text.as_bytes()).is_err(), "{text}");
        }
        let newer = String::from_utf8(Record::new(Digest::of(b"")).to_bytes()).expect("text");
        let newer = newer.replace("\"format\": 1", "\"format\": 2");
        assert!(
            Record::parse(newer.as_bytes())
                .expect_err("refused")
                .contains("version 2")
        );
    }
}
