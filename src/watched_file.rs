//! Whether a file has become another one.

use mgw_runtime::FileStamp;
use std::path::{Path, PathBuf};

/// A file that somebody may replace.
#[derive(Debug)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    seen: Option<FileStamp>,
    /// What it was at the last look, where that is not settled yet.
    pending: Option<FileStamp>,
}

impl WatchedFile {
    /// It is known as it is now.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            seen: FileStamp::at(&path),
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

    /// It is known as it was when it had this stamp, and may be another one by now.
    pub(crate) fn know(&mut self, stamp: FileStamp) {
        self.seen = Some(stamp);
    }

    /// It is known as it is now, whatever it was at the last look.
    pub(crate) fn know_now(&mut self) {
        self.seen = FileStamp::at(&self.path).or(self.seen);
        self.pending = None;
    }

    /// Whether it was another one at the last look, and may be written still.
    pub(crate) fn is_settling(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether it is there and not what it was at the last look.
    pub(crate) fn changed(&mut self) -> bool {
        let now = FileStamp::at(&self.path);
        let changed = now.is_some() && now != self.seen;
        self.seen = now;
        changed
    }

    /// Whether it is there, another one than was known, and the same as at the last look: one that is being written is looked
    /// at again when that has ended.
    pub(crate) fn settled(&mut self) -> bool {
        let now = FileStamp::at(&self.path);
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
    fn what_is_known_meanwhile_is_no_other_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bundle");
        let mut file = WatchedFile::new(path.clone());
        std::fs::write(&path, "a").expect("written");
        file.know_now();
        assert!(!file.settled() && !file.settled());
        std::fs::write(&path, "ab").expect("written");
        assert!(!file.settled(), "it may be growing");
        file.know_now();
        assert!(!file.settled() && !file.settled());
        // What comes after that is another one.
        std::fs::write(&path, "abc").expect("written");
        assert!(!file.settled() && file.settled());
        std::fs::remove_file(&path).expect("removed");
        file.know_now();
        std::fs::write(&path, "abcd").expect("written");
        assert!(!file.settled() && file.settled());
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_same_size_and_time_settles() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let time = std::time::SystemTime::UNIX_EPOCH;
        for name in ["bundle", "other"] {
            let file = std::fs::File::create(at(name)).expect("a writable folder");
            file.set_modified(time).expect("times can be set");
        }
        let mut file = WatchedFile::new(at("bundle"));
        std::fs::rename(at("other"), at("bundle")).expect("a writable folder");
        assert!(!file.settled() && file.settled());
    }

    #[test]
    fn a_known_file_that_was_replaced_meanwhile_is_another_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("session");
        let mut file = WatchedFile::new(path.clone());
        std::fs::write(&path, "own").expect("written");
        let own = FileStamp::at(&path).expect("a stamp");
        file.know(own);
        assert!(!file.changed());
        std::fs::write(&path, "another").expect("written");
        file.know(own);
        assert!(file.changed());
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
