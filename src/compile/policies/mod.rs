//! `policies.yaml`, and the policies that were pulled from the control plane.

mod custom;
mod data;
mod describe;
mod entry;
mod merge;
mod shape;
#[cfg(test)]
mod tests;

pub(crate) use data::describe as describe_data;
pub(crate) use describe::describe;
pub(super) use merge::merge;

use super::tiers::UNLIMITED;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Source};
use entry::{Count, Entry};
use mgw_bundle::config::{Burst, Policies, Policy, Quota};
use std::collections::HashSet;

/// Most policies of one section.
const MAX_POLICIES: usize = 10_000;

const SECTIONS: [&str; 3] = ["resourcePolicies", "applicationPolicies", "subscriptionPolicies"];
const CUSTOM: &str = "customPolicies";
const KEYS: [&str; 7] = [
    "count",
    "bandwidth",
    "unitTime",
    "timeUnit",
    "burst",
    "stopOnQuota",
    "strict",
];
const BURST_KEYS: [&str; 3] = ["count", "unitTime", "timeUnit"];

/// The `policies.yaml` of a new project, which also holds for projects without one.
pub const DEFAULT_POLICIES: &str = include_str!("../../../templates/project/policies.yaml");

/// Reads `policies.yaml`. What is wrong goes to `diagnostics`; the rest is returned.
pub(super) fn read(source: &Source, document: &Node, diagnostics: &mut Diagnostics) -> Policies {
    let mut policies = Policies::default();
    let Some(members) = document.as_object() else {
        if !document.is_null() {
            let expected = format!("a map with `{}`", SECTIONS.join("`, `"));
            diagnostics.push(Diagnostic::expected(
                Code::Policies,
                source,
                document,
                "the file",
                &expected,
            ));
        }
        return policies;
    };
    for (key, member) in members {
        let list = match key.as_str() {
            "resourcePolicies" => &mut policies.resource,
            "applicationPolicies" => &mut policies.application,
            "subscriptionPolicies" => &mut policies.subscription,
            CUSTOM => {
                policies.custom = custom::section(source, &member.node, diagnostics);
                continue;
            }
            _ => {
                let message = format!("there is no section `{key}`");
                let known = SECTIONS.into_iter().chain([CUSTOM]);
                let finding = Diagnostic::error(Code::Policies, source, member.key, message);
                diagnostics.push(finding.misspelt(key, member.key, known));
                continue;
            }
        };
        *list = section(source, key, &member.node, diagnostics);
    }
    policies
}

fn section(source: &Source, section: &str, node: &Node, diagnostics: &mut Diagnostics) -> Vec<Policy> {
    let mut policies = named(
        source,
        section,
        MAX_POLICIES,
        node,
        diagnostics,
        |name, member, diagnostics| {
            let policy = policy(source, section, name, member, diagnostics);
            if name == UNLIMITED {
                let message = format!("`{UNLIMITED}` exists without being written; this entry has no effect");
                diagnostics.push(
                    Diagnostic::warning(Code::Policies, source, member.key, message)
                        .remedy("Remove it, or give a limit another name."),
                );
                return None;
            }
            policy
        },
    );
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    policies
}

/// Reads a list of policies, each a map with its name as the only key.
fn named<T>(
    source: &Source,
    section: &str,
    most: usize,
    node: &Node,
    diagnostics: &mut Diagnostics,
    mut read: impl FnMut(&str, &Member, &mut Diagnostics) -> Option<T>,
) -> Vec<T> {
    let mut policies = Vec::new();
    if node.is_null() {
        return policies;
    }
    let Some(elements) = node.as_array().filter(|elements| elements.len() <= most) else {
        let expected =
            format!("a list of at most {most} policies, each `- NAME:` with `count`, `unitTime` and `timeUnit`");
        diagnostics.push(Diagnostic::expected(
            Code::Policies,
            source,
            node,
            &format!("`{section}`"),
            &expected,
        ));
        return policies;
    };
    let mut names = HashSet::new();
    for element in elements {
        let Some(members) = element.as_object().filter(|members| members.len() == 1) else {
            let message = match element.as_object() {
                Some(members) => format!("a policy has its name as its only key, this has {} keys", members.len()),
                None => format!(
                    "a policy should be a map with its name as the only key, found {}",
                    element.kind()
                ),
            };
            diagnostics.push(
                Diagnostic::error(Code::Policies, source, element.span, message)
                    .remedy("Indent `count`, `unitTime` and `timeUnit` deeper than the name.")
                    .corrected(shape::indented(source, element, &KEYS)),
            );
            continue;
        };
        for (name, member) in members {
            let Some(policy) = read(name, member, diagnostics) else {
                continue;
            };
            if names.insert(name.clone()) {
                policies.push(policy);
            } else {
                let message = format!("the policy `{name}` stands a second time in `{section}`");
                diagnostics.push(
                    Diagnostic::error(Code::Policies, source, member.key, message)
                        .remedy("Rename or remove one of the two.")
                        .corrected(shape::without_copy(source, elements, element)),
                );
            }
        }
    }
    policies
}

