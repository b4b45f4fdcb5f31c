//! Who may do what with the folder. The operating system gives locks back when a process ends, however it ends.

use super::folder::{Folder, private};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};

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
pub struct FolderLock(File);

impl Holder {
    const fn file(self) -> &'static str {
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

    /// The time that was noted last; 0 when there is none.
    pub(super) fn noted(&mut self) -> io::Result<u64> {
        let mut text = String::new();
        self.0.seek(SeekFrom::Start(0))?;
        (&mut self.0).take(13).read_to_string(&mut text)?;
        Ok(text.parse().unwrap_or(0))
    }

    /// Notes a time in the lock's file: names of files that were uploaded and deleted must not come again, whatever happens
    /// to the clock.
    pub(super) fn note(&mut self, ms: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(format!("{ms:013}").as_bytes())?;
        self.0.sync_data()
    }
}
