//! Writes a bundle: sorted entries, fixed times and modes, so that the same contents give the same bytes.

use crate::manifest::{Entry, MANIFEST_FORMAT, Manifest, names};
use crate::{Digest, GatewayConfig, SubscriptionSnapshot, checksum};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// What goes into a bundle.
#[derive(Debug)]
pub struct BundleContents<'a> {
    /// `mgw` and its version.
    pub tool: &'a str,
    /// Digest of `mgw.lock`.
    pub lock: Option<Digest>,
    /// The compiled configuration.
    pub config: &'a GatewayConfig,
    /// Subscription data.
    pub snapshot: Option<&'a SubscriptionSnapshot>,
    /// Further entries by name: definitions, certificates.
    pub entries: BTreeMap<String, Vec<u8>>,
}

/// Why a bundle could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Serialisation failed.
    #[error("{name} could not be serialised")]
    Json {
        /// Entry name.
        name: &'static str,
        /// Cause.
        #[source]
        source: serde_json::Error,
    },
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Archive(#[from] zip::result::ZipError),
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Io(#[from] std::io::Error),
}

/// Returns the bytes of a bundle and the digest of its manifest.
pub fn write_bundle(contents: BundleContents<'_>) -> Result<(Vec<u8>, Digest), WriteError> {
    write_described_bundle(contents, |_, _| Ok(BTreeMap::new()))
}

/// Does the same, with entries that describe the others: `describe` is given all of them, sorted by name, and their bytes.
pub fn write_described_bundle<E: From<WriteError>>(
    contents: BundleContents<'_>,
    describe: impl FnOnce(&[Entry], &BTreeMap<String, Vec<u8>>) -> Result<BTreeMap<String, Vec<u8>>, E>,
) -> Result<(Vec<u8>, Digest), E> {
    let mut entries = contents.entries;
    entries.insert(names::CONFIG.into(), json(names::CONFIG, contents.config)?);
    if let Some(snapshot) = contents.snapshot {
        entries.insert(names::SUBSCRIPTIONS.into(), json(names::SUBSCRIPTIONS, snapshot)?);
    }
    let mut all = listed(&entries);
    let describing = describe(&all, &entries)?;
    all.extend(listed(&describing));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    entries.extend(describing);
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        tool: contents.tool.into(),
        project: contents.config.project.clone(),
        lock: contents.lock,
        entries: all,
    };
    let manifest = json(names::MANIFEST, &manifest)?;
    let digest = Digest::of(&manifest);

    Ok((archive(&manifest, None, &entries)?, digest))
}

fn listed(entries: &BTreeMap<String, Vec<u8>>) -> Vec<Entry> {
    entries
        .iter()
        .map(|(name, bytes)| Entry {
            name: name.clone(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
        })
        .collect()
}

/// Puts the files of a bundle together.
pub(crate) fn archive(
    manifest: &[u8],
    signatures: Option<&[u8]>,
    entries: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<u8>, WriteError> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    archive.start_file(names::MANIFEST, options)?;
    archive.write_all(manifest)?;
    if let Some(signatures) = signatures {
        archive.start_file(names::SIGNATURE, options)?;
        archive.write_all(signatures)?;
    }
    for (name, bytes) in entries {
        archive.start_file(name.as_str(), options.large_file(bytes.len() >= 1 << 31))?;
        archive.write_all(bytes)?;
    }
    archive.set_comment(checksum::placeholder())?;
    let mut bytes = archive.finish()?.into_inner();
    checksum::seal(&mut bytes);
    Ok(bytes)
}

/// Pretty JSON with a final line break, so that unpacked entries read well and diff well.
pub(crate) fn json<T: serde::Serialize>(name: &'static str, value: &T) -> Result<Vec<u8>, WriteError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|source| WriteError::Json { name, source })?;
    bytes.push(b'\n');
    Ok(bytes)
}
