//! Whether a file is still the one that was seen, without reading it.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// What a file is told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    size: u64,
    modified: SystemTime,
    #[cfg(unix)]
    node: Node,
}

/// What nobody sets: tools that keep times, and builds whose times are fixed, leave size and time of another file's.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    /// Device and number: a file that takes another's place has others.
    id: (u64, u64),
    /// When the system noted a change last, of contents, name or times: one in place has another, and so has another file
    /// under a number that is used again.
    changed: (i64, i64),
}

impl FileStamp {
    /// That of a file whose metadata is known.
    ///
    /// # Errors
    ///
    /// When the system keeps no times.
    pub fn of(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self {
            size: metadata.len(),
            modified: metadata.modified()?,
            #[cfg(unix)]
            node: {
                use std::os::unix::fs::MetadataExt;
                Node {
                    id: (metadata.dev(), metadata.ino()),
                    changed: (metadata.ctime(), metadata.ctime_nsec()),
                }
            },
        })
    }

    /// Follows links, so that a link which is set to another file counts as a change. `None` where there is no file.
    pub fn at(path: &Path) -> Option<Self> {
        Self::of(&path.metadata().ok()?).ok()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::time::Duration;

    fn time() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1)
    }

    /// Writes a file with a fixed time, as a build with `SOURCE_DATE_EPOCH` does.
    fn write(path: &Path, contents: &str) {
        fs::write(path, contents).expect("a writable folder");
        let file = File::options().append(true).open(path).expect("it is there");
        file.set_modified(time()).expect("times can be set");
    }

    #[test]
    fn another_file_of_the_same_size_and_time_is_another_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        write(&at("one"), "one");
        write(&at("two"), "two");
        std::os::unix::fs::symlink("one", at("link")).expect("a link");
        let seen = FileStamp::at(&at("link"));
        assert!(seen.is_some() && seen == FileStamp::at(&at("one")));
        std::os::unix::fs::symlink("two", at("new")).expect("a link");
        fs::rename(at("new"), at("link")).expect("a writable folder");
        assert_ne!(FileStamp::at(&at("link")), seen, "the link leads elsewhere");
        fs::rename(at("two"), at("one")).expect("a writable folder");
        assert_ne!(FileStamp::at(&at("one")), seen, "the other one has its name");
        assert_eq!(FileStamp::at(&at("two")), None);
    }

    #[test]
    fn a_change_in_place_whose_time_is_set_back_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write(&path, "one");
        let seen = FileStamp::at(&path);
        assert_eq!(FileStamp::at(&path), seen, "nothing has changed");
        // Until the system's clock for files has gone on.
        let give_up = std::time::Instant::now() + Duration::from_secs(60);
        while FileStamp::at(&path) == seen {
            assert!(std::time::Instant::now() < give_up, "the change is not seen");
            write(&path, "two");
        }
        let modified = path.metadata().and_then(|metadata| metadata.modified());
        assert_eq!(modified.ok(), Some(time()));
    }
}
