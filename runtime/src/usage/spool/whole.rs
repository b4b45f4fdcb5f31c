//! The spool as a whole: its one writer's view.

use super::current::{Appended, Current};
use super::folder::{Folder, now_ms};
use super::lock::{FolderLock, Holder};
use super::names::{self, CURRENT, Kind, PLAIN};
use super::pack::Packer;
use super::room::first_to_go;
use crate::usage::status::Counters;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

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

/// What the writer, the packer and the uploads have in common.
#[derive(Debug)]
pub(in crate::usage) struct Shared {
    pub(in crate::usage) folder: Folder,
    pub(in crate::usage) counters: Arc<Counters>,
    /// Stems of files that somebody is at.
    busy: Mutex<HashSet<String>>,
    /// The last trouble has been told.
    is_told: AtomicBool,
}

/// A file that nobody else may drop, until this is dropped.
#[derive(Debug)]
pub(in crate::usage) struct Busy<'s> {
    shared: &'s Shared,
    stem: String,
}

/// Records on disk until they are uploaded.
#[derive(Debug)]
pub(in crate::usage) struct Spool {
    shared: Arc<Shared>,
    lock: FolderLock,
    limits: SpoolLimits,
    current: Current,
    /// Time in the name of the file that was closed last.
    last_ms: u64,
    packer: Packer,
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
        let mut lock = lock.ok_or_else(|| SpoolError::Taken(path.clone()))?;
        let mut last_ms = lock.noted().map_err(unusable)?;
        for file in tidied(&folder).map_err(unusable)? {
            last_ms = last_ms.max(file);
        }
        let shared = Arc::new(Shared {
            folder,
            counters: Arc::clone(counters),
            busy: Mutex::default(),
            is_told: AtomicBool::new(false),
        });
        shared.look();
        let mut spool = Self {
            packer: Packer::start(Arc::clone(&shared)).map_err(unusable)?,
            shared,
            lock,
            limits,
            current: Current::default(),
            last_ms,
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
        match self.current.append(lines) {
            Ok(()) => {
                self.shared.is_told.store(false, Relaxed);
                Appended::Written
            }
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
            self.sync();
        }
        if self.current.length() >= self.limits.file || is_due(self.current.began(), self.limits.age) {
            self.rotate();
        }
    }

    /// Makes what was appended last.
    pub(in crate::usage) fn sync(&mut self) {
        if let Err(error) = self.current.sync() {
            self.shared.trouble("usage records may not survive a power cut", &error);
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
            return;
        }
        self.current.close();
        self.shared.counters.current.set(0);
        self.shared.look();
        self.packer.wake();
    }

    /// Ends: what was appended lasts, and the next gateway goes on with it.
    pub(in crate::usage) fn finish(mut self, patience: Duration) {
        self.sync();
        self.packer.finish(patience);
    }

    /// Renames a file so that it is closed.
    fn close(&mut self, name: &str) -> io::Result<()> {
        self.current.sync()?;
        let ms = now_ms().max(self.last_ms + 1);
        self.lock.note(ms)?;
        let stem = names::stem(ms, self.limits.uuid_names.then(Uuid::new_v4));
        let folder = &self.shared.folder;
        std::fs::rename(folder.file(name), folder.file(&stem))?;
        self.last_ms = ms;
        folder.sync()
    }

    /// micro-gw may have left a file that it had closed. Whether it had compressed it too cannot be told, and the compressed
    /// file would have another name: it is taken for not compressed, as micro-gw itself does.
    fn close_legacy(&mut self) -> io::Result<()> {
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
            let busy = self.shared.busy();
            let Some(file) = first_to_go(&files, |stem| busy.contains(stem)).cloned() else {
                return false;
            };
            let lost = match file.kind {
                Kind::Uploaded => 0,
                _ => self.shared.folder.records(&file),
            };
            if let Err(error) = self.shared.folder.remove(&file.name) {
                self.shared.trouble("no room can be made for usage records", &error);
                return false;
            }
            drop(busy);
            if lost > 0 {
                tracing::warn!(
                    file = file.name,
                    records = lost,
                    "the oldest usage records are dropped: the spool is full"
                );
            }
            counters.dropped.spool.add(lost);
            files = self.shared.look();
        }
        true
    }
}

impl Shared {
    /// Claims a file; `None`: somebody else is at it.
    pub(in crate::usage) fn claim(&self, stem: &str) -> Option<Busy<'_>> {
        let is_new = self.busy().insert(stem.to_owned());
        is_new.then(|| Busy {
            shared: self,
            stem: stem.to_owned(),
        })
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the closed files, for the counters.
    pub(in crate::usage) fn look(&self) -> Vec<super::SpoolFile> {
        let files = self.folder.files().unwrap_or_else(|error| {
            self.trouble("the folder with usage records cannot be read", &error);
            Vec::new()
        });
        self.counters.saw(&files);
        files
    }

    /// Tells of a trouble once, until records can be written again.
    pub(super) fn trouble(&self, what: &str, error: &io::Error) {
        if !self.is_told.swap(true, Relaxed) {
            tracing::error!(folder = %self.folder.path().display(), %error, "{what}");
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.shared.busy().remove(&self.stem);
    }
}

/// Removes what a killed gateway left half done, and returns the times in the names of the rest.
fn tidied(folder: &Folder) -> io::Result<Vec<u64>> {
    let files = folder.files()?;
    for file in &files {
        let is_packed = || {
            let same = files.iter().filter(|other| other.stem == file.stem);
            same.into_iter()
                .any(|other| matches!(other.kind, Kind::Packed | Kind::Uploaded | Kind::Refused))
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
