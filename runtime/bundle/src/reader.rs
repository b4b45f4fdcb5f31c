//! Reads a bundle from bytes. Nothing is extracted to disk; sizes, counts and names are checked before contents.

use crate::manifest::{MANIFEST_FORMAT, Manifest, names};
use crate::pieces::{Piece, are_all};
use crate::signing::read_signers;
use crate::{Bundle, Digest, GatewayConfig, Limits, ReadError, SubscriptionSnapshot, checksum, config, snapshot};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

impl Bundle {
    /// Reads and checks a bundle.
    ///
    /// # Errors
    ///
    /// Refuses archives beyond `limits`, names that are absolute, climb or repeat, unknown format versions, signatures that
    /// are not genuine, entries that are missing, unlisted or do not match their digest, archives that do not match their checksum or have
    /// more in them than their entries, and malformed JSON.
    pub fn read(archive: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let mut files = unpack(archive, limits)?;
        let manifest_bytes = take(&mut files, names::MANIFEST)?;
        check_format(names::MANIFEST, &manifest_bytes, MANIFEST_FORMAT)?;
        let manifest: Manifest = parse(names::MANIFEST, &manifest_bytes)?;
        let signers = match files.remove(names::SIGNATURE) {
            Some(bytes) => read_signers(&bytes, &manifest_bytes)?,
            None => Vec::new(),
        };
        check_entries(&manifest, &files)?;
        if !checksum::holds(archive) {
            return Err(ReadError::Checksum);
        }

        let config_bytes = files.get(names::CONFIG).ok_or_else(|| ReadError::Missing {
            name: names::CONFIG.into(),
        })?;
        check_format(names::CONFIG, config_bytes, config::FORMAT)?;
        let config: GatewayConfig = parse(names::CONFIG, config_bytes)?;
        let snapshot = match files.get(names::SUBSCRIPTIONS) {
            Some(bytes) => {
                check_format(names::SUBSCRIPTIONS, bytes, snapshot::FORMAT)?;
                Some(parse::<SubscriptionSnapshot>(names::SUBSCRIPTIONS, bytes)?)
            }
            None => None,
        };
        Ok(Self {
            digest: Digest::of(&manifest_bytes),
            manifest,
            config,
            snapshot,
            entries: files,
            signers,
        })
    }
}

/// Returns every entry by name.
pub(crate) fn unpack(archive: &[u8], limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>, ReadError> {
    if archive.len() as u64 > limits.archive_bytes {
        return Err(ReadError::TooLarge {
            what: "the archive".into(),
            limit: limits.archive_bytes,
        });
    }
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(ReadError::Archive)?;
    if zip.len() > limits.entries {
        return Err(ReadError::TooLarge {
            what: "the number of entries".into(),
            limit: limits.entries as u64,
        });
    }
    let mut files = BTreeMap::new();
    let mut pieces = Vec::with_capacity(zip.len());
    let mut total = 0_u64;
    for index in 0..zip.len() {
        let file = zip.by_index(index).map_err(ReadError::Archive)?;
        let name = file.name().map_err(ReadError::Archive)?.into_owned();
        if !is_safe(&name) || files.contains_key(&name) {
            return Err(ReadError::Name { name });
        }
        pieces.push(Piece {
            start: file.header_start(),
            packed: file.compressed_size(),
            listed: file.central_header_start(),
            name: name.clone(),
        });
        // The size in the archive's directory is a claim; what is read is bounded independently of it.
        let bound = limits.entry_bytes.min(limits.total_bytes - total);
        let mut bytes = Vec::new();
        file.take(bound + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| ReadError::Entry {
                name: name.clone(),
                source,
            })?;
        if bytes.len() as u64 > bound {
            return Err(ReadError::TooLarge {
                what: format!("entry {name}"),
                limit: bound,
            });
        }
        total += bytes.len() as u64;
        files.insert(name, bytes);
    }
    if !are_all(archive, zip.central_directory_start(), pieces) {
        return Err(ReadError::Hidden);
    }
    Ok(files)
}

fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 1024
        && !name.contains(['\\', '\0', ':'])
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn take(files: &mut BTreeMap<String, Vec<u8>>, name: &str) -> Result<Vec<u8>, ReadError> {
    files
        .remove(name)
        .ok_or_else(|| ReadError::Missing { name: name.into() })
}

fn check_entries(manifest: &Manifest, files: &BTreeMap<String, Vec<u8>>) -> Result<(), ReadError> {
    for entry in &manifest.entries {
        let bytes = files.get(&entry.name).ok_or_else(|| ReadError::Missing {
            name: entry.name.clone(),
        })?;
        if bytes.len() as u64 != entry.size || Digest::of(bytes) != entry.sha256 {
            return Err(ReadError::Digest {
                name: entry.name.clone(),
            });
        }
    }
    let listed: std::collections::BTreeSet<_> = manifest.entries.iter().map(|entry| &entry.name).collect();
    match files.keys().find(|name| !listed.contains(name)) {
        Some(name) => Err(ReadError::Unlisted { name: name.clone() }),
        None => Ok(()),
    }
}

/// Looks at the version before anything else, so that a newer file is named as such and not as malformed.
pub(crate) fn check_format(name: &str, bytes: &[u8], supported: u32) -> Result<(), ReadError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        format: u64,
    }
    let Versioned { format } = parse(name, bytes)?;
    if format == u64::from(supported) {
        Ok(())
    } else {
        Err(ReadError::Format {
            name: name.into(),
            found: format,
            supported,
        })
    }
}

pub(crate) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(bytes).map_err(|source| ReadError::Malformed {
        name: name.into(),
        source,
    })
}

#[cfg(test)]
pub(crate) mod tests;
