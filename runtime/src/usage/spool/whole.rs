//! The spool as a whole: its one writer's view.

use super::current::{Appended, Current};
use super::folder::Folder;
use super::lasting::{Flusher, MAY_BE_LOST};
use super::lock::{FolderLock, Holder};
use super::names::{CURRENT, Kind, PLAIN};
use super::pack::Packer;
use super::room::wants_room;
use super::shared::{NO_ROOM, Shared};
use super::times::Times;
use crate::usage::status::Counters;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Kept free beside the size of one file, which may be there twice while it is compressed: what is appended at a time.
const RESERVE: u64 = 128 << 10;

/// How large the spool may become, and when its files are full.
#[derive(Debug, Clone, Copy)]
pub(in crate::usage) struct SpoolLimits {
    /// Bytes of all files together.
    pub(in crate::usage) bytes: u64,
    /// Bytes of lines in a file that is full.
    pub(in crate::usage) file: u64,
    /// Age of a file that is full.
    pub(in crate::usage) age: Duration,
    /// Time until lines are safe from a power cut.
    pub(in crate::usage) sync: Duration,
    /// Whether names carry a UUID.
    pub(in crate::usage) uuid_names: bool,
}

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another gateway writes there.
    #[error("another gateway keeps its usage records in {}; each needs a folder of its own: set `api.usage.data.path`", .0.display())]
    Taken(PathBuf),
    /// The folder cannot be used.
    #[error("usage records cannot be kept in {}: {source}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
}

/// Records on disk until they are uploaded.
#[derive(Debug)]
pub(in crate::usage) struct Spool {
    shared: Arc<Shared>,
    /// Held for as long as this is there.
    _lock: FolderLock,
    limits: SpoolLimits,
    current: Current,
    packer: Packer,
    flusher: Flusher,
}

