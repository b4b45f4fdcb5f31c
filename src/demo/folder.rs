//! The folder that the demo works in.

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::working_folder::WorkingFolder;
use std::path::{Path, PathBuf};

/// A temporary folder that goes away with the demo, or one that the user wants to keep.
#[derive(Debug)]
pub(super) enum Folder {
    Temporary(WorkingFolder),
    Kept(PathBuf),
}

impl Folder {
    /// Creates the folder. One that is to be kept must not be there yet, so that nothing is overwritten.
    pub(super) fn create(keep: Option<&Path>) -> Result<Self, Failure> {
        match keep {
            Some(path) => std::fs::create_dir(path)
                .and_then(|()| path.canonicalize())
                .map(Self::Kept)
                .map_err(|error| Failure::file("create", path, error)),
            None => WorkingFolder::new().map(Self::Temporary).map_err(|error| {
                Failure::new(ExitCode::Environment, "cannot create a temporary folder")
                    .because(error)
                    .hint("Name a folder with --keep.")
            }),
        }
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}
