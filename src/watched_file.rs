//! Whether a file has become another one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Size and time of the last change.
type Stamp = (u64, SystemTime);

/// A file that somebody may replace.
#[derive(Debug)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    seen: Option<Stamp>,
    /// What it was at the last look, where that is not settled yet.
    pending: Option<Stamp>,
}

impl WatchedFile {
    /// It is known as it is now.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            seen: stamp(&path),
            ..Self::unseen(path)
        }
    }

    /// It is not known yet: the first look finds another one.
    pub(crate) fn unseen(path: PathBuf) -> Self {
        Self {
            path,
            seen: None,
            pending: None,
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there and not what it was at the last look.
    pub(crate) fn changed(&mut self) -> bool {
        let now = stamp(&self.path);
        let changed = now.is_some() && now != self.seen;
        self.seen = now;
        changed
    }

    /// Whether it is there, another one than was known, and the same as at the last look: one that is being written is looked
    /// at again when that has ended.
    pub(crate) fn settled(&mut self) -> bool {
        let now = stamp(&self.path);
        if now.is_none() || now == self.seen {
            self.pending = None;
            return false;
        }
        if self.pending == now {
            self.seen = now;
            self.pending = None;
            return true;
        }
        self.pending = now;
        false
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_being_written_is_not_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let mut file = WatchedFile::new(path.clone());
        assert!(!file.settled(), "there is none");
        std::fs::write(&path, "a").expect("written");
        assert!(!file.settled());
        std::fs::write(&path, "ab").expect("written");
        assert!(!file.settled(), "it has grown since");
        assert!(file.settled());
        assert!(!file.settled(), "that is known now");
        std::fs::remove_file(&path).expect("removed");
        assert!(!file.settled() && !file.settled());
        let mut unseen = WatchedFile::unseen(path.clone());
        std::fs::write(&path, "ab").expect("written");
        assert!(!unseen.settled() && unseen.settled());
    }

    #[test]
    fn a_change_is_seen_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("session");
        let mut file = WatchedFile::new(path.clone());
        std::fs::write(&path, "a").expect("written");
        assert!(file.changed() && !file.changed());
        std::fs::remove_file(&path).expect("removed");
        assert!(!file.changed(), "one that is gone is no other one");
    }
}