impl Spool {
    /// Takes up the folder, with what an earlier gateway left there, and starts compressing what is closed.
    ///
    /// # Errors
    ///
    /// Another gateway has the folder, or it cannot be used.
    pub(in crate::usage) fn open(
        path: PathBuf,
        limits: SpoolLimits,
        counters: &Arc<Counters>,
    ) -> Result<Self, SpoolError> {
        let unusable = |source| SpoolError::Unusable {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(&path).map_err(unusable)?;
        let folder = Folder::at(path.clone());
        let lock = FolderLock::take(&folder, Holder::Gateway).map_err(unusable)?;
        let lock = lock.ok_or_else(|| SpoolError::Taken(path.clone()))?;
        let found = tidied(&folder).map_err(unusable)?;
        let last_ms = found.into_iter().max().unwrap_or(0);
        let times = Times::open(&folder, last_ms, limits.uuid_names).map_err(unusable)?;
        let shared = Shared::new(folder, counters, times);
        shared.look();
        let mut spool = Self {
            packer: Packer::start(Arc::clone(&shared)).map_err(unusable)?,
            flusher: Flusher::start(Arc::clone(&shared)).map_err(unusable)?,
            shared,
            _lock: lock,
            limits,
            current: Current::default(),
        };
        spool.close_legacy().map_err(unusable)?;
        // A file that cannot be opened now, on a full disk, may be later.
        spool.reopen();
        Ok(spool)
    }

    pub(in crate::usage) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Appends whole lines, all or none, and counts them as written or dropped.
    pub(in crate::usage) fn append(&mut self, lines: &[u8], count: [u64; 3]) {
        let appended = self.try_append(lines);
        let counters = &self.shared.counters;
        match appended {
            Appended::Written => counters.written(count),
            Appended::NoRoom => counters.dropped.no_room.add(count.iter().sum()),
            Appended::DiskFailed => counters.dropped.disk.add(count.iter().sum()),
        }
        counters.current.set(self.current.length());
    }

    fn try_append(&mut self, lines: &[u8]) -> Appended {
        if !self.make_room(lines.len() as u64) {
            return Appended::NoRoom;
        }
        self.reopen();
        let mut written = self.current.append(lines);
        // No file of this process may be larger (`ulimit -f`); the next one has room.
        let is_too_large = matches!(&written, Err(error) if error.kind() == io::ErrorKind::FileTooLarge);
        if is_too_large && self.current.length() > 0 {
            self.rotate();
            self.reopen();
            written = self.current.append(lines);
        }
        // Uploaded files go, and then the oldest one.
        for _ in 0..2 {
            if !written.as_ref().is_err_and(wants_room) || !self.shared.relieve_disk() {
                break;
            }
            self.reopen();
            written = self.current.append(lines);
        }
        match written {
            Ok(()) => Appended::Written,
            Err(error) => {
                self.shared
                    .trouble("usage records cannot be written; they are dropped", &error);
                Appended::DiskFailed
            }
        }
    }

    /// Does what is due: makes lines last, closes a file that is full.
    pub(in crate::usage) fn tend(&mut self) {
        let is_due = |since: Option<Instant>, time| since.is_some_and(|since| since.elapsed() >= time);
        if is_due(self.current.unsynced(), self.limits.sync) {
            let flusher = &self.flusher;
            self.current.sync_by(|file| flusher.flush(file));
        }
        if self.current.length() >= self.limits.file || is_due(self.current.began(), self.limits.age) {
            self.rotate();
        }
    }

    /// Closes the file with lines; another is begun with the next line.
    pub(in crate::usage) fn rotate(&mut self) {
        if self.current.length() == 0 {
            return;
        }
        if let Err(error) = self.close(CURRENT) {
            self.shared
                .trouble("a file with usage records cannot be closed", &error);
            if error.kind() != io::ErrorKind::NotFound {
                return;
            }
            // Somebody took it away: the lines are where he has them, and the next ones want a file.
        }
        self.current.close();
        self.shared.counters.current.set(0);
        self.shared.look();
        self.packer.wake();
    }

    /// Ends: what was appended lasts, and the next gateway goes on with it.
    pub(in crate::usage) fn finish(mut self, patience: Duration) {
        if let Err(error) = self.current.sync() {
            self.shared.trouble(MAY_BE_LOST, &error);
        }
        self.packer.finish(patience);
    }

    /// Renames a file so that it is closed. The packer makes that last, before it makes anything of it that could be uploaded.
    fn close(&self, name: &str) -> io::Result<()> {
        let stem = self.shared.next_stem()?;
        let folder = &self.shared.folder;
        std::fs::rename(folder.file(name), folder.file(&stem))
    }

    /// micro-gw may have left a file that it had closed. Whether it had compressed it too cannot be told, and the compressed
    /// file would have another name: it is taken for not compressed, as micro-gw itself does.
    fn close_legacy(&self) -> io::Result<()> {
        if self.shared.folder.file(PLAIN).is_file() {
            self.close(PLAIN)?;
            self.packer.wake();
        }
        Ok(())
    }

    fn reopen(&mut self) {
        match self.current.open(&self.shared.folder) {
            Ok(is_torn) => self.shared.counters.dropped.torn.add(is_torn.into()),
            Err(error) => self
                .shared
                .trouble("the file with usage records cannot be opened", &error),
        }
    }

    /// Makes room for so many bytes; returns whether there is.
    fn make_room(&self, bytes: u64) -> bool {
        let counters = &self.shared.counters;
        let has_room = || {
            let kept = counters.closed_bytes.get() + self.current.length();
            kept + bytes + self.limits.file + RESERVE <= self.limits.bytes
        };
        if has_room() {
            return true;
        }
        // Somebody else may have taken files away.
        let mut files = self.shared.look();
        while !has_room() {
            match self.shared.give_up_one(&files) {
                Ok(true) => files = self.shared.look(),
                Ok(false) => return false,
                Err(error) => {
                    self.shared.trouble(NO_ROOM, &error);
                    return false;
                }
            }
        }
        true
    }
}

/// Removes what a killed gateway left half done, and returns the times in the names of the rest.
fn tidied(folder: &Folder) -> io::Result<Vec<u64>> {
    let files = folder.files()?;
    for file in &files {
        let is_packed = || {
            let same = files.iter().filter(|other| other.stem == file.stem);
            same.into_iter()
                .any(|other| matches!(other.kind, Kind::Packed | Kind::Tried | Kind::Uploaded | Kind::Refused))
        };
        if file.kind == Kind::Part || file.kind == Kind::Closed && is_packed() {
            folder.remove(&file.name)?;
        }
    }
    folder.sync()?;
    Ok(files.iter().map(|file| file.closed_ms).collect())
}

#[cfg(test)]
mod tests;
