//! Returning to a generation.

use super::{Generation, LockError, Transaction};
use crate::project::Layout;
use mgw_bundle::Digest;

/// Puts the files of a generation in the place of those that are there, which become a generation themselves.
pub(crate) fn roll_back(layout: &Layout, generation: &Generation) -> Result<(), LockError> {
    let transaction = Transaction::begin(layout)?;
    for (path, digest) in generation.lock.all_files() {
        let file = generation.path.join(path);
        if !path.starts_with("gen/") || path.split('/').any(|part| part == "..") {
            return Err(LockError::Damaged { path: file });
        }
        let bytes = std::fs::read(&file).map_err(|source| LockError::file("read", &file, source))?;
        if Digest::of(&bytes) != digest {
            return Err(LockError::Damaged { path: file });
        }
        transaction.write(path, &bytes)?;
    }
    let lock = generation.path.join(super::generations::LOCK);
    let text = std::fs::read_to_string(&lock).map_err(|source| LockError::file("read", &lock, source))?;
    transaction.write_lock(&text)?;
    transaction.commit()
}
