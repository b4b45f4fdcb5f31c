//! A folder for what a command works on and throws away: gone when the command ends, and after one that was killed at the
//! next time that any command needs such a folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Those among the system's temporary folders.
const TEMPORARY: Kind = Kind {
    prefix: "mgw-work-",
    fresh: "mgw-new-",
    spares: None,
};

/// What such folders are called.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Somebody holds the lock of these, or nobody any more.
    prefix: &'static str,
    /// What they are called before their lock is held: nobody takes these away.
    fresh: &'static str,
    /// Nor those that have something of this name.
    spares: Option<&'static str>,
}

impl Kind {
    /// Those that are made beside what they become. One that has something of the name `spares` is not taken away.
    pub(crate) const fn beside(prefix: &'static str, spares: Option<&'static str>) -> Self {
        Self {
            prefix,
            fresh: ".mgw-new-",
            spares,
        }
    }

    /// Removes those of commands that were killed.
    pub(crate) fn remove_dead(&self, parent: &Path) {
        #[cfg(unix)]
        dead::remove(parent, parent, self);
        #[cfg(not(unix))]
        let _ = (parent, self.prefix, self.spares);
    }
}

/// A folder which goes with this.
#[derive(Debug)]
pub(crate) struct WorkingFolder {
    path: PathBuf,
    is_kept: bool,
    /// Held as long as the folder is used; it ends with the process, however that ends.
    _lock: Option<File>,
}

impl WorkingFolder {
    /// Makes one among the system's temporary ones, and removes those of commands that were killed.
    ///
    /// # Errors
    ///
    /// When there can be none.
    pub(crate) fn new() -> io::Result<Self> {
        Self::beside(&std::env::temp_dir(), &TEMPORARY)
    }

    /// Makes one in `parent`, and removes those of its kind of commands that were killed.
    ///
    /// # Errors
    ///
    /// When there can be none.
    pub(crate) fn beside(parent: &Path, kind: &Kind) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(kind.fresh);
        #[cfg(unix)]
        // What is copied there may hold secrets.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let fresh = builder.tempdir_in(parent)?;
        #[cfg(unix)]
        {
            dead::remove(parent, fresh.path(), kind);
            let lock = File::open(fresh.path())?;
            // Where there are no locks, it is left under its first name, and nobody takes it away.
            let name = fresh
                .path()
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let named = parent.join(name.replacen(kind.fresh, kind.prefix, 1));
            if lock.try_lock().is_ok() && fs::rename(fresh.path(), &named).is_ok() {
                let _renamed = fresh.keep();
                return Ok(Self {
                    path: named,
                    is_kept: false,
                    _lock: Some(lock),
                });
            }
        }
        Ok(Self {
            path: fresh.keep(),
            is_kept: false,
            _lock: None,
        })
    }

    /// It stays when this goes.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkingFolder {
    fn drop(&mut self) {
        if !self.is_kept {
            // Whatever stays is removed by a later command.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(unix)]
mod dead {
    use super::Kind;
    use std::fs::{self, File};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    /// Removes the folders of this user, who is the owner of `own`, whose lock nobody holds.
    pub(super) fn remove(parent: &Path, own: &Path, kind: &Kind) {
        let Ok(owner) = own.symlink_metadata().map(|about| about.uid()) else {
            return;
        };
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_one = name.to_str().is_some_and(|name| name.starts_with(kind.prefix));
            // Of the entry itself, not of what a link leads to.
            let is_ours = is_one
                && entry
                    .metadata()
                    .is_ok_and(|about| about.is_dir() && about.uid() == owner);
            let is_spared = || kind.spares.is_some_and(|name| entry.path().join(name).exists());
            if !is_ours || is_spared() {
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
        let first = WorkingFolder::beside(parent.path(), &TEMPORARY).unwrap();
        assert!(!at("mgw-work-dead").exists());
        let mode = std::os::unix::fs::MetadataExt::mode(&first.path().metadata().unwrap());
        assert_eq!(mode & 0o777, 0o700);
        fs::write(first.path().join("file"), "mine").unwrap();
        let second = WorkingFolder::beside(parent.path(), &TEMPORARY).unwrap();
        assert!(first.path().join("file").is_file(), "somebody works in it");
        assert!(at("mgw-new-other").exists() && at("kept").exists() && at("mgw-work-link").exists());
        let paths = [first.path().to_owned(), second.path().to_owned()];
        drop((first, second));
        assert!(paths.iter().all(|path| !path.exists()));
    }

    #[test]
    fn what_may_be_the_only_copy_is_left() {
        let kind = Kind::beside(".stage-", Some("old"));
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for left in [".stage-one/new", ".stage-two/old", ".other/new"] {
            fs::create_dir_all(at(left)).unwrap();
        }
        let held = WorkingFolder::beside(parent.path(), &kind).unwrap();
        assert!(!at(".stage-one").exists() && at(".stage-two").exists() && at(".other").exists());
        fs::create_dir(at(".stage-three")).unwrap();
        kind.remove_dead(parent.path());
        assert!(!at(".stage-three").exists() && held.path().exists());
        let path = held.path().to_owned();
        held.keep();
        assert!(path.exists());
    }
}
