//! Who may do what with the folder. The operating system gives locks back when a process ends, however it ends.

use super::folder::{Folder, private};
use std::fs::{File, TryLockError};
use std::io;

/// What a lock is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Writing and compressing: one gateway.
    Gateway,
    /// Taking compressed files away: one round of uploads, or one export.
    Taker,
}

/// A lock that is held.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "held, not read")] File);

impl Holder {
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Gateway => "api-usage-data.lock",
            Self::Taker => "api-usage-data.upload.lock",
        }
    }
}

impl FolderLock {
    /// Takes a lock; `None`: somebody else holds it. Does not wait.
    ///
    /// # Errors
    ///
    /// The file of the lock cannot be opened or locked.
    pub fn take(folder: &Folder, holder: Holder) -> io::Result<Option<Self>> {
        let path = folder.file(holder.file());
        let file = private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
