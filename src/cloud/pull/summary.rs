//! What a pull changes, compared with the lock of the one before.

use crate::lock::{LockFile, LockedApi};
use serde::Serialize;

/// What happened to an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// It was not there before.
    Added,
    /// Its definition or settings changed.
    Changed,
    /// Nothing changed.
    Unchanged,
}

/// What happened to an API now.
pub(crate) fn change(old: Option<&LockFile>, api: &LockedApi) -> Change {
    let before = old.and_then(|old| old.apis.iter().find(|old| same(old, api)));
    match before {
        None => Change::Added,
        Some(before) if before.sha256 == api.sha256 => Change::Unchanged,
        Some(_) => Change::Changed,
    }
}

/// The APIs that are gone, as `NAME VERSION`.
pub(crate) fn removed(old: Option<&LockFile>, new: &LockFile) -> Vec<String> {
    let is_gone = |before: &&LockedApi| !new.apis.iter().any(|api| same(before, api));
    old.into_iter()
        .flat_map(|old| old.apis.iter())
        .filter(is_gone)
        .map(|api| format!("{} {}", api.name, api.version))
        .collect()
}

fn same(a: &LockedApi, b: &LockedApi) -> bool {
    a.name == b.name && a.version == b.version
}
