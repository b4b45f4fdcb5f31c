//! APIs, matched by name and version.

use super::change::{About, Changes, listed};
use super::operations::Successor;
use super::security::Guard;
use super::{Side, certificates, contract, cors, endpoints, limits, operations};
use mgw_bundle::config::{Api, ApiState};
use std::collections::{BTreeMap, BTreeSet};

/// Compares all APIs.
pub(super) fn compare(before: Side<'_>, after: Side<'_>, changes: &mut Changes) {
    fn by_name(side: Side<'_>) -> BTreeMap<(&str, &str), &Api> {
        let apis = side.config.apis.iter();
        apis.map(|api| ((api.name.as_str(), api.version.as_str()), api))
            .collect()
    }
    let (was, is) = (by_name(before), by_name(after));
    for (key, api) in &is {
        let found = changes.len();
        let mut about = changes.about(format!("{} {}", key.0, key.1));
        let Some(old) = was.get(key) else {
            added(api, &mut about);
            continue;
        };
        let successors = compare_one((old, before), (api, after), &mut about);
        let documents = (before.entries.get(&old.definition), after.entries.get(&api.definition));
        if let (Some(was), Some(is)) = documents
            && was != is
        {
            contract::compare(was, is, &successors, &mut about);
        }
        if changes.len() == found && documents.0 != documents.1 {
            let mut about = changes.about(format!("{} {}", key.0, key.1));
            about.cosmetic("its descriptions or examples have changed, or how it is written");
        }
    }
    for (name, version) in was.keys().filter(|key| !is.contains_key(*key)) {
        changes.about(format!("{name} {version}")).breaking("it is gone");
    }
}

fn added(api: &Api, about: &mut About<'_>) {
    let open = api
        .resources
        .iter()
        .filter(|resource| Guard::of(api, resource).admits_everybody())
        .count();
    if open > 0 {
        about.weakening(format!("it is new, and anybody may call {open} of its operations"));
    } else {
        about.compatible(format!("it is new, at {}", api.base_path));
    }
}

fn compare_one<'a>(
    before: (&'a Api, Side<'a>),
    after: (&'a Api, Side<'a>),
    about: &mut About<'_>,
) -> Vec<Successor<'a>> {
    let (old, new) = (before.0, after.0);
    paths(old, new, about);
    if old.kind != new.kind {
        about.breaking("it is of another kind");
    }
    state(old.state, new.state, about);
    for (name, was, is) in [
        ("plain HTTP", old.transports.http, new.transports.http),
        ("HTTPS", old.transports.https, new.transports.https),
    ] {
        match (was, is) {
            (true, false) => about.breaking(format!("it is not offered over {name} any more")),
            (false, true) if name == "HTTPS" => about.compatible("it is offered over HTTPS"),
            (false, true) => about.weakening(format!("it is offered over {name}")),
            _ => {}
        }
    }
    if old.auth_header != new.auth_header {
        let name = |header: &Option<String>| {
            header
                .clone()
                .unwrap_or_else(|| "the gateway's usual header".to_owned())
        };
        about.breaking(format!(
            "credentials are sent in {}, not in {}",
            name(&new.auth_header),
            name(&old.auth_header)
        ));
    }
    if old.provider != new.provider {
        about.cosmetic("it has another owner");
    }
    certificates::compare_clients(before, after, about);
    cors::compare(old.cors.as_ref(), new.cors.as_ref(), about);
    let (policies_before, policies_after) = (&before.1.config.policies, &after.1.config.policies);
    if !limits::change_level(old, new) {
        limits::compare_use(
            (old.policy.as_ref(), policies_before),
            (new.policy.as_ref(), policies_after),
            about,
        );
    }
    endpoints::compare(&old.endpoints, &new.endpoints, about);
    operations::compare((old, policies_before), (new, policies_after), about)
}

/// Which of its two paths is which does not matter to callers.
fn paths(before: &Api, after: &Api, about: &mut About<'_>) {
    fn of(api: &Api) -> BTreeSet<&str> {
        let paths = std::iter::once(&api.base_path).chain(&api.default_version_path);
        paths.map(String::as_str).collect()
    }
    let (was, is) = (of(before), of(after));
    let gone: Vec<&str> = was.difference(&is).copied().collect();
    let added: Vec<&str> = is.difference(&was).copied().collect();
    match (&gone[..], &added[..]) {
        ([], []) => {}
        ([], [path]) if after.default_version_path.as_deref() == Some(path) => {
            about.compatible(format!("it is the default version, at {path}"));
        }
        ([], added) => about.compatible(format!("it is at {} too", listed(added))),
        (gone, []) => about.breaking(format!("it is not at {} any more", listed(gone))),
        (gone, added) => about.breaking(format!("it is at {}, not at {}", listed(added), listed(gone))),
    }
}

fn state(before: ApiState, after: ApiState, about: &mut About<'_>) {
    if before == after {
        return;
    }
    match (before, after) {
        (_, ApiState::Blocked) => about.breaking("it is blocked: every call is refused"),
        (ApiState::Blocked, _) => about.weakening("it is blocked no more"),
        (_, ApiState::Prototyped) => about.weakening("it is a prototype: subscriptions are not asked for"),
        (ApiState::Prototyped, _) => about.breaking("it is a prototype no more: subscriptions are asked for"),
        (_, ApiState::Deprecated) => about.compatible("it is deprecated"),
        (_, ApiState::Published) => about.compatible("it is deprecated no more"),
    }
}
