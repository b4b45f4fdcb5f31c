//! Replacing `gen/` and `mgw.lock` together.
//!
//! Everything is written and synced into a staging folder inside the project first. A marker file then says that the
//! stage is complete: before it the old state holds, after it the new one, however often the program is killed. The
//! renames that follow are repeated by [`recover`](super::recover) where they did not happen.

use super::LockError;
use super::durable::{step, sync_folder, sync_tree, write, write_synced};
use super::interrupted::{finish, finish_complete};
use super::stage::{Stage, exclusive};
use crate::project::Layout;
use std::fs::File;
use std::time::Duration;

/// A replacement that is being prepared. Dropped without [`commit`](Self::commit), it leaves no trace.
#[derive(Debug)]
pub(crate) struct Transaction {
    layout: Layout,
    stage: Stage,
    /// Keeps other processes out.
    _exclusive: Option<File>,
    is_complete: bool,
}

impl Transaction {
    /// Starts a replacement. Fails early where the folder cannot be written to.
    pub(crate) fn begin(layout: &Layout) -> Result<Self, LockError> {
        let exclusive = exclusive_soon(layout)?;
        finish(layout)?;
        let stage = Stage::of(layout);
        let transaction = Self {
            layout: layout.clone(),
            stage,
            _exclusive: exclusive,
            is_complete: false,
        };
        let folder = transaction.stage.new_generated();
        std::fs::create_dir_all(&folder).map_err(|source| LockError::file("create", folder, source))?;
        Ok(transaction)
    }

    /// Stages a file of the new `gen/`; `path` is below the project and starts with `gen/`.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LockError> {
        write(&self.stage.folder().join(path), bytes)
    }

    /// Stages the new lock.
    pub(crate) fn write_lock(&self, text: &str) -> Result<(), LockError> {
        write(&self.stage.new_lock(), text.as_bytes())
    }

    /// Puts everything in place.
    pub(crate) fn commit(mut self) -> Result<(), LockError> {
        sync_tree(self.stage.folder())?;
        self.mark_complete()?;
        finish_complete(&self.layout)?;
        // What stays behind is removed by the next run.
        let _ = self.stage.remove();
        Ok(())
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
        self.mark_complete().unwrap();
        STEPS_LEFT.set(Some(steps));
        let result = finish(&self.layout);
        STEPS_LEFT.set(None);
        result.is_err()
    }

    /// Moves the old `gen/` out, and no more until it is told to.
    pub(super) fn stopped_half_way(mut self) -> HalfWay {
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
