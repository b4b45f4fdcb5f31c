//! Entry points of the fuzz targets into the reader of bundles. Not part of the interface.

use crate::manifest::{Entry, MANIFEST_FORMAT, Manifest, names};
use crate::writer::{archive, json};
use crate::{Bundle, BundleContents, Digest, Limits, WriteError, write_bundle};
use std::collections::BTreeMap;
use std::error::Error;

/// Reads bytes as a bundle. What is read is what its manifest lists, and comes back when it is written.
///
/// # Panics
///
/// When that does not hold.
pub fn bundle(bytes: &[u8]) -> String {
    match Bundle::read(bytes, &Limits::default()) {
        Ok(bundle) => {
            let listed: Vec<&str> = bundle
                .manifest
                .entries
                .iter()
                .map(|entry| entry.name.as_str())
                .collect();
            assert!(bundle.entries.keys().all(|name| listed.contains(&name.as_str())));
            for entry in &bundle.manifest.entries {
                assert_eq!(bundle.entries[&entry.name].len() as u64, entry.size);
            }
            let mut entries = bundle.entries.clone();
            for name in [names::CONFIG, names::SUBSCRIPTIONS] {
                entries.remove(name);
            }
            let contents = BundleContents {
                tool: &bundle.manifest.tool,
                lock: bundle.manifest.lock,
                config: &bundle.config,
                snapshot: bundle.snapshot.as_ref(),
                entries,
            };
            let (written, digest) = write_bundle(contents).expect("what was read can be written");
            let again = Bundle::read(&written, &Limits::default()).expect("it was written just now");
            assert_eq!(again.digest, digest);
            assert_eq!((again.config, again.snapshot), (bundle.config, bundle.snapshot));
            String::new()
        }
        Err(error) => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            format!("{error}: {cause}")
        }
    }
}

/// The same with files under a manifest that fits them, as a program that is not ours could write it: what is behind the
/// digests is read too. A manifest among the files takes the place of that one.
///
/// # Panics
///
/// When [`bundle`] does.
pub fn bundle_parts(files: BTreeMap<String, Vec<u8>>) -> String {
    match packed(files) {
        Ok(bytes) => bundle(&bytes),
        Err(error) => error.to_string(),
    }
}

fn packed(mut files: BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, WriteError> {
    let signatures = files.remove(names::SIGNATURE);
    let manifest = match files.remove(names::MANIFEST) {
        Some(manifest) => manifest,
        None => json(
            names::MANIFEST,
            &Manifest {
                format: MANIFEST_FORMAT,
                tool: "mgw 0.0.0".to_owned(),
                project: "shop".to_owned(),
                lock: None,
                entries: files
                    .iter()
                    .map(|(name, bytes)| Entry {
                        name: name.clone(),
                        size: bytes.len() as u64,
                        sha256: Digest::of(bytes),
                    })
                    .collect(),
            },
        )?,
    };
    archive(&manifest, signatures.as_deref(), &files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_behind_their_digests() {
        let parts = |files: &[(&str, &str)]| {
            let files = files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
            bundle_parts(files.collect())
        };
        let config = json(names::CONFIG, &crate::reader::tests::config()).expect("JSON");
        let config = String::from_utf8(config).expect("UTF-8");
        assert_eq!(parts(&[(names::CONFIG, &config), ("certs/a.pem", "x")]), "");
        assert!(parts(&[]).contains(names::CONFIG));
        let cut = format!("{{\"format\": {}}}", crate::config::FORMAT);
        assert!(parts(&[(names::CONFIG, &cut)]).contains("missing field"));
        assert!(parts(&[(names::CONFIG, &config), (names::SIGNATURE, "{}")]).contains(names::SIGNATURE));
        assert!(parts(&[(names::CONFIG, &config), (names::MANIFEST, "[]")]).contains(names::MANIFEST));
    }
}
