//! What was pulled before: the last few states of `gen/` and `mgw.lock`, to return to.

use super::durable::rename;
use super::{LockError, LockFile};
use crate::project::Layout;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// So many are kept.
const KEPT: usize = 5;

/// Inside a generation: its `gen/`.
pub(super) const GENERATED: &str = "gen";
/// Inside a generation: its lock.
pub(super) const LOCK: &str = "mgw.lock";
/// Inside a generation that had none: says so.
pub(super) const UNLOCKED: &str = "unlocked";

/// A state that was kept.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Counts up; the highest was in place last.
    pub(crate) number: u64,
    /// Its folder.
    pub(crate) path: PathBuf,
    /// Its lock; `None`: what another program left in `gen/`, or what lost its lock.
    pub(crate) lock: Option<LockFile>,
    /// When it was pulled, as far as the file system knows; when it was replaced, where it has no lock.
    pub(crate) pulled: Option<Timestamp>,
}

/// The generations of a project, the latest first. What cannot be read is left out: nobody can return to it.
pub(crate) fn generations(layout: &Layout) -> Result<Vec<Generation>, LockError> {
    let mut found = Vec::new();
    for (number, path) in numbered(layout)? {
        let (dated, lock) = match LockFile::load(&path.join(LOCK)) {
            Ok(Some(lock)) => (path.join(LOCK), Some(lock)),
            Ok(None) if path.join(UNLOCKED).exists() => (path.join(UNLOCKED), None),
            _ => continue,
        };
        let written = std::fs::metadata(dated).and_then(|about| about.modified()).ok();
        let pulled = written.and_then(|time| Timestamp::try_from(time).ok());
        found.push(Generation {
            number,
            path,
            lock,
            pulled,
        });
    }
    found.reverse();
    Ok(found)
}

/// Takes a folder in as the latest generation.
pub(super) fn take_in(layout: &Layout, folder: &Path) -> Result<(), LockError> {
    let home = layout.generations();
    std::fs::create_dir_all(&home).map_err(|source| LockError::file("create", &home, source))?;
    let next = numbered(layout)?.last().map_or(1, |(number, _)| number + 1);
    let target = home.join(next.to_string());
    rename(folder, &target)
}

/// Moves the oldest generations beyond [`KEPT`] into `bin`, which the caller removes: a generation is there as a whole or
/// not at all.
pub(super) fn drop_oldest(layout: &Layout, bin: &Path) -> Result<(), LockError> {
    let all = numbered(layout)?;
    let too_many = all.len().saturating_sub(KEPT);
    for (number, path) in all.into_iter().take(too_many) {
        rename(&path, &bin.join(format!("dropped-{number}")))?;
    }
    Ok(())
}

/// The folders, the oldest first.
fn numbered(layout: &Layout) -> Result<Vec<(u64, PathBuf)>, LockError> {
    let home = layout.generations();
    let entries = match std::fs::read_dir(&home) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(LockError::file("read", home, source)),
    };
    let mut found: Vec<(u64, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    found.sort();
    Ok(found)
}
