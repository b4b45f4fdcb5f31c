//! Replacing `gen/` and `mgw.lock` together.
//!
//! Everything is written and synced into a staging folder inside the project first. A marker file then says that the
//! stage is complete: before it the old state holds, after it the new one, however often the program is killed. The
//! renames that follow are repeated by [`recover`] where they did not happen.

use super::{LockError, LockFile, generations};
use crate::project::Layout;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The staging folder inside the project.
const STAGE: &str = ".mgw-pull";
/// Inside the stage: the new `gen/`.
const NEW_GENERATED: &str = "gen";
/// Inside the stage: the new lock.
const NEW_LOCK: &str = "mgw.lock";
/// Inside the stage: the old `gen/`, on its way out.
const OLD_GENERATED: &str = "old";
/// Inside the stage: the old lock, on its way out.
const OLD_LOCK: &str = "old.lock";
/// Inside the stage: what was replaced, about to be kept.
const GENERATION: &str = "generation";
/// Inside the stage: says that it is complete.
const COMPLETE: &str = "complete";

/// A replacement that is being prepared. Dropped without [`commit`](Self::commit), it leaves no trace.
#[derive(Debug)]
pub(crate) struct Transaction {
    layout: Layout,
    stage: PathBuf,
    /// Keeps other processes out; the lock ends with the file.
    _exclusive: Option<File>,
    is_complete: bool,
}

impl Transaction {
    /// Starts a replacement. Fails early where the folder cannot be written to.
    pub(crate) fn begin(layout: &Layout) -> Result<Self, LockError> {
        let exclusive = exclusive(layout)?;
        finish_interrupted(layout)?;
        let stage = layout.root().join(STAGE);
        let folder = stage.join(NEW_GENERATED);
        let transaction = Self {
            layout: layout.clone(),
            stage: stage.clone(),
            _exclusive: exclusive,
            is_complete: false,
        };
        std::fs::create_dir(&stage)
            .and_then(|()| std::fs::create_dir(&folder))
            .map_err(|source| LockError::file("create", stage, source))?;
        Ok(transaction)
    }

    /// Stages a file of the new `gen/`; `path` is below the project and starts with `gen/`.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LockError> {
        write_synced(&self.stage.join(path), bytes)
    }

    /// Stages the new lock.
    pub(crate) fn write_lock(&self, text: &str) -> Result<(), LockError> {
        write_synced(&self.stage.join(NEW_LOCK), text.as_bytes())
    }

    /// Puts everything in place.
    pub(crate) fn commit(mut self) -> Result<(), LockError> {
        sync_tree(&self.stage)?;
        self.mark_complete()?;
        finish_interrupted(&self.layout)
    }

    /// From here on there is no way back.
    fn mark_complete(&mut self) -> Result<(), LockError> {
        self.is_complete = true;
        write_synced(&self.stage.join(COMPLETE), b"")?;
        sync_folder(&self.stage)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_complete {
            // What stays behind is removed by the next run.
            let _ = std::fs::remove_dir_all(&self.stage);
        }
    }
}

