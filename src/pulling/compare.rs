//! Whether two locks vouch for the same content. When something was changed, and `ETag`s, are no content.

use crate::lock::{LockFile, LockedApi};
use crate::ui::visible;
use std::collections::{BTreeMap, BTreeSet};

/// Every difference in content, as sentences without a full stop and fit for terminals; `old` is what is locked, `new` what there is now.
pub(crate) fn content_differences(old: &LockFile, new: &LockFile) -> Vec<String> {
    let mut differences = Vec::new();
    for (what, before, after) in [
        ("control plane", &old.source.url, &new.source.url),
        ("organisation", &old.source.organisation, &new.source.organisation),
    ] {
        if before != after {
            differences.push(format!("the {what} is {after}, not {before}"));
        }
    }
    let (before, after) = (apis(old), apis(new));
    for (key, api) in &after {
        let (name, version) = key;
        match before.get(key) {
            None => differences.push(format!("{name} {version} is new")),
            Some(locked) if locked.id != api.id => differences.push(format!("{name} {version} is another API now")),
            Some(locked) if locked.state != api.state => {
                differences.push(format!("{name} {version} is {} now, not {}", api.state, locked.state));
            }
            Some(locked) if locked.sha256 != api.sha256 => differences.push(format!("{name} {version} has changed")),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    differences.extend(gone.map(|(name, version)| format!("{name} {version} is gone")));
    let files = |lock: &LockFile| -> BTreeSet<_> {
        let files = lock.files.iter();
        files.map(|file| (file.path.clone(), file.sha256)).collect()
    };
    let (before, after) = (files(old), files(new));
    let changed: BTreeSet<&str> = before
        .symmetric_difference(&after)
        .map(|(path, _)| path.as_str())
        .collect();
    differences.extend(changed.into_iter().map(|path| format!("{path} differs")));
    differences.iter().map(|difference| visible(difference)).collect()
}

fn apis(lock: &LockFile) -> BTreeMap<(&str, &str), &LockedApi> {
    let apis = lock.apis.iter();
    apis.map(|api| ((api.name.as_str(), api.version.as_str()), api))
        .collect()
}
