//! Notices that files which settings name have changed.
//!
//! Whatever comes from files while the gateway serves is taken over the same way: look at the files, read all of them when
//! one changed, and leave everything as it is when they cannot be used.

use crate::file_stamp::FileStamp;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a look at the files led to.
#[derive(Debug)]
pub(crate) enum Turn<E> {
    /// Nothing changed since the last look.
    Unchanged,
    /// What the files hold now is in use.
    Replaced,
    /// The files changed and cannot be used; what was in use before goes on.
    Refused {
        /// Why.
        error: E,
        /// The files that changed.
        changed: Vec<PathBuf>,
    },
}

/// The files that one part of the gateway comes from.
#[derive(Debug)]
pub(crate) struct WatchedFiles {
    files: Vec<PathBuf>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    stamps: Vec<Option<FileStamp>>,
    /// Whether these files could not be used. They may become usable without a change, say by their permissions.
    refused: bool,
}

impl WatchedFiles {
    /// Looks at the files for the first time. To be called before they are read: a change in between is then noticed at
    /// the next look.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut files: Vec<PathBuf> = files.into_iter().map(Path::to_owned).collect();
        files.sort_unstable();
        files.dedup();
        let stamps = stamps(&files);
        Self {
            files,
            seen: Mutex::new(Seen { stamps, refused: false }),
        }
    }

    /// Looks at the files; when one changed, has `take_over` read them all and replace what came from them, or fail and
    /// change nothing. Blocks.
    pub(crate) fn turn<E>(&self, take_over: impl FnOnce() -> Result<(), E>) -> Turn<E> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = stamps(&self.files);
        let looks = self.files.iter().zip(seen.stamps.iter().zip(&stamps));
        let changed: Vec<PathBuf> = looks
            .filter(|(_, (before, now))| before != now)
            .map(|(file, _)| file.clone())
            .collect();
        if changed.is_empty() && !seen.refused {
            return Turn::Unchanged;
        }
        seen.stamps = stamps;
        match take_over() {
            Ok(()) => {
                seen.refused = false;
                Turn::Replaced
            }
            Err(error) => {
                seen.refused = true;
                // Said once for each change.
                if changed.is_empty() {
                    Turn::Unchanged
                } else {
                    Turn::Refused { error, changed }
                }
            }
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<FileStamp>> {
    files.iter().map(|file| FileStamp::at(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    /// Writes a file with a time of its own, so that no clock decides whether the change is seen.
    fn write(path: &Path, contents: &str, second: u64) {
        std::fs::write(path, contents).expect("a writable folder");
        let file = std::fs::File::options().append(true).open(path).expect("it is there");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        file.set_modified(time).expect("times can be set");
    }

    fn look(watched: &WatchedFiles, usable: bool) -> Turn<()> {
        watched.turn(|| if usable { Ok(()) } else { Err(()) })
    }

    #[test]
    fn what_was_refused_is_said_once_and_tried_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        write(&one, "one", 1);
        let watched = WatchedFiles::new([one.as_path(), two.as_path(), one.as_path()]);
        assert!(matches!(look(&watched, true), Turn::Unchanged));
        write(&two, "two", 1);
        match look(&watched, false) {
            Turn::Refused { changed, .. } => assert_eq!(changed, std::slice::from_ref(&two)),
            other => panic!("{other:?}"),
        }
        assert!(matches!(look(&watched, false), Turn::Unchanged), "said once");
        assert!(matches!(look(&watched, true), Turn::Replaced), "tried again");
        assert!(matches!(look(&watched, true), Turn::Unchanged));
        std::fs::remove_file(&two).expect("it was there");
        assert!(matches!(look(&watched, false), Turn::Refused { .. }));
    }
}
