//! APIs that were pulled before and are gone.

use crate::cloud::pull::{Selection, removed};
use crate::lock::LockFile;

/// The APIs that disappear although they are asked for as before: unpublished, deleted, or without their label. Who asks
/// for less does so knowingly.
pub(crate) fn gone(old: Option<&LockFile>, new: &LockFile) -> Vec<String> {
    let selections = old.map(|old| {
        let of = |lock: &LockFile| Selection::new(&lock.source.wanted());
        (of(old), of(new))
    });
    match selections {
        Some((Ok(before), Ok(now))) if now.includes(&before) => removed(old, new),
        _ => Vec::new(),
    }
}
