//! The list in force, and its file in the gateway's data folder.

use super::{AddError, BlockList, NewBlock, OperatorBlock};
use crate::own_file;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file's name.
const FILE: &str = "blocks.json";
/// The file whose lock the gateway holds that changes the blocks.
const LOCK: &str = "blocks.lock";
/// Largest file, in bytes; a full list of the longest names is smaller.
const MAX_FILE: u64 = 64 << 20;

/// Why the file with blocks cannot be used. The gateway does not start: it would let pass what an operator has blocked.
#[derive(Debug, thiserror::Error)]
#[error("the blocks in {} cannot be read: {reason}", path.display())]
pub struct BlockFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a change is not made. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// The block cannot be set.
    #[error(transparent)]
    Add(#[from] AddError),
    /// There is no such block.
    #[error("there is no such block")]
    Missing,
    /// They would overwrite each other's.
    #[error(
        "another gateway keeps its blocks in {}; each needs a folder of its own: start one of them with `--data-dir`",
        .0.display()
    )]
    Elsewhere(PathBuf),
    /// The file cannot be written.
    #[error("the blocks cannot be kept in the gateway's data folder")]
    Write(#[source] io::Error),
}

/// The blocks that operators have set. The default has none, and no file.
///
/// One gateway of a data folder may change them: the first one that finds blocks there, or sets one. All others serve those
/// that they found.
#[derive(Debug, Default)]
pub(crate) struct OperatorBlocks {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    list: BlockList,
    /// Held by the gateway that may change the file; it ends with the process, however that ends.
    lock: Option<File>,
}

/// What a gateway finds that has just come to hold the lock: another one may have written since it looked.
struct Claimed {
    lock: File,
    /// Absent where there is no file.
    list: Option<BlockList>,
}

impl OperatorBlocks {
    /// Takes up what an earlier gateway left in `data_dir`. Nothing is written.
    pub(crate) fn open(data_dir: &Path) -> Result<Self, BlockFileError> {
        let path = data_dir.join(FILE);
        let list = read(&path)?.unwrap_or_default();
        Ok(Self {
            path,
            kept: Mutex::new(Kept { list, lock: None }),
        })
    }

    /// Keeps other gateways from changing the blocks, where there are any. Whoever comes too late serves them all the same.
    pub(crate) fn hold(&self) {
        if !self.path.exists() {
            return;
        }
        let mut kept = self.lock();
        match self.claim() {
            // What was written since they were read is taken up with the first change.
            Ok(claimed) if claimed.list.as_ref() == Some(&kept.list) => kept.lock = Some(claimed.lock),
            Err(error @ ChangeError::Elsewhere(_)) => {
                tracing::warn!("the blocks that operators have set hold, and cannot be changed here: {error}");
            }
            _ => {}
        }
    }

    /// Leaves the file to other gateways.
    pub(crate) fn release(&self) {
        self.lock().lock = None;
    }

    /// Sets a block, once it is safe in the file. Blocks the thread.
    pub(crate) fn add(&self, new: NewBlock, now_ms: u64) -> Result<OperatorBlock, ChangeError> {
        self.change(|list| Ok(list.with(new, now_ms)?))
    }

    /// Removes a block, once the file is without it. Blocks the thread.
    pub(crate) fn remove(&self, id: u64, now_ms: u64) -> Result<OperatorBlock, ChangeError> {
        self.change(|list| list.without(id, now_ms).ok_or(ChangeError::Missing))
    }

    fn change(
        &self,
        change: impl FnOnce(&BlockList) -> Result<(BlockList, OperatorBlock), ChangeError>,
    ) -> Result<OperatorBlock, ChangeError> {
        let mut kept = self.lock();
        let claimed = match kept.lock {
            Some(_) => None,
            None => Some(self.claim()?),
        };
        let there = claimed.as_ref().and_then(|claimed| claimed.list.as_ref());
        let (changed, block) = change(there.unwrap_or(&kept.list))?;
        own_file::write(&self.path, &changed.to_bytes()).map_err(ChangeError::Write)?;
        kept.list = changed;
        if let Some(claimed) = claimed {
            kept.lock = Some(claimed.lock);
        }
        Ok(block)
    }