/// Ends a replacement that was interrupted: forward when its stage is complete, else backward.
pub(crate) fn recover(layout: &Layout) -> Result<(), LockError> {
    if !layout.root().join(STAGE).exists() {
        return Ok(());
    }
    match exclusive(layout) {
        Ok(_exclusive) => finish_interrupted(layout),
        // Somebody is at it.
        Err(LockError::Busy { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn finish_interrupted(layout: &Layout) -> Result<(), LockError> {
    let stage = layout.root().join(STAGE);
    if stage.join(COMPLETE).exists() {
        let (new, generated) = (stage.join(NEW_GENERATED), layout.generated());
        if new.exists() {
            if generated.exists() {
                rename(&generated, &stage.join(OLD_GENERATED))?;
            }
            rename(&new, &generated)?;
        }
        let lock = stage.join(NEW_LOCK);
        if lock.exists() {
            remember_old_lock(layout, &lock, &stage.join(OLD_LOCK))?;
            rename(&lock, &layout.lock())?;
        }
        sync_folder(layout.root())?;
        keep_generation(layout, &stage)?;
    }
    match std::fs::remove_dir_all(&stage) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(LockError::file("remove", stage, source)),
    }
}

/// Gives the old lock a second name, unless the new one is over the same files: nobody needs to return to those.
fn remember_old_lock(layout: &Layout, new: &Path, second: &Path) -> Result<(), LockError> {
    let old = layout.lock();
    let is_same = match (LockFile::load(&old), LockFile::load(new)) {
        (Ok(Some(old)), Ok(Some(new))) => old.all_files().eq(new.all_files()),
        (Ok(Some(_)), _) => false,
        // Nobody can return to what has no lock.
        _ => true,
    };
    if is_same || second.exists() {
        return Ok(());
    }
    step().map_err(|source| LockError::file("keep", second, source))?;
    let linked = std::fs::hard_link(&old, second).or_else(|_| std::fs::copy(&old, second).map(|_| ()));
    linked.map_err(|source| LockError::file("keep", second, source))
}

/// Makes a generation of what was replaced. Every step is skipped when it was done before the program was killed.
fn keep_generation(layout: &Layout, stage: &Path) -> Result<(), LockError> {
    let folder = stage.join(GENERATION);
    let old_lock = stage.join(OLD_LOCK);
    if old_lock.exists() {
        std::fs::create_dir_all(&folder).map_err(|source| LockError::file("create", &folder, source))?;
        let old = stage.join(OLD_GENERATED);
        if old.exists() {
            rename(&old, &folder.join(generations::GENERATED))?;
        }
        rename(&old_lock, &folder.join(generations::LOCK))?;
    }
    if folder.join(generations::LOCK).exists() {
        generations::take_in(layout, &folder)?;
    }
    generations::drop_oldest(layout, stage)
}

/// One pull at a time. The lock is on the project folder itself, so that nothing stays behind.
#[cfg(unix)]
fn exclusive(layout: &Layout) -> Result<Option<File>, LockError> {
    let root = layout.root();
    let folder = File::open(root).map_err(|source| LockError::file("open", root, source))?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(LockError::Busy { path: root.to_owned() }),
        Err(TryLockError::Error(source)) => Err(LockError::file("lock", root, source)),
    }
}

#[cfg(not(unix))]
fn exclusive(_layout: &Layout) -> Result<Option<File>, LockError> {
    Ok(None)
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), LockError> {
    step()
        .and_then(|()| std::fs::rename(from, to))
        .map_err(|source| LockError::file("replace", to, source))
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), LockError> {
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| LockError::file("write", path, source))
}

fn sync_tree(folder: &Path) -> Result<(), LockError> {
    let entries = std::fs::read_dir(folder).map_err(|source| LockError::file("read", folder, source))?;
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sync_tree(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Makes the entries of a folder durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), LockError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| LockError::file("sync", folder, source))
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), LockError> {
    Ok(())
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
        self.mark_complete().unwrap();
        STEPS_LEFT.set(Some(steps));
        let result = finish_interrupted(&self.layout);
        STEPS_LEFT.set(None);
        result.is_err()
    }
}

#[cfg(test)]
std::thread_local! {
    /// Steps that this thread may still take.
    static STEPS_LEFT: std::cell::Cell<Option<u32>> = const { std::cell::Cell::new(None) };
}

/// Fails where a test wants the program to have been killed.
#[cfg(test)]
fn step() -> std::io::Result<()> {
    match STEPS_LEFT.get() {
        Some(0) => Err(std::io::Error::other("killed")),
        left => {
            STEPS_LEFT.set(left.map(|left| left - 1));
            Ok(())
        }
    }
}

#[cfg(not(test))]
#[allow(clippy::unnecessary_wraps, reason = "fails in tests")]
fn step() -> std::io::Result<()> {
    Ok(())
}
