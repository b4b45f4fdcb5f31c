//! Replacing `gen/` and `mgw.lock` together.
//!
//! Everything is written and synced into a staging folder inside the project first, files that are there already with the same
//! content at the very end: where nothing is new everything stays in its place. A marker file then says that the stage is
//! complete: before it the old state holds, after it the new one, however often the program is killed. The renames that
//! follow are repeated by [`recover`](super::recover) where they did not happen.
//!
//! No file of `gen/` is one of a former state as well: an editor that writes in place would damage both.

use super::LockError;
use super::durable::{step, sync_files, sync_folder, sync_folders, write, write_synced};
use super::interrupted::{finish, finish_complete};
use super::stage::{Stage, exclusive};
use super::unchanged::{Same, list_files};
use crate::project::Layout;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A replacement that is being prepared. Dropped without [`commit`](Self::commit), it leaves no trace.
#[derive(Debug)]
pub(crate) struct Transaction {
    layout: Layout,
    stage: Stage,
    /// The project whose files are taken where they are the same.
    former: Layout,
    staged: Mutex<Staged>,
    /// Keeps other processes out.
    _exclusive: Option<File>,
    is_complete: bool,
}

/// What is staged.
#[derive(Debug, Default)]
struct Staged {
    /// Files that were written, and are not on the disk yet.
    written: BTreeSet<PathBuf>,
    /// Files that the former `gen/` has already, by their paths below the project.
    kept: BTreeMap<String, Same>,
    /// The new lock where it is the former one, byte for byte: most often nothing is new then.
    same_lock: Option<String>,
}

impl Transaction {
    /// Starts a replacement. Fails early where the folder cannot be written to.
    pub(crate) fn begin(layout: &Layout) -> Result<Self, LockError> {
        Self::begin_after(layout, layout)
    }

    /// The same, and files of the project at `former` are taken where they are the same. Where that is another folder, nobody edits
    /// its files: they are in both.
    pub(crate) fn begin_after(former: &Layout, layout: &Layout) -> Result<Self, LockError> {
        let exclusive = exclusive_soon(layout)?;
        finish(layout)?;
        let stage = Stage::of(layout);
        let transaction = Self {
            layout: layout.clone(),
            stage,
            former: former.clone(),
            staged: Mutex::default(),
            _exclusive: exclusive,
            is_complete: false,
        };
        let folder = transaction.stage.new_generated();
        std::fs::create_dir_all(&folder).map_err(|source| LockError::file("create", folder, source))?;
        Ok(transaction)
    }

