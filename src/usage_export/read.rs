//! Reads an export.

use super::manifest::{Entry, FORMAT, MAX_FILE, MAX_FILES, Manifest, NAME};
use super::write::damaged;
use crate::failure::Failure;
use crate::whole_file::refuse_unfit;
use mgw_bundle::Digest;
use mgw_runtime::usage::Archive;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Largest manifest, in bytes.
const MAX_MANIFEST: u64 = 64 << 20;

/// An export that is being read.
#[derive(Debug)]
pub(crate) struct Import {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    manifest: Manifest,
}

impl Import {
    /// Opens an export and reads its manifest.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let opened = refuse_unfit(path).and_then(|()| File::open(path));
        let file = opened.map_err(|error| Failure::file("read", path, error))?;
        let not_one = |_| damaged(path, "it is not an export of usage records");
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(not_one)?;
        let mut text = Vec::new();
        let manifest = archive.by_name(NAME).map_err(not_one)?;
        let read = manifest.take(MAX_MANIFEST).read_to_end(&mut text);
        read.map_err(|_| damaged(path, "its manifest cannot be read"))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| damaged(path, format!("its manifest: {error}")))?;
        if !(1..=FORMAT).contains(&manifest.format) {
            return Err(damaged(path, "its format is not known; a newer mgw wrote it"));
        }
        if manifest.files.len() > MAX_FILES {
            return Err(damaged(path, "it lists too many files"));
        }
        if let Some(entry) = manifest.files.iter().find(|entry| !Archive::is_name(&entry.name)) {
            return Err(damaged(
                path,
                format!("`{}` is no file of usage records", entry.name.escape_debug()),
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            archive,
            manifest,
        })
    }

    /// The files in it, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.manifest.files.clone()
    }

    /// Reads a file and compares it with the manifest.
    pub(crate) fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, Failure> {
        let damaged = |reason: &str| damaged(&self.path, format!("{} {reason}", entry.name));
        let file = self.archive.by_name(&entry.name).map_err(|_| damaged("is missing"))?;
        let mut bytes = Vec::new();
        let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
        read.map_err(|_| damaged("cannot be read"))?;
        if bytes.len() as u64 != entry.size || Digest::of(&bytes) != entry.sha256 {
            return Err(damaged("is not what the manifest says"));
        }
        Ok(bytes)
    }
}