    fn claim(&self) -> Result<Claimed, ChangeError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(ChangeError::Write)?;
        let lock = own_file::open(&folder.join(LOCK)).map_err(ChangeError::Write)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ChangeError::Elsewhere(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(ChangeError::Write(error)),
        }
        let list = read(&self.path).map_err(|error| ChangeError::Write(io::Error::other(error)))?;
        Ok(Claimed { lock, list })
    }

    /// The blocks that are in force.
    pub(crate) fn in_force(&self, now_ms: u64) -> Vec<OperatorBlock> {
        self.lock().list.in_force(now_ms).cloned().collect()
    }

    /// How many blocks are in force.
    pub(crate) fn count(&self, now_ms: u64) -> usize {
        self.lock().list.in_force(now_ms).count()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the file; `None`: there is none.
fn read(path: &Path) -> Result<Option<BlockList>, BlockFileError> {
    let failed = |reason: String| BlockFileError {
        path: path.to_owned(),
        reason,
    };
    match std::fs::metadata(path) {
        Ok(about) if about.len() > MAX_FILE => Err(failed(format!("it is larger than {MAX_FILE} bytes"))),
        Ok(_) => {
            let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            BlockList::parse(&bytes).map(Some).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_bundle::config::Block;

    const NOW: u64 = 1_700_000_000_000;

    fn user(name: &str) -> NewBlock {
        NewBlock {
            block: Block::User { name: name.into() },
            expires_at_ms: None,
            reason: Some("abuse".into()),
        }
    }

    #[test]
    fn what_was_set_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let blocks = OperatorBlocks::open(&data_dir).unwrap();
        let added = blocks.add(user("ana"), NOW).unwrap();
        blocks.add(user("bob"), NOW).unwrap();
        let again = OperatorBlocks::open(&data_dir).unwrap();
        assert_eq!(again.in_force(NOW), blocks.in_force(NOW));
        drop(blocks);
        assert_eq!(again.remove(added.id, NOW).unwrap(), added);
        assert!(matches!(again.remove(added.id, NOW), Err(ChangeError::Missing)));
        assert_eq!(OperatorBlocks::open(&data_dir).unwrap().in_force(NOW).len(), 1);
    }

    #[test]
    fn one_gateway_of_a_folder_changes_the_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let open = || OperatorBlocks::open(folder.path()).unwrap();
        let names = |blocks: &OperatorBlocks| -> Vec<String> {
            let in_force = blocks.in_force(NOW).into_iter();
            in_force
                .map(|block| format!("{} {:?}", block.id, block.block))
                .collect()
        };
        let (first, second) = (open(), open());
        first.hold();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nobody blocks");
        first.add(user("ana"), NOW).unwrap();
        let refused = second.add(user("bob"), NOW).unwrap_err();
        assert!(matches!(refused, ChangeError::Elsewhere(_)), "{refused}");
        assert_eq!(second.in_force(NOW), []);
        // The second one takes up what the first one has set before it writes.
        drop(first);
        second.add(user("bob"), NOW).unwrap();
        assert_eq!(names(&second), names(&open()));
        assert_eq!(second.in_force(NOW).len(), 2);
        // Whoever has not got the lock serves what is there, and changes nothing.
        let third = open();
        third.hold();
        assert!(matches!(third.remove(1, NOW), Err(ChangeError::Elsewhere(_))));
        assert_eq!(third.count(NOW), 2);
        // With the lock it would go on with the list that it knows.
        second.remove(1, NOW).unwrap();
        second.release();
        third.hold();
        assert!(matches!(third.remove(1, NOW), Err(ChangeError::Missing)));
        assert_eq!(third.add(user("cyd"), NOW).unwrap().id, 3);
        assert_eq!(names(&third), names(&open()));
        assert_eq!(third.count(NOW), 2);
    }

    #[test]
    fn a_change_that_cannot_be_kept_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let blocks = OperatorBlocks::open(&data_dir).unwrap();
        // A file stands where the folder should be.
        std::fs::write(&data_dir, "").unwrap();
        assert!(matches!(blocks.add(user("ana"), NOW), Err(ChangeError::Write(_))));
        assert_eq!(blocks.in_force(NOW), []);
    }

    #[test]
    fn a_damaged_file_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        let error = OperatorBlocks::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("blocks.json cannot be read: EOF"), "{error}");
    }
}
