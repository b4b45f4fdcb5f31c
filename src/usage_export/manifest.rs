//! What is in an export.

use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};

/// Name of the manifest in the export.
pub(super) const NAME: &str = "manifest.json";
/// Version of the format that is written; earlier ones do not say what was tried.
pub(super) const FORMAT: u32 = 2;
/// Most files in an export.
pub(super) const MAX_FILES: usize = 100_000;
/// Largest file in an export, in bytes.
pub(super) const MAX_FILE: u64 = 128 << 20;

/// What is in an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// Which program wrote it.
    pub(super) tool: String,
    /// Oldest first.
    pub(super) files: Vec<Entry>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its name, under which it is uploaded.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Its digest.
    pub(crate) sha256: Digest,
    /// Whether it may have reached the service before this export was made: an upload of it was begun, or an earlier export has
    /// it.
    #[serde(default)]
    pub(crate) tried: bool,
}
