//! Returning to a generation.

use super::{Generation, LockError, Transaction};
use crate::project::Layout;
use mgw_bundle::Digest;
use std::path::Path;

/// Puts the files of a generation in the place of those that are there, which become a generation themselves.
pub(crate) fn roll_back(layout: &Layout, generation: &Generation) -> Result<(), LockError> {
    let transaction = Transaction::begin(layout)?;
    for (path, digest) in generation.lock.all_files() {
        let file = generation.path.join(path);
        if !path.starts_with("gen/") || path.split('/').any(|part| part == "..") {
            return Err(LockError::Damaged { path: file });
        }
        // It may have been edited before the pull that made it a former state; that pull has put the whole one in place.
        let bytes = match whole(&file, digest)? {
            None => whole(&layout.root().join(path), digest)?,
            found => found,
        };
        let bytes = bytes.ok_or(LockError::Damaged { path: file })?;
        transaction.write(path, &bytes)?;
    }
    let lock = generation.path.join(super::generations::LOCK);
    let text = std::fs::read_to_string(&lock).map_err(|source| LockError::file("read", &lock, source))?;
    transaction.write_lock(&text)?;
    transaction.commit()
}

/// The contents of a file, where they have this digest.
fn whole(file: &Path, digest: Digest) -> Result<Option<Vec<u8>>, LockError> {
    match std::fs::read(file) {
        Ok(bytes) => Ok((Digest::of(&bytes) == digest).then_some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LockError::file("read", file, source)),
    }
}
