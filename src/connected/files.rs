//! Writing files so that a crash leaves the old one or the new one.

use crate::folder::{folder_of, sync_folder};
use std::io::Write;
use std::path::Path;

/// How the names of files begin that are being written.
pub(super) const TEMPORARY: &str = ".new-";

/// Replaces a file: written aside, synced, renamed, its folder synced.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = folder_of(path);
    let mut temporary = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Empties a folder, or makes one.
pub(super) fn empty_folder(path: &Path) -> std::io::Result<()> {
    remove_folder(path)?;
    std::fs::create_dir_all(path)
}

/// Removes a folder that may not be there.
pub(super) fn remove_folder(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
