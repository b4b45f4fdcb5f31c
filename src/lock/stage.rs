//! The staging folder of a replacement, and the lock that only one replacement has.

use super::LockError;
use crate::project::Layout;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Where a replacement of `gen/` and `mgw.lock` is prepared, inside the project.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    folder: PathBuf,
}

impl Stage {
    pub(super) fn of(layout: &Layout) -> Self {
        Self {
            folder: layout.root().join(".mgw-pull"),
        }
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The new `gen/`.
    pub(super) fn new_generated(&self) -> PathBuf {
        self.folder.join("gen")
    }

    /// The new lock.
    pub(super) fn new_lock(&self) -> PathBuf {
        self.folder.join("mgw.lock")
    }

    /// The old `gen/`, on its way out.
    pub(super) fn old_generated(&self) -> PathBuf {
        self.folder.join("old")
    }

    /// Says that there is no lock any more, in the place of a new one.
    pub(super) fn no_lock(&self) -> PathBuf {
        self.folder.join("no-lock")
    }

    /// The old lock, on its way out.
    pub(super) fn old_lock(&self) -> PathBuf {
        self.folder.join("old.lock")
    }

    /// Says that the old `gen/` had no lock, in the place of an old one.
    pub(super) fn unlocked(&self) -> PathBuf {
        self.folder.join("unlocked")
    }

    /// What was replaced, about to be kept.
    pub(super) fn generation(&self) -> PathBuf {
        self.folder.join("generation")
    }

    /// Says that everything is staged and not yet in place.
    pub(super) fn marker(&self) -> PathBuf {
        self.folder.join("complete")
    }

    /// Removes the folder with everything in it.
    pub(super) fn remove(&self) -> Result<(), LockError> {
        match std::fs::remove_dir_all(&self.folder) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(LockError::file("remove", &self.folder, source)),
        }
    }
}

/// One replacement at a time. The lock is on the project folder itself, so that nothing stays behind; it ends with the
/// file.
#[cfg(unix)]
pub(super) fn exclusive(layout: &Layout) -> Result<Option<File>, LockError> {
    let root = layout.root();
    let folder = File::open(root).map_err(|source| LockError::file("open", root, source))?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(LockError::Busy { path: root.to_owned() }),
        Err(TryLockError::Error(source)) => Err(LockError::file("lock", root, source)),
    }
}

#[cfg(not(unix))]
pub(super) fn exclusive(_layout: &Layout) -> Result<Option<File>, LockError> {
    Ok(None)
}
