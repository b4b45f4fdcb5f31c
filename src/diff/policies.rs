//! The policies of a project, and what is blocked.

use super::change::Changes;
use super::limits;
use crate::compile::describe_policy;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Block, CustomPolicy, Policy};
use std::collections::{BTreeMap, BTreeSet};

/// Compares all policies and blocks.
pub(super) fn compare(before: &GatewayConfig, after: &GatewayConfig, changes: &mut Changes) {
    let used: BTreeSet<&str> = used(before).chain(used(after)).collect();
    let (before, after) = (&before.policies, &after.policies);
    let anybody_may_be = |_: &str| true;
    compare_list(
        "resource",
        &before.resource,
        &after.resource,
        &|name| used.contains(name),
        changes,
    );
    // Applications and subscriptions may be known to tokens alone.
    compare_list(
        "application",
        &before.application,
        &after.application,
        &anybody_may_be,
        changes,
    );
    compare_list(
        "subscription",
        &before.subscription,
        &after.subscription,
        &anybody_may_be,
        changes,
    );
    compare_custom(&before.custom, &after.custom, changes);
    for block in after.blocks.iter().filter(|block| !before.blocks.contains(block)) {
        changes.about(blocked(block)).breaking("requests are blocked");
    }
    for block in before.blocks.iter().filter(|block| !after.blocks.contains(block)) {
        changes.about(blocked(block)).weakening("requests are blocked no more");
    }
}

/// The policies that APIs and operations are under.
fn used(config: &GatewayConfig) -> impl Iterator<Item = &str> {
    config.apis.iter().flat_map(|api| {
        let of_operations = api.resources.iter().filter_map(|resource| resource.policy.as_ref());
        api.policy
            .iter()
            .chain(of_operations)
            .map(|policy| policy.name.as_str())
    })
}

/// `may_limit` says whether anything is or may be under a policy.
fn compare_list(
    kind: &str,
    before: &[Policy],
    after: &[Policy],
    may_limit: &dyn Fn(&str) -> bool,
    changes: &mut Changes,
) {
    let by_name = |list: &[Policy]| -> BTreeMap<String, Policy> {
        let policies = list.iter();
        policies.map(|policy| (policy.name.clone(), policy.clone())).collect()
    };
    let (was, is) = (by_name(before), by_name(after));
    for (name, policy) in &is {
        let mut about = changes.about(format!("{kind} policy {name}"));
        match was.get(name) {
            None if may_limit(name) => about.compatible(format!("it is new: {}", describe_policy(policy))),
            None => about.cosmetic(format!(
                "it is new, and nothing is under it: {}",
                describe_policy(policy)
            )),
            Some(old) if old == policy => {}
            Some(old) if may_limit(name) => limits::policy(old, policy).tell(&instead(policy, old), &mut about),
            Some(old) => about.cosmetic(format!("{}; nothing is under it", instead(policy, old))),
        }
    }
    for name in was.keys().filter(|name| !is.contains_key(*name)) {
        let mut about = changes.about(format!("{kind} policy {name}"));
        match kind {
            // What is still under it is told with the API: all that can be is known.
            "resource" => about.cosmetic("it is gone"),
            _ => about.breaking("it is gone: requests under it are refused"),
        }
    }
}

fn compare_custom(before: &[CustomPolicy], after: &[CustomPolicy], changes: &mut Changes) {
    // Several may count by the same key; their names tell them apart.
    let find = |list: &[CustomPolicy], wanted: &CustomPolicy| {
        let is_meant = |custom: &&CustomPolicy| {
            custom.key_template == wanted.key_template && custom.policy.name == wanted.policy.name
        };
        list.iter().find(is_meant).cloned()
    };
    for custom in after {
        let key = &custom.key_template;
        let mut about = changes.about(format!("limit by {key}"));
        match find(before, custom) {
            None => about.breaking(format!("it is new: {}", describe_policy(&custom.policy))),
            Some(old) if old.policy == custom.policy => {}
            Some(old) => {
                limits::policy(&old.policy, &custom.policy).tell(&instead(&custom.policy, &old.policy), &mut about)
            }
        }
    }
    for custom in before.iter().filter(|custom| find(after, custom).is_none()) {
        changes
            .about(format!("limit by {}", custom.key_template))
            .weakening("it is gone");
    }
}

/// What is different may be in conditions, which the short description leaves out.
fn instead(now: &Policy, before: &Policy) -> String {
    let (is, was) = (describe_policy(now), describe_policy(before));
    if is == was {
        format!("{is}, under other conditions")
    } else {
        format!("{is}, not {was}")
    }
}

fn blocked(block: &Block) -> String {
    match block {
        Block::Api { context } => format!("API at {context}"),
        Block::Application { owner, name } => format!("application {name} of {owner}"),
        Block::User { name } => format!("user {name}"),
        Block::Address { first, last, inverted } => {
            let range = if first == last {
                format!("address {first}")
            } else {
                format!("addresses {first} to {last}")
            };
            if *inverted { format!("all but {range}") } else { range }
        }
        Block::Subscription {
            context,
            owner,
            application,
            key_type,
        } => {
            let keys = key_type
                .as_ref()
                .map(|kind| format!(" ({kind} keys)"))
                .unwrap_or_default();
            format!("application {application} of {owner} at {context}{keys}")
        }
    }
}
