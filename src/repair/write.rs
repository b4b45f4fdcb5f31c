//! Replaces files of a project, all of them or none.

use super::rounds::RepairedFile;
use crate::public_file::staged;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Why nothing was replaced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Somebody else has written it in the meantime.
    #[error("{} was changed while it was being repaired", .0.display())]
    Changed(PathBuf),
    /// The system refused.
    #[error("cannot write {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

/// Writes what files of the project at `root` have become. What a file was is compared with what it is first, and each is
/// replaced by a rename: whoever reads it has the old or the new one.
///
/// # Errors
///
/// Then the files are as they were.
pub(crate) fn write(root: &Path, files: &[RepairedFile]) -> Result<(), WriteError> {
    let mut staged_files = Vec::with_capacity(files.len());
    for file in files {
        let path = root.join(&file.relative);
        let original = file.revision.original();
        let staged = stage(&path, &file.revision.current())?;
        staged_files.push((path, staged, original));
    }
    for (path, _, original) in &staged_files {
        unchanged(path, original)?;
    }
    let mut replaced: Vec<(PathBuf, &[u8])> = Vec::new();
    for (path, staged, original) in staged_files {
        if let Err(error) = staged.persist(&path) {
            // What was there comes back in the same way.
            for (path, original) in replaced {
                let former = stage(&path, original);
                let _ = former.map(|former| former.persist(&path));
            }
            return Err(WriteError::Io {
                path,
                source: error.error,
            });
        }
        replaced.push((path, original));
    }
    for (path, _) in &replaced {
        // The files are there; at worst a power failure brings the old ones back.
        let _ = crate::folder::sync_folder(crate::folder::folder_of(path));
    }
    Ok(())
}

/// A file beside its place, with the permissions of the one that is there.
fn stage(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, WriteError> {
    let failed = |source| WriteError::Io {
        path: path.to_owned(),
        source,
    };
    let permissions = fs::metadata(path).map_err(failed)?.permissions();
    let staged = staged(path, bytes).map_err(failed)?;
    staged.as_file().set_permissions(permissions).map_err(failed)?;
    Ok(staged)
}

fn unchanged(path: &Path, original: &[u8]) -> Result<(), WriteError> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    let is_same = is_file && fs::read(path).is_ok_and(|there| there == original);
    match is_same {
        true => Ok(()),
        false => Err(WriteError::Changed(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repair::revision::{Replacement, Revision};

    #[test]
    fn all_files_are_replaced_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let names = ["a.yaml", "b.yaml"];
        let file = |name: &str| RepairedFile {
            relative: name.to_owned(),
            revision: Revision::new(b"old".to_vec()).with(&[Replacement {
                range: 0..3,
                text: b"new".to_vec(),
            }]),
            source: None,
            is_secret: false,
        };
        let contents = || names.map(|name| fs::read_to_string(root.join(name)).unwrap_or_default());
        let entries = || fs::read_dir(root).unwrap().count();
        names.iter().for_each(|name| fs::write(root.join(name), "old").unwrap());
        // Somebody has saved the second one.
        fs::write(root.join("b.yaml"), "theirs").unwrap();
        let files = names.map(file);
        assert!(matches!(write(root, &files), Err(WriteError::Changed(path)) if path.ends_with("b.yaml")));
        assert_eq!((contents(), entries()), (["old".into(), "theirs".into()], 2));
        // It is gone, and something else has its name.
        fs::remove_file(root.join("b.yaml")).unwrap();
        assert!(matches!(write(root, &files), Err(WriteError::Io { .. })));
        fs::create_dir(root.join("b.yaml")).unwrap();
        assert!(write(root, &files).is_err());
        assert_eq!((contents(), entries()), (["old".into(), String::new()], 2));
        fs::remove_dir(root.join("b.yaml")).unwrap();
        fs::write(root.join("b.yaml"), "old").unwrap();
        write(root, &files).unwrap();
        assert_eq!((contents(), entries()), (["new".into(), "new".into()], 2));
    }
}
