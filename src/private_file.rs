//! New files that only their owner can read.

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