fn policy(
    source: &Source,
    section: &str,
    name: &str,
    member: &Member,
    diagnostics: &mut Diagnostics,
) -> Option<Policy> {
    let entry = entry(source, name, member, &KEYS, diagnostics)?;
    let quota = quota(&entry, diagnostics);
    let burst = burst(&entry, diagnostics);
    let stop = stop(&entry, section, diagnostics);
    let strict = strict(&entry, diagnostics);
    Some(Policy {
        name: name.to_owned(),
        quota: quota?,
        stop_on_quota: stop?,
        burst: burst?,
        strict: strict?,
        conditional: Vec::new(),
    })
}

/// The map of a policy, once its name and its keys are known to make sense.
fn entry<'a>(
    source: &'a Source,
    name: &str,
    member: &'a Member,
    keys: &[&str],
    diagnostics: &mut Diagnostics,
) -> Option<Entry<'a>> {
    let what = format!("policy `{name}`");
    if member.node.as_object().is_none() {
        let expected = "a map with `count`, `unitTime` and `timeUnit`";
        diagnostics.push(Diagnostic::expected(
            Code::Policies,
            source,
            &member.node,
            &what,
            expected,
        ));
        return None;
    }
    let entry = Entry { source, what, member };
    entry.check_keys(keys, diagnostics);
    if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
        let finding = entry.error(member.key, format!("{name:?} cannot be the name of a policy"));
        diagnostics.push(finding.remedy("Use letters, digits and blanks, such as `10 per minute`."));
        return None;
    }
    Some(entry)
}

fn quota(entry: &Entry<'_>, diagnostics: &mut Diagnostics) -> Option<Quota> {
    let Some(bandwidth) = entry.node("bandwidth") else {
        let count = entry.count(diagnostics);
        let window_ms = entry.window(diagnostics);
        return match (count?, window_ms?) {
            (Count::AtMost(count), window_ms) => Some(Quota::Requests { count, window_ms }),
            (Count::None, _) => {
                let span = entry.node("count").map_or(entry.member.key, |node| node.span);
                let message = format!("`count` of {} is not above 0, which is no limit", entry.what);
                diagnostics.push(
                    entry
                        .warning(span, message)
                        .remedy(format!("Name `{UNLIMITED}` where no limit is meant.")),
                );
                Some(Quota::Unlimited)
            }
        };
    };
    if entry.node("count").is_some() {
        let message = format!("{} has `count` and `bandwidth`", entry.what);
        diagnostics.push(
            entry
                .error(bandwidth.span, message)
                .remedy("Keep one of the two; `burst` limits requests beside a `bandwidth`."),
        );
        return None;
    }
    let bytes = entry.bandwidth(diagnostics);
    let window_ms = entry.window(diagnostics)?;
    bytes.map(|bytes| Quota::Bandwidth { bytes, window_ms })
}

/// The burst limit; the outer `None` when it is wrong.
fn burst(entry: &Entry<'_>, diagnostics: &mut Diagnostics) -> Option<Option<Burst>> {
    let Some(member) = entry.member.node.member("burst") else {
        return Some(None);
    };
    let what = format!("`burst` of {}", entry.what);
    if member.node.as_object().is_none() {
        let expected = "a map with `count`, `unitTime` and `timeUnit`";
        diagnostics.push(Diagnostic::expected(
            Code::Policies,
            entry.source,
            &member.node,
            &what,
            expected,
        ));
        return None;
    }
    let burst = Entry {
        source: entry.source,
        what,
        member,
    };
    burst.check_keys(&BURST_KEYS, diagnostics);
    let count = burst.count(diagnostics);
    let window_ms = burst.window(diagnostics);
    match (count?, window_ms?) {
        (Count::AtMost(count), window_ms) => Some(Some(Burst { count, window_ms })),
        (Count::None, _) => {
            let message = format!("`count` of {} should be at least 1", burst.what);
            diagnostics.push(
                burst
                    .error(member.key, message)
                    .remedy("Remove `burst` where no limit is meant."),
            );
            None
        }
    }
}

fn stop(entry: &Entry<'_>, section: &str, diagnostics: &mut Diagnostics) -> Option<bool> {
    let stop = entry.flag("stopOnQuota", true, diagnostics)?;
    if !stop && section != "subscriptionPolicies" {
        let message = format!(
            "`stopOnQuota: false` of {} has no effect; only subscription policies have it",
            entry.what
        );
        let span = entry.node("stopOnQuota").map_or(entry.member.key, |node| node.span);
        diagnostics.push(entry.warning(span, message));
        return Some(true);
    }
    Some(stop)
}

fn strict(entry: &Entry<'_>, diagnostics: &mut Diagnostics) -> Option<bool> {
    let strict = entry.flag("strict", false, diagnostics)?;
    if strict && entry.node("bandwidth").is_some() && entry.node("burst").is_none() {
        let message = format!(
            "`strict` of {} has no effect: data can only be counted when they have passed",
            entry.what
        );
        let span = entry.node("strict").map_or(entry.member.key, |node| node.span);
        diagnostics.push(entry.warning(span, message));
    }
    Some(strict)
}
