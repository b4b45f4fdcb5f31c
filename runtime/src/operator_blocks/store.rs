//! The list in force, and its file in the gateway's data folder.

use super::{AddError, BlockList, NewBlock, OperatorBlock};
use crate::own_file;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The file's name.
const FILE: &str = "blocks.json";
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
    /// The file cannot be written.
    #[error("the blocks cannot be kept in the gateway's data folder")]
    Write(#[source] io::Error),
}

/// The blocks that operators have set. The default has none, and no file.
#[derive(Debug, Default)]
pub(crate) struct OperatorBlocks {
    path: PathBuf,
    list: Mutex<BlockList>,
}

impl OperatorBlocks {
    /// Takes up what an earlier gateway left in `data_dir`.
    pub(crate) fn open(data_dir: &Path) -> Result<Self, BlockFileError> {
        let path = data_dir.join(FILE);
        let failed = |reason: String| BlockFileError {
            path: path.clone(),
            reason,
        };
        let list = match std::fs::metadata(&path) {
            Ok(about) if about.len() > MAX_FILE => return Err(failed(format!("it is larger than {MAX_FILE} bytes"))),
            Ok(_) => {
                let bytes = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
                BlockList::parse(&bytes).map_err(failed)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => BlockList::default(),
            Err(error) => return Err(failed(error.to_string())),
        };
        Ok(Self {
            path,
            list: Mutex::new(list),
        })
    }

    /// Sets a block, once it is safe in the file. Blocks the thread.
    pub(crate) fn add(&self, new: NewBlock, now_ms: u64) -> Result<OperatorBlock, ChangeError> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let (changed, added) = list.with(new, now_ms)?;
        self.keep(&changed)?;
        *list = changed;
        Ok(added)
    }

    /// Removes a block, once the file is without it. Blocks the thread.
    pub(crate) fn remove(&self, id: u64, now_ms: u64) -> Result<OperatorBlock, ChangeError> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let (changed, removed) = list.without(id, now_ms).ok_or(ChangeError::Missing)?;
        self.keep(&changed)?;
        *list = changed;
        Ok(removed)
    }

    /// The blocks that are in force.
    pub(crate) fn in_force(&self, now_ms: u64) -> Vec<OperatorBlock> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.in_force(now_ms).cloned().collect()
    }

    /// How many blocks are in force.
    pub(crate) fn count(&self, now_ms: u64) -> usize {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.in_force(now_ms).count()
    }

    fn keep(&self, list: &BlockList) -> Result<(), ChangeError> {
        own_file::write(&self.path, &list.to_bytes()).map_err(ChangeError::Write)
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
        assert_eq!(again.remove(added.id, NOW).unwrap(), added);
        assert!(matches!(again.remove(added.id, NOW), Err(ChangeError::Missing)));
        assert_eq!(OperatorBlocks::open(&data_dir).unwrap().in_force(NOW).len(), 1);
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
