//! Files that a replacement need not write, because they are there already.

use super::LockError;
use super::durable::remove;
use std::path::Path;

/// Gives the file `former` the second name `staged`, where its content is `bytes`; returns whether it has it.
///
/// What is compared is the staged file, so that nobody can put another one in its place in between.
pub(super) fn keep(former: &Path, staged: &Path, bytes: &[u8]) -> Result<bool, LockError> {
    let keep = || {
        let is_as_long = |path: &Path| {
            let about = std::fs::symlink_metadata(path);
            about.is_ok_and(|about| about.is_file() && about.len() == bytes.len() as u64)
        };
        if !is_as_long(former) {
            return Ok(false);
        }
        if let Some(folder) = staged.parent() {
            std::fs::create_dir_all(folder)?;
        }
        remove(staged)?;
        // Some file systems know no second names, and others are elsewhere.
        if std::fs::hard_link(former, staged).is_err() {
            return Ok(false);
        }
        let is_same = is_as_long(staged) && std::fs::read(staged).is_ok_and(|found| found == bytes);
        if !is_same {
            remove(staged)?;
        }
        Ok(is_same)
    };
    keep().map_err(|source| LockError::file("write", staged, source))
}

/// The files in a folder and those below it, sorted, each as `prefix` and its path; none where there is no such folder.
pub(super) fn list_files(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), LockError> {
    let failed = |source| LockError::file("read", folder, source);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed(source)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            list_files(&entry.path(), &path, found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}
