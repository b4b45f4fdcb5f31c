//! What a bundle says of itself to those who take it over: [`sbom`], what is in it, and [`provenance`], what it was made from
//! and by what. Both are entries like any other, so that the bundle's digest and its signatures cover them.
//!
//! Nothing in them tells where or when the bundle was built, nor by whom: the same inputs give the same bytes.

mod agreement;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod provenance;
mod sbom;
#[cfg(test)]
mod tests;

pub(crate) use agreement::check;
pub(crate) use provenance::{SourceRevision, own_origin};

use crate::compile::sources::Origin;
use mgw_bundle::{Digest, Entry, GatewayConfig, names};
use serde::Serialize;
use std::collections::BTreeMap;

/// A bundle that is being packed.
#[derive(Debug)]
pub(crate) struct Packing<'a> {
    /// `mgw` and its version.
    pub(crate) tool: &'a str,
    /// Digest of `mgw.lock`.
    pub(crate) lock: Option<Digest>,
    /// The compiled configuration.
    pub(crate) config: &'a GatewayConfig,
    /// What it is made from.
    pub(crate) origin: &'a Origin,
    /// Every entry, sorted by name.
    pub(crate) entries: &'a [Entry],
    /// Their contents.
    pub(crate) bytes: &'a BTreeMap<String, Vec<u8>>,
}

/// Describes a bundle: the entries to add to it, by name.
///
/// # Errors
///
/// When they cannot be serialised.
pub(crate) fn describe(packing: &Packing<'_>) -> Result<BTreeMap<String, Vec<u8>>, serde_json::Error> {
    let sbom = json(&sbom::of(packing))?;
    let listed = Entry {
        name: names::SBOM.to_owned(),
        size: sbom.len() as u64,
        sha256: Digest::of(&sbom),
    };
    let provenance = json(&provenance::of(packing, &listed)?)?;
    Ok([(names::SBOM, sbom), (names::PROVENANCE, provenance)]
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .into())
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Name and version of a tool that is called `mgw 1.2.3`.
fn name_and_version(tool: &str) -> (&str, Option<&str>) {
    match tool.split_once(' ') {
        Some((name, version)) => (name, Some(version)),
        None => (tool, None),
    }
}
