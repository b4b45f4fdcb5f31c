//! What the pull before knew.

use super::PullingError;
use crate::cloud::session::Session;
use crate::lock::{LockError, LockFile};
use crate::project::Layout;
use mgw_bundle::Digest;
use mgw_bundle::config::{Block, Policies};

/// Where it is, below the project.
const POLICIES: &str = "gen/control-plane/policies.json";

/// The lock of the pull before, where that was from the organisation of the session.
pub(super) fn of_same_organisation<'a>(old: Option<&'a LockFile>, session: &Session) -> Option<&'a LockFile> {
    old.filter(|old| old.source.url == session.address.to_string() && old.source.organisation == session.user.tenant())
}

/// The blocks that were pulled before from the same organisation, for a user who may not see what they are now.
///
/// # Errors
///
/// [`LockError::OutOfDate`] when the file is not the one that the lock vouches for: nobody is let in because it is lost.
pub(super) fn former_blocks(
    layout: &Layout,
    old: Option<&LockFile>,
    session: &Session,
) -> Result<Vec<Block>, PullingError> {
    let Some(old) = of_same_organisation(old, session) else {
        return Ok(Vec::new());
    };
    let Some(locked) = old.files.iter().find(|file| file.path == POLICIES) else {
        return Ok(Vec::new());
    };
    let bytes = std::fs::read(layout.pulled_policies()).unwrap_or_default();
    let policies: Option<Policies> = match Digest::of(&bytes) == locked.sha256 {
        true => serde_json::from_slice(&bytes).ok(),
        false => None,
    };
    let damaged = || LockError::OutOfDate {
        differences: vec![format!(
            "{POLICIES} is not what was pulled, and you may not see the block list that it had: restore it, or pull as \
             somebody who may"
        )],
        line_ends: 0,
    };
    Ok(policies.ok_or_else(damaged)?.blocks)
}
