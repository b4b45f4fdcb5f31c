//! `manifest.json`: what a bundle holds, and thereby what it is.

use crate::Digest;
use serde::{Deserialize, Serialize};

/// The version of the bundle format that this crate writes and the only one it reads.
pub const MANIFEST_FORMAT: u32 = 1;

/// Names of the entries with a fixed place.
pub mod names {
    /// The manifest.
    pub const MANIFEST: &str = "manifest.json";
    /// Ed25519 signatures over the manifest's bytes; absent when nobody signed.
    pub const SIGNATURE: &str = "manifest.sig";
    /// The compiled [`GatewayConfig`](crate::GatewayConfig).
    pub const CONFIG: &str = "gateway.json";
    /// The [`SubscriptionSnapshot`](crate::SubscriptionSnapshot).
    pub const SUBSCRIPTIONS: &str = "data/subscriptions.json";
    /// Folder of the normalised definitions.
    pub const DEFINITIONS: &str = "definitions/";
    /// Folder of what a connected gateway needs of the project to pull and compile again.
    pub const PROJECT: &str = "project/";
    /// Folder of the certificates.
    pub const CERTIFICATES: &str = "certs/";
    /// What is in the bundle, as CycloneDX; for people and scanners, no gateway reads it.
    pub const SBOM: &str = "sbom.json";
    /// What the bundle was made from and by what, as an in-toto statement; no gateway reads it.
    pub const PROVENANCE: &str = "provenance.json";
}

/// The list of everything in a bundle. The digest of its bytes is the identity of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format version, [`MANIFEST_FORMAT`].
    pub format: u32,
    /// `mgw` and its version.
    pub tool: String,
    /// Project name.
    pub project: String,
    /// Digest of `mgw.lock` when the project has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Digest>,
    /// Every entry but the manifest and its signature, sorted by name.
    pub entries: Vec<Entry>,
}

/// One file in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Relative name with `/` between its parts.
    pub name: String,
    /// Unpacked size in bytes.
    pub size: u64,
    /// Digest of the unpacked bytes.
    pub sha256: Digest,
}
