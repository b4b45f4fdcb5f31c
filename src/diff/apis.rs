//! APIs, matched by name and version.

use super::change::{About, Changes, listed};
use super::paths::{self, Replaced, named};
use super::security::Guard;
use super::{Side, certificates, contract, cors, endpoints, limits, operations};
use mgw_bundle::config::{Api, ApiState, Resource, Scheme};
use std::collections::{BTreeMap, BTreeSet};

/// Compares all APIs. `replaced`: where one is at the path of another.
pub(super) fn compare(before: Side<'_>, after: Side<'_>, replaced: &[Replaced<'_>], changes: &mut Changes) {
    fn by_name(side: Side<'_>) -> BTreeMap<(&str, &str), &Api> {
        let apis = side.config.apis.iter();
        apis.map(|api| ((api.name.as_str(), api.version.as_str()), api))
            .collect()
    }
    let (was, is) = (by_name(before), by_name(after));
    for (key, api) in &is {
        let found = changes.len();
        let mut about = changes.about(named(api));
        let Some(old) = was.get(key) else {
            added(api, replaced, &mut about);
            continue;
        };
        compare_paths(old, api, &mut about);
        if old.provider != api.provider {
            about.cosmetic("it has another owner");
        }
        compare_all((old, before), (api, after), &mut about);
        if changes.len() == found && definition((old, before)) != definition((api, after)) {
            let mut about = changes.about(named(api));
            about.cosmetic("its descriptions or examples have changed, or how it is written");
        }
    }
    for (_, old) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
        gone(old, replaced, &mut changes.about(named(old)));
    }
}

fn added(api: &Api, replaced: &[Replaced<'_>], about: &mut About<'_>) {
    let predecessors = paths::predecessors(api, replaced);
    if !predecessors.is_empty() {
        // Who may call what is told by comparison with what was there.
        let names: Vec<String> = predecessors.iter().map(|one| named(one.before)).collect();
        let paths = all_paths(&predecessors);
        return about.compatible(format!("it is new, at {paths} instead of {}", listed(&names)));
    }
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

fn gone(api: &Api, replaced: &[Replaced<'_>], about: &mut About<'_>) {
    let successors = paths::successors(api, replaced);
    if successors.is_empty() {
        return about.breaking("it is gone");
    }
    let names: Vec<String> = successors.iter().map(|one| named(one.after)).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    let what = format!(
        "it is gone: {} {are} at {} instead",
        listed(&names),
        all_paths(&successors)
    );
    if may_ask_for_subscriptions(api) {
        about.breaking(format!(
            "{what}, which may break callers: where subscriptions are checked, those to {} do not count there",
            named(api)
        ));
    } else {
        about.compatible(what);
    }
}

fn all_paths(replaced: &[&Replaced<'_>]) -> String {
    listed(&replaced.iter().flat_map(|one| &one.paths).collect::<Vec<_>>())
}

/// Whether any caller shows what is good for some APIs alone: a name and password or a certificate are for all.
fn may_ask_for_subscriptions(api: &Api) -> bool {
    let asks = |resource: &Resource| {
        let alternatives = resource.security.alternatives.iter();
        let mut schemes = alternatives.flat_map(|requirement| &requirement.schemes);
        resource.security.enabled && schemes.any(|scheme| *scheme != Scheme::Basic)
    };
    api.state != ApiState::Prototyped && api.resources.iter().any(asks)
}

/// Compares all that an API asks, takes and answers with what another one did, or it itself.
pub(super) fn compare_all(before: (&Api, Side<'_>), after: (&Api, Side<'_>), about: &mut About<'_>) {
    compare_rules(before, after, about);
    let successors = operations::compare(
        (before.0, &before.1.config.policies),
        (after.0, &after.1.config.policies),
        about,
    );
    if let (Some(was), Some(is)) = (definition(before), definition(after))
        && was != is
    {
        contract::compare(was, is, &successors, about);
    }
}

fn definition<'a>((api, side): (&Api, Side<'a>)) -> Option<&'a Vec<u8>> {
    side.entries.get(&api.definition)
}

/// Compares what an API says for all of its operations.
pub(super) fn compare_rules(before: (&Api, Side<'_>), after: (&Api, Side<'_>), about: &mut About<'_>) {
    let (old, new) = (before.0, after.0);
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
    certificates::compare_clients(before, after, about);
    cors::compare(old.cors.as_ref(), new.cors.as_ref(), about);
    if !limits::change_level(old, new) {
        limits::compare_use(
            (old.policy.as_ref(), &before.1.config.policies),
            (new.policy.as_ref(), &after.1.config.policies),
            about,
        );
    }
    endpoints::compare(&old.endpoints, &new.endpoints, about);
}

/// Which of its two paths is which does not matter to callers.
fn compare_paths(before: &Api, after: &Api, about: &mut About<'_>) {
    fn of(api: &Api) -> BTreeSet<&str> {
        paths::of(api).map(String::as_str).collect()
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
