//! APIs that were pulled before and are gone.

use crate::cloud::pull::{Known, Selection, removed};
use crate::compile::PulledDefinition;
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

/// The definitions that no lock vouches for and that are not pulled this time: nobody knows what was asked for when they
/// came, so all of them count as asked for.
pub(super) fn unlocked_gone<'a>(unlocked: &'a [PulledDefinition], new: &LockFile) -> Vec<&'a PulledDefinition> {
    let known = Known::of(Some(new));
    let is_there = |file: &PulledDefinition| match &file.api {
        Some((name, version)) => known.has(name, version),
        None => new.apis.iter().any(|api| api.path == file.path),
    };
    unlocked.iter().filter(|file| !is_there(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{LockedApi, LockedSource};
    use mgw_bundle::Digest;

    #[test]
    fn what_no_lock_vouches_for_is_gone_unless_it_is_pulled() {
        let file = |path: &str, api: Option<(&str, &str)>| PulledDefinition {
            path: path.to_owned(),
            api: api.map(|(name, version)| (name.to_owned(), version.to_owned())),
            sha256: Digest::of(b""),
        };
        let unlocked = [
            file("gen/api_definitions/a_1.json", Some(("A", "1"))),
            file("gen/api_definitions/a_2.json", Some(("A", "2"))),
            file("gen/api_definitions/B.json", None),
            file("gen/api_definitions/c.json", None),
        ];
        let apis = vec![LockedApi::sample("A", "1", b"a"), LockedApi::sample("B", "1", b"b")];
        let new = LockFile::new(LockedSource::sample(), apis, Vec::new());
        let gone: Vec<_> = unlocked_gone(&unlocked, &new)
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(gone, ["gen/api_definitions/a_2.json", "gen/api_definitions/c.json"]);
    }
}
