//! Writes an export.

use super::manifest::{Entry, FORMAT, MAX_FILES, Manifest, NAME};
use super::read::Import;
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_bundle::Digest;
use mgw_runtime::usage::{Archive, Folder};
use std::io::{self, Write};
use std::path::Path;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// What was exported.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exported {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

/// Copies files into one, and reads it back before it gets its name. Never replaces a file.
pub(crate) fn export(folder: &Folder, archives: &[Archive], to: &Path) -> Result<Exported, Failure> {
    let failed = |error| Failure::file("write", to, error);
    // The rest can be exported afterwards.
    let archives = archives.get(..MAX_FILES).unwrap_or(archives);
    let parent = to
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if to.exists() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    // Temporary files are made with mode 0600: records name users.
    let temporary = tempfile::Builder::new()
        .prefix(".usage")
        .tempfile_in(parent)
        .map_err(failed)?;
    let mut output = zip::ZipWriter::new(temporary);
    // They are compressed already.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut files = Vec::with_capacity(archives.len());
    for archive in archives {
        let bytes = folder
            .read(archive)
            .map_err(|error| Failure::file("read", &folder.path().join(&archive.name), error))?;
        output
            .start_file(archive.name.as_str(), options)
            .map_err(|error| failed(error.into()))?;
        output.write_all(&bytes).map_err(failed)?;
        files.push(Entry {
            name: archive.name.clone(),
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
        });
    }
    let exported = Exported {
        files: files.len(),
        bytes: files.iter().map(|file| file.size).sum(),
    };
    let manifest = Manifest {
        format: FORMAT,
        tool: concat!("mgw ", env!("CARGO_PKG_VERSION")).to_owned(),
        files,
    };
    output.start_file(NAME, options).map_err(|error| failed(error.into()))?;
    serde_json::to_writer_pretty(&mut output, &manifest).map_err(|error| failed(error.into()))?;
    let temporary = output.finish().map_err(|error| failed(error.into()))?;
    temporary.as_file().sync_all().map_err(failed)?;
    let mut written = Import::open(temporary.path())?;
    for entry in written.entries() {
        written.read(&entry)?;
    }
    temporary.persist_noclobber(to).map_err(|error| failed(error.error))?;
    std::fs::File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    Ok(exported)
}

/// Removes what was exported, and nothing else.
pub(crate) fn remove(folder: &Folder, archives: &[Archive], exported: &Exported) -> Result<(), Failure> {
    for archive in archives.iter().take(exported.files) {
        let removed = folder.remove_archive(archive);
        removed.map_err(|error| Failure::file("remove", &folder.path().join(&archive.name), error))?;
    }
    Ok(())
}

/// An export that is not what its manifest says.
pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Failure {
    Failure::new(
        ExitCode::Mismatch,
        format!("{} is damaged: {}", path.display(), reason.into()),
    )
    .hint("Export again, or copy the file again.")
}
