//! Writes an export.

use super::manifest::{Entry, FORMAT, MAX_FILES, Manifest, NAME};
use super::read::Import;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::folder::{folder_of, sync_folder};
use mgw_bundle::Digest;
use mgw_runtime::usage::{Archive, Folder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// What was exported.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) archives: Vec<Archive>,
    pub(crate) bytes: u64,
    /// Files that are left out because they cannot be read.
    pub(crate) unreadable: Vec<(PathBuf, io::Error)>,
}

/// Copies files into one, and reads it back before it gets its name. Never replaces a file. One that a gateway has given up
/// meanwhile is left out, and so is one that cannot be read; it is an error where that leaves none. Exported files that stay in
/// the folder count as tried there.
pub(crate) fn export(folder: &Folder, archives: &[Archive], to: &Path) -> Result<Exported, Failure> {
    let failed = |error| Failure::file("write", to, error);
    // The rest can be exported afterwards.
    let archives = archives.get(..MAX_FILES).unwrap_or(archives);
    let parent = folder_of(to);
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
    let (mut taken, mut unreadable) = (Vec::new(), Vec::new());
    for archive in archives {
        let bytes = match folder.read(archive) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                unreadable.push((folder.path().join(&archive.name), error));
                continue;
            }
        };
        output
            .start_file(archive.name.as_str(), options)
            .map_err(|error| failed(error.into()))?;
        output.write_all(&bytes).map_err(failed)?;
        files.push(Entry {
            name: archive.name.clone(),
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
            tried: archive.is_tried(),
        });
        taken.push(archive.clone());
    }
    if taken.is_empty() {
        let unreadable = unreadable.pop();
        return Err(unreadable.map_or_else(nothing_waits, |(path, error)| Failure::file("read", &path, error)));
    }
    let bytes = files.iter().map(|file| file.size).sum();
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
    // Noted before anybody can have the export: afterwards nobody could tell whether the service has these files or others.
    let archives = folder
        .hand_out(&taken)
        .map_err(|error| Failure::file("rename files in", folder.path(), error))?;
    if let Err(error) = temporary.persist_noclobber(to) {
        folder.take_back(&taken, &archives);
        return Err(failed(error.error));
    }
    sync_folder(parent).map_err(failed)?;
    Ok(Exported {
        archives,
        bytes,
        unreadable,
    })
}

/// Removes what was exported, and nothing else.
pub(crate) fn remove(folder: &Folder, exported: &Exported) -> Result<(), Failure> {
    for archive in &exported.archives {
        let removed = folder.remove_archive(archive);
        removed.map_err(|error| Failure::file("remove", &folder.path().join(&archive.name), error))?;
    }
    Ok(())
}

fn nothing_waits() -> Failure {
    Failure::new(ExitCode::NothingChanged, "no file waits there").hint(
        "The file that still grows is closed after `analytics.fileUpload.rotatingPeriod`, ten minutes unless set.",
    )
}

/// An export that is not what its manifest says.
pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Failure {
    Failure::new(
        ExitCode::Mismatch,
        format!("{} is damaged: {}", path.display(), reason.into()),
    )
    .hint("Export again, or copy the file again.")
}
