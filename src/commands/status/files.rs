//! The project's files against `mgw.lock`.

use super::{Section, State};
use crate::cloud::pull::Selection;
use crate::failure::Failure;
use crate::lock::{LockError, LockFile, verify};
use crate::project::Layout;

/// Compares files and settings with the lock.
pub(super) fn look(layout: &Layout) -> Result<Section, Failure> {
    match verify(layout, &Selection::default()) {
        Ok(()) if LockFile::load(&layout.lock())?.is_none() => {
            Ok(Section::without(State::Nothing, "nothing was pulled"))
        }
        Ok(()) => Ok(Section::same("as in mgw.lock")),
        Err(LockError::Missing { .. }) => Ok(Section::differs(vec![
            "there is no mgw.lock for what is in gen/ or is to be pulled: mgw pull brings it".to_owned(),
        ])),
        Err(LockError::OutOfDate { differences, .. }) => Ok(Section::differs(differences)),
        Err(error) => Err(error.into()),
    }
}
