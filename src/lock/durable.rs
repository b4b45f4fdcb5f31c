//! File operations that are on the disk when they return, or say so.

use super::LockError;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Threads that sync files. A file system joins syncs that arrive together into one journal entry, so that thousands
/// of files take a fraction of the time that they would one after another.
const SYNCING: usize = 16;

/// Writes a file, with the folders that lead to it. It is on the disk after [`sync_files`] and [`sync_folders`].
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), LockError> {
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Something else may be there, whose file is left alone.
        remove(path)?;
        File::create_new(path)?.write_all(bytes)
    };
    write().map_err(|source| LockError::file("write", path, source))
}

/// Writes a file that is on the disk afterwards; its name is with the folder's sync.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), LockError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| LockError::file("write", path, source))
}

/// Gives what `from` is called a new name.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), LockError> {
    step()
        .and_then(|()| std::fs::rename(from, to))
        .map_err(|source| LockError::file("replace", to, source))
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the entries of a folder durable, and of those in it, the inner before the outer.
pub(super) fn sync_folders(folder: &Path) -> Result<(), LockError> {
    let failed = |source| LockError::file("read", folder, source);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Makes files durable. Their names are with the folder's sync.
pub(super) fn sync_files(files: Vec<PathBuf>) -> Result<(), LockError> {
    let threads = files.len().min(SYNCING);
    let left = Mutex::new(files.into_iter());
    let next = || left.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    let sync_some = || {
        while let Some(path) = next() {
            // Some systems sync only what is open for writing.
            let synced = File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.sync_all());
            synced.map_err(|source| LockError::file("sync", &path, source))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(sync_some)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Makes the entries of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), LockError> {
    crate::folder::sync_folder(folder).map_err(|source| LockError::file("sync", folder, source))
}

#[cfg(test)]
std::thread_local! {
    /// Steps that this thread may still take.
    pub(super) static STEPS_LEFT: std::cell::Cell<Option<u32>> = const { std::cell::Cell::new(None) };
}

/// Fails where a test wants the program to have been killed.
#[cfg(test)]
pub(super) fn step() -> std::io::Result<()> {
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
pub(super) fn step() -> std::io::Result<()> {
    Ok(())
}
