//! Returning to a generation.

use super::generations::{GENERATED, LOCK};
use super::unchanged::list_files;
use super::verify::LARGEST;
use super::{Generation, LockError, LockFile, Transaction};
use crate::project::Layout;
use crate::whole_file;
use mgw_bundle::Digest;
use std::path::Path;

/// Puts the files of a generation in the place of those that are there, which become a generation themselves.
pub(crate) fn roll_back(layout: &Layout, generation: &Generation) -> Result<(), LockError> {
    stage(layout, generation)?.commit()
}

/// Stages a generation.
pub(super) fn stage(layout: &Layout, generation: &Generation) -> Result<Transaction, LockError> {
    let transaction = Transaction::begin(layout)?;
    match &generation.lock {
        Some(lock) => stage_locked(layout, generation, lock, &transaction)?,
        None => stage_unlocked(generation, &transaction)?,
    }
    Ok(transaction)
}

fn stage_locked(
    layout: &Layout,
    generation: &Generation,
    lock: &LockFile,
    transaction: &Transaction,
) -> Result<(), LockError> {
    for (path, digest) in lock.all_files() {
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
    let lock = generation.path.join(LOCK);
    let text = std::fs::read_to_string(&lock).map_err(|source| LockError::file("read", &lock, source))?;
    transaction.write_lock(&text)
}

/// Without a lock nothing says what the files were: they are taken as they are.
fn stage_unlocked(generation: &Generation, transaction: &Transaction) -> Result<(), LockError> {
    let mut paths = Vec::new();
    list_files(&generation.path.join(GENERATED), GENERATED, &mut paths)?;
    for path in paths {
        let file = generation.path.join(&path);
        let bytes = whole_file::read_public(&file, LARGEST).map_err(|source| LockError::file("read", file, source))?;
        transaction.write(&path, &bytes)?;
    }
    transaction.remove_lock()
}

/// The contents of a file, where they have this digest.
fn whole(file: &Path, digest: Digest) -> Result<Option<Vec<u8>>, LockError> {
    match std::fs::read(file) {
        Ok(bytes) => Ok((Digest::of(&bytes) == digest).then_some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LockError::file("read", file, source)),
    }
}
