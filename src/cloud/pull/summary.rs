//! What a pull changes, compared with what was there before.

use crate::compile::PulledDefinition;
use crate::lock::{LockFile, LockedApi};
use mgw_bundle::Digest;
use serde::Serialize;
use std::collections::HashMap;

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

/// The digests of APIs, by name and version: there may be ten thousand, and each is looked for.
#[derive(Debug)]
pub(crate) struct Known<'a>(HashMap<(&'a str, &'a str), Digest>);

impl<'a> Known<'a> {
    /// Those of a lock; none where there is no lock.
    pub(crate) fn of(lock: Option<&'a LockFile>) -> Self {
        let apis = lock.into_iter().flat_map(|lock| &lock.apis);
        Self(apis.map(|api| (key(api), api.sha256)).collect())
    }

    /// The same, and those that no lock vouches for.
    pub(crate) fn with(mut self, unlocked: &'a [PulledDefinition]) -> Self {
        let apis = unlocked.iter().filter_map(|file| {
            let (name, version) = file.api.as_ref()?;
            Some(((name.as_str(), version.as_str()), file.sha256))
        });
        self.0.extend(apis);
        self
    }

    /// Whether an API is among them.
    pub(crate) fn has(&self, name: &str, version: &str) -> bool {
        self.0.contains_key(&(name, version))
    }

    /// What happened to an API since.
    pub(crate) fn change(&self, api: &LockedApi) -> Change {
        match self.0.get(&key(api)) {
            None => Change::Added,
            Some(before) if *before == api.sha256 => Change::Unchanged,
            Some(_) => Change::Changed,
        }
    }
}

/// The APIs that are gone, as `NAME VERSION`.
pub(crate) fn removed(old: Option<&LockFile>, new: &LockFile) -> Vec<String> {
    let known = Known::of(Some(new));
    let before = old.into_iter().flat_map(|old| &old.apis);
    before
        .filter(|before| !known.has(&before.name, &before.version))
        .map(|api| format!("{} {}", api.name, api.version))
        .collect()
}

fn key(api: &LockedApi) -> (&str, &str) {
    (&api.name, &api.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockedSource;

    fn lock(apis: Vec<LockedApi>) -> LockFile {
        LockFile::new(LockedSource::sample(), apis, Vec::new())
    }

    #[test]
    fn apis_are_told_apart_by_name_and_version() {
        let old = lock(vec![
            LockedApi::sample("A", "1", b"a"),
            LockedApi::sample("A", "2", b"b"),
            LockedApi::sample("B", "1", b"c"),
        ]);
        let new = lock(vec![
            LockedApi::sample("A", "1", b"a"),
            LockedApi::sample("A", "2", b"B"),
            LockedApi::sample("C", "1", b"c"),
        ]);
        let known = Known::of(Some(&old));
        let changes: Vec<Change> = new.apis.iter().map(|api| known.change(api)).collect();
        assert_eq!(changes, [Change::Unchanged, Change::Changed, Change::Added]);
        assert_eq!(removed(Some(&old), &new), ["B 1"]);
        let nothing = Known::of(None);
        assert!(new.apis.iter().all(|api| nothing.change(api) == Change::Added));
        assert_eq!(removed(None, &new), Vec::<String>::new());
    }
}
