//! Writes a folder whole, in the place of what was there.

use crate::folder::{folder_of, replace_folder, sync_folder};
use std::collections::BTreeMap;
use std::io::Result;
use std::path::{Path, PathBuf};

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OutputFile {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, for nobody but the owner: secrets are among them.
    Private(Vec<u8>),
    /// A program, copied from there.
    Program(PathBuf),
}

/// Who may look into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody.
    All,
    /// Its owner: what is in it may be a secret.
    Owner,
}

/// Replaces the folder at `place`: it has all of the files, or is as it was.
///
/// # Errors
///
/// As the system has them.
pub(super) fn replace(place: &Path, files: &BTreeMap<String, OutputFile>, access: Access) -> Result<()> {
    let parent = folder_of(place);
    std::fs::create_dir_all(parent)?;
    let staged = tempfile::Builder::new().prefix(".mgw-").tempdir_in(parent)?;
    let fresh = staged.path().join("new");
    std::fs::create_dir(&fresh)?;
    for (name, file) in files {
        let path = fresh.join(name);
        std::fs::create_dir_all(folder_of(&path))?;
        write(&path, file)?;
    }
    if access == Access::Owner {
        mode(&fresh, 0o700)?;
    }
    // The old folder goes into the staging folder, which is removed at the end.
    replace_folder(&fresh, place, &staged.path().join("old"))?;
    sync_folder(parent)
}

/// Replaces one file, and leaves what is beside it.
///
/// # Errors
///
/// As the system has them; the file is then as it was.
pub(super) fn replace_file(place: &Path, file: &OutputFile) -> Result<()> {
    let parent = folder_of(place);
    std::fs::create_dir_all(parent)?;
    let staged = tempfile::Builder::new().prefix(".mgw-").tempdir_in(parent)?;
    let fresh = staged.path().join("new");
    write(&fresh, file)?;
    std::fs::rename(&fresh, place)?;
    sync_folder(parent)
}

/// Writes a new file in a folder that nobody else looks into yet.
fn write(path: &Path, file: &OutputFile) -> Result<()> {
    match file {
        OutputFile::Bytes(bytes) => {
            std::fs::write(path, bytes)?;
            mode(path, 0o644)?;
        }
        OutputFile::Private(bytes) => {
            std::fs::write(path, bytes)?;
            mode(path, 0o600)?;
        }
        OutputFile::Program(source) => {
            std::fs::copy(source, path)?;
            mode(path, 0o755)?;
        }
    }
    std::fs::File::open(path)?.sync_all()
}

/// The users of images are others than whoever builds them.
fn mode(path: &Path, mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}
