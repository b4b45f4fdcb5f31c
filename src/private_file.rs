//! Files that only their owner should read.

use std::io::Write;
use std::path::Path;

/// Writes a new file that only its owner can read, whole or not at all, never over another; makes the folder first.
///
/// # Errors
///
/// `AlreadyExists` where there is one of that name; others as the system has them.
pub(crate) fn write_once(folder: &Path, path: &Path, contents: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    // Temporary files are created with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// What a file's owner, its group and others may do with it, where that can be told.
#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(path.metadata().ok()?.mode() & 0o777)
}

#[cfg(not(unix))]
pub(crate) fn mode(_path: &Path) -> Option<u32> {
    None
}

/// Whether others than a file's owner may do anything with it.
pub(crate) fn is_exposed(mode: u32) -> bool {
    mode & 0o077 != 0
}