    /// Stages a file of the new `gen/`; `path` is below the project and starts with `gen/`.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LockError> {
        let file = self.stage.folder().join(path);
        let same = Same::of(&self.former.root().join(path), bytes);
        let mut staged = self.staged();
        if let Some(same) = same {
            staged.written.remove(&file);
            staged.kept.insert(path.to_owned(), same);
            return Ok(());
        }
        staged.kept.remove(path);
        write(&file, bytes)?;
        staged.written.insert(file);
        Ok(())
    }

    /// Stages the new lock.
    pub(crate) fn write_lock(&self, text: &str) -> Result<(), LockError> {
        let is_same = std::fs::read(self.layout.lock()).is_ok_and(|former| former == text.as_bytes());
        self.staged().same_lock = is_same.then(|| text.to_owned());
        if is_same {
            return Ok(());
        }
        write(&self.stage.new_lock(), text.as_bytes())?;
        self.staged().written.insert(self.stage.new_lock());
        Ok(())
    }

    /// Stages that there is no lock any more.
    pub(super) fn remove_lock(&self) -> Result<(), LockError> {
        self.staged().same_lock = None;
        write(&self.stage.no_lock(), b"")?;
        self.staged().written.insert(self.stage.no_lock());
        Ok(())
    }

    fn staged(&self) -> MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts everything in place. Where that is what is in place already, nothing is touched.
    pub(crate) fn commit(mut self) -> Result<(), LockError> {
        if self.is_in_place()? {
            return Ok(());
        }
        let written = self.complete()?;
        sync_files(written.into_iter().collect())?;
        sync_folders(self.stage.folder())?;
        self.mark_complete()?;
        finish_complete(&self.layout)?;
        // What stays behind is removed by the next run.
        let _ = self.stage.remove();
        Ok(())
    }

    /// Whether everything that is staged is in its place, and nothing else is there.
    fn is_in_place(&self) -> Result<bool, LockError> {
        let staged = self.staged();
        if !staged.written.is_empty() || staged.same_lock.is_none() || self.is_elsewhere() {
            return Ok(false);
        }
        let mut found = Vec::new();
        list_files(&self.layout.generated(), "gen", &mut found)?;
        if found.len() != staged.kept.len() || !found.iter().all(|path| staged.kept.contains_key(path)) {
            return Ok(false);
        }
        // Much may have been asked since they were compared.
        for (path, same) in &staged.kept {
            same.check(&self.former.root().join(path))?;
        }
        Ok(true)
    }

    /// Whether the former files belong to another folder: one that the program has for itself, and then drops.
    fn is_elsewhere(&self) -> bool {
        self.former.root() != self.layout.root()
    }

    /// Stages what was put off, and returns what was written.
    fn complete(&self) -> Result<BTreeSet<PathBuf>, LockError> {
        let mut staged = self.staged();
        for (path, same) in std::mem::take(&mut staged.kept) {
            let (former, file) = (self.former.root().join(&path), self.stage.folder().join(&path));
            if !(self.is_elsewhere() && same.link(&former, &file)?) {
                same.copy(&former, &file)?;
                staged.written.insert(file);
            }
        }
        if let Some(text) = staged.same_lock.take() {
            write(&self.stage.new_lock(), text.as_bytes())?;
            staged.written.insert(self.stage.new_lock());
        }
        Ok(std::mem::take(&mut staged.written))
    }

    /// From here on there is no way back: unless the marker can be taken away, the replacement takes place.
    fn mark_complete(&mut self) -> Result<(), LockError> {
        let marker = self.stage.marker();
        let marked = write_synced(&marker, b"")
            .and_then(|()| step().map_err(|source| LockError::file("sync", &marker, source)))
            .and_then(|()| sync_folder(self.stage.folder()));
        let Err(error) = marked else {
            self.is_complete = true;
            return Ok(());
        };
        let taken_away = std::fs::remove_file(&marker);
        if taken_away.is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound) {
            self.is_complete = true;
            return Err(error.after_the_marker());
        }
        Err(error)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_complete {
            // What stays behind is removed by the next run.
            let _ = self.stage.remove();
        }
    }
}

/// The lock, for which whoever clears up after an interrupted replacement is waited for a moment.
fn exclusive_soon(layout: &Layout) -> Result<Option<File>, LockError> {
    const ATTEMPTS: u32 = 10;
    for _ in 1..ATTEMPTS {
        match exclusive(layout) {
            Err(LockError::Busy { .. }) => std::thread::sleep(Duration::from_millis(20)),
            result => return result,
        }
    }
    exclusive(layout)
}

#[cfg(test)]
impl Transaction {
    /// What is left of a program that was killed before it staged everything.
    pub(super) fn killed_early(self) {
        let mut this = self;
        this.is_complete = true;
    }

    /// What is left of a program that was killed after the marker and the given number of steps; whether it was killed
    /// at all.
    pub(super) fn killed_after_marker(mut self, steps: u32) -> bool {
        use super::durable::STEPS_LEFT;
        self.complete().unwrap();
        self.mark_complete().unwrap();
        STEPS_LEFT.set(Some(steps));
        let result = finish(&self.layout);
        STEPS_LEFT.set(None);
        result.is_err()
    }

    /// Moves the old `gen/` out, and no more until it is told to.
    pub(super) fn stopped_half_way(mut self) -> HalfWay {
        self.complete().unwrap();
        self.mark_complete().unwrap();
        std::fs::rename(self.layout.generated(), self.stage.old_generated()).unwrap();
        HalfWay(self)
    }

    /// The disk fails as the stage is marked complete.
    pub(super) fn fails_to_mark(mut self) -> LockError {
        use super::durable::STEPS_LEFT;
        STEPS_LEFT.set(Some(0));
        let result = self.mark_complete();
        STEPS_LEFT.set(None);
        result.unwrap_err()
    }

    /// Something that cannot be removed is where the marker goes.
    pub(super) fn finds_no_place_to_mark(mut self) -> LockError {
        std::fs::create_dir(self.stage.marker()).unwrap();
        self.mark_complete().unwrap_err()
    }
}

/// A replacement that has begun to put files in place, and keeps others out.
#[cfg(test)]
pub(super) struct HalfWay(Transaction);

#[cfg(test)]
impl HalfWay {
    pub(super) fn go_on(self) -> Result<(), LockError> {
        finish(&self.0.layout)
    }
}
