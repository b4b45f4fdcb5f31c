//! What `mgw.lock` says of the APIs that were pulled, against what their definitions say.

use super::sources::Sources;
use crate::diagnostics::Diagnostics;
use crate::lock::{LockFile, LockedApi};
use mgw_bundle::config::{Api, ApiState};
use std::collections::HashMap;

/// The states that a definition has to have as the lock says. One of an API that is published may say by itself that it is in another.
const STATES: [(&str, ApiState); 3] = [
    ("prototyped", ApiState::Prototyped),
    ("deprecated", ApiState::Deprecated),
    ("blocked", ApiState::Blocked),
];

/// Reports entries that call an API by another name or version than its definition, or say that it is in another state;
/// `file` is what messages call the lock, `bytes` what stands in it. Definitions that are not those that were pulled are no matter
/// of the lock's.
pub(super) fn check(
    lock: &LockFile,
    (file, bytes): (&str, &[u8]),
    apis: &[Api],
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) {
    let by_file: HashMap<&str, &Api> = apis.iter().map(|api| (api.source.as_str(), api)).collect();
    for (index, entry) in lock.apis.iter().enumerate() {
        let Some(api) = by_file.get(entry.path.as_str()) else {
            continue;
        };
        if sources.digest(&entry.path).is_some_and(|digest| digest != entry.sha256) {
            continue;
        }
        for (key, what) in differences(entry, api) {
            let message = format!("{what}, as {} says", entry.path);
            diagnostics.push(LockFile::api_finding(file, bytes, index, key, message));
        }
    }
}

/// The keys of an entry that say something else than the definition, and what that says.
fn differences(entry: &LockedApi, api: &Api) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if entry.name != api.name {
        found.push(("name", format!("the API is called {}", api.name)));
    }
    if entry.version != api.version {
        found.push(("version", format!("the version of {} is {}", api.name, api.version)));
    }
    let locked = STATES.iter().find(|(name, _)| *name == entry.state);
    if locked.is_some_and(|(_, state)| *state != api.state) {
        let own = STATES.iter().find(|(_, state)| *state == api.state);
        let state = own.map_or("published", |(name, _)| name);
        found.push(("state", format!("{} is {state}", api.name)));
    }
    found
}
