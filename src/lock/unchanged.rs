//! Files that a replacement need not write, because they are there already.

use super::LockError;
use super::durable::{remove, write};
use mgw_bundle::Digest;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file had in it when it was found to be the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Same {
    length: u64,
    digest: Digest,
}

impl Same {
    /// Of the file at `former`, where that is a file with this content.
    pub(super) fn of(former: &Path, bytes: &[u8]) -> Option<Self> {
        let digest = Digest::of(bytes);
        let length = bytes.len() as u64;
        let same = Self { length, digest };
        same.read(former).is_ok().then_some(same)
    }

    /// Reads a file that may have been edited since: who edits in place changes it under whatever name it has.
    fn read(self, file: &Path) -> Result<Vec<u8>, LockError> {
        let edited = || LockError::Edited { path: file.to_owned() };
        let is_file = std::fs::symlink_metadata(file).is_ok_and(|about| about.is_file() && about.len() == self.length);
        if !is_file {
            return Err(edited());
        }
        let mut bytes = Vec::new();
        File::open(file)
            .and_then(|file| file.take(self.length + 1).read_to_end(&mut bytes))
            .map_err(|source| LockError::file("read", file, source))?;
        (Digest::of(&bytes) == self.digest).then_some(bytes).ok_or_else(edited)
    }

    /// Fails where the file is another by now.
    pub(super) fn check(self, file: &Path) -> Result<(), LockError> {
        self.read(file).map(drop)
    }

    /// Stages a second file with the content of `former`: both can be edited, each for itself.
    pub(super) fn copy(self, former: &Path, staged: &Path) -> Result<(), LockError> {
        write(staged, &self.read(former)?)
    }

    /// Gives `former` the second name `staged`, which only folders may have that nobody edits; returns whether it has it.
    ///
    /// What is compared is the staged file, so that nobody can put another one in its place in between.
    pub(super) fn link(self, former: &Path, staged: &Path) -> Result<bool, LockError> {
        let failed = |source| LockError::file("write", staged, source);
        if let Some(folder) = staged.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        remove(staged).map_err(failed)?;
        // Some file systems know no second names, and others are elsewhere.
        if std::fs::hard_link(former, staged).is_err() {
            return Ok(false);
        }
        self.check(staged).map(|()| true)
    }
}

/// The files in a folder and those below it, sorted, each as `prefix` and its path; none where there is no such folder.
pub(super) fn list_files(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), LockError> {
    let failed = |source| LockError::file("read", folder, source);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed(source)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            list_files(&entry.path(), &path, found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}
