//! Replaces files of a project, all of them or none.

use super::rounds::RepairedFile;
use crate::folder::{folder_of, sync_folder};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Why files were not replaced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Somebody else has written it in the meantime; nothing was replaced.
    #[error("{} was changed while it was being repaired", .0.display())]
    Changed(PathBuf),
    /// The system refused; nothing was replaced, or it is as it was again.
    #[error("cannot write {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The system refused, and refused also to put back what had been replaced by then.
    #[error("cannot write {}, nor restore what was replaced before it", .path.display())]
    Mixed {
        /// The file that was not replaced.
        path: PathBuf,
        /// Those that were, each with the file in which its former contents are.
        replaced: Vec<(PathBuf, PathBuf)>,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

/// A file with what is to be there, and what is there, both beside its place: so it takes no more than a rename to replace it
/// and to put it back, which needs no space.
struct Staged<'a> {
    path: PathBuf,
    original: &'a [u8],
    new: TempPath,
    former: TempPath,
}

/// Writes what files of the project at `root` have become. What a file was is compared with what it is first, and each is
/// replaced by a rename: whoever reads it has the old or the new one.
///
/// # Errors
///
/// Then the files are as they were, but for [`WriteError::Mixed`].
pub(crate) fn write(root: &Path, files: &[RepairedFile]) -> Result<(), WriteError> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let path = root.join(&file.relative);
        let original = file.revision.original();
        all.push(Staged {
            new: stage(&path, &file.revision.current())?,
            former: stage(&path, original)?,
            path,
            original,
        });
    }
    for file in &all {
        unchanged(&file.path, file.original)?;
    }
    let mut replaced: Vec<(PathBuf, TempPath)> = Vec::new();
    for Staged { path, new, former, .. } in all {
        if let Err(error) = new.persist(&path) {
            let lost = put_back(replaced);
            let source = error.error;
            return Err(match lost.is_empty() {
                true => WriteError::Io { path, source },
                false => WriteError::Mixed {
                    path,
                    replaced: lost,
                    source,
                },
            });
        }
        replaced.push((path, former));
    }
    for (path, _) in &replaced {
        // The files are there; at worst a power failure brings the old ones back.
        let _ = sync_folder(folder_of(path));
    }
    Ok(())
}

/// Returns what could not be put back, with the files that have it.
fn put_back(replaced: Vec<(PathBuf, TempPath)>) -> Vec<(PathBuf, PathBuf)> {
    let lost = |(path, former): (PathBuf, TempPath)| {
        let former = former.persist(&path).err()?.path;
        let kept = former.to_path_buf();
        // Where it cannot be kept either, version control is what is left.
        let _ = former.keep();
        Some((path, kept))
    };
    replaced.into_iter().filter_map(lost).collect()
}

/// A file beside its place, with the owner and the permissions of the one that is there: it may hold a secret.
fn stage(path: &Path, bytes: &[u8]) -> Result<TempPath, WriteError> {
    let staged = || {
        let about = fs::metadata(path)?;
        let mut file = tempfile::Builder::new().prefix(".mgw-").tempfile_in(folder_of(path))?;
        file.write_all(bytes)?;
        give(file.as_file(), &about);
        file.as_file().set_permissions(about.permissions())?;
        file.as_file().sync_all()?;
        // Closed: there may be more of them than a process may have open.
        Ok(file.into_temp_path())
    };
    staged().map_err(|source| WriteError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Gives a file to the owner of another one, as an administrator may who repairs what is somebody else's.
fn give(file: &fs::File, about: &fs::Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Whoever may not give it away keeps it, in the same group where they are in that: as editors have it.
        if fchown(file, Some(about.uid()), Some(about.gid())).is_err() {
            let _ = fchown(file, None, Some(about.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, about);
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
