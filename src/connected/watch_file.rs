//! Whether a file has become another one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that somebody may replace.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    seen: Option<(u64, SystemTime)>,
}

impl WatchedFile {
    pub(super) fn new(path: PathBuf) -> Self {
        let seen = stamp(&path);
        Self { path, seen }
    }

    /// Whether it is there and not what it was at the last look.
    pub(super) fn changed(&mut self) -> bool {
        let now = stamp(&self.path);
        let changed = now.is_some() && now != self.seen;
        self.seen = now;
        changed
    }
}

fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}
