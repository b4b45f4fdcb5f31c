//! A folder for what a command works on and throws away: gone when the command ends, and after one that was killed at the
//! next time that any command needs such a folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What folders are called that somebody holds the lock of, or nobody any more.
const PREFIX: &str = "mgw-work-";
/// What they are called before their lock is held: nobody takes these away.
const FRESH: &str = "mgw-new-";

/// A folder among the system's temporary ones, which goes with this.
#[derive(Debug)]
pub(crate) struct WorkingFolder {
    path: PathBuf,
    /// Held as long as the folder is used; it ends with the process, however that ends.
    _lock: Option<File>,
}

impl WorkingFolder {
    /// Makes one, and removes those of commands that were killed.
    ///
    /// # Errors
    ///
    /// When there can be none.
    pub(crate) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(parent: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(FRESH);
        #[cfg(unix)]
        // What is copied there may hold secrets.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let fresh = builder.tempdir_in(parent)?;
        #[cfg(unix)]
        {
            dead::remove(parent, fresh.path());
            let lock = File::open(fresh.path())?;
            // Where there are no locks, it is left under its first name, and nobody takes it away.
            let name = fresh
                .path()
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let named = parent.join(name.replacen(FRESH, PREFIX, 1));
            if lock.try_lock().is_ok() && fs::rename(fresh.path(), &named).is_ok() {
                let _renamed = fresh.keep();
                return Ok(Self {
                    path: named,
                    _lock: Some(lock),
                });
            }
        }
        Ok(Self {
            path: fresh.keep(),
            _lock: None,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkingFolder {
    fn drop(&mut self) {
        // Whatever stays is removed by a later command.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(unix)]
mod dead {
    use super::PREFIX;
    use std::fs::{self, File};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    /// Removes the folders of this user, who is the owner of `own`, whose lock nobody holds.
    pub(super) fn remove(parent: &Path, own: &Path) {
        let Ok(owner) = own.symlink_metadata().map(|about| about.uid()) else {
            return;
        };
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
            // Of the entry itself, not of what a link leads to.
            let is_ours = is_one
                && entry
                    .metadata()
                    .is_ok_and(|about| about.is_dir() && about.uid() == owner);
            if !is_ours {
                continue;
            }
            if let Ok(folder) = File::open(entry.path())
                && folder.try_lock().is_ok()
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_removed_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        fs::create_dir_all(at("mgw-work-dead/inside")).unwrap();
        fs::write(at("mgw-work-dead/inside/file"), "left").unwrap();
        fs::create_dir_all(at("mgw-new-other")).unwrap();
        fs::create_dir_all(at("kept")).unwrap();
        std::os::unix::fs::symlink(at("kept"), at("mgw-work-link")).unwrap();
        let first = WorkingFolder::new_in(parent.path()).unwrap();
        assert!(!at("mgw-work-dead").exists());
        let mode = std::os::unix::fs::MetadataExt::mode(&first.path().metadata().unwrap());
        assert_eq!(mode & 0o777, 0o700);
        fs::write(first.path().join("file"), "mine").unwrap();
        let second = WorkingFolder::new_in(parent.path()).unwrap();
        assert!(first.path().join("file").is_file(), "somebody works in it");
        assert!(at("mgw-new-other").exists() && at("kept").exists() && at("mgw-work-link").exists());
        let paths = [first.path().to_owned(), second.path().to_owned()];
        drop((first, second));
        assert!(paths.iter().all(|path| !path.exists()));
    }
}
