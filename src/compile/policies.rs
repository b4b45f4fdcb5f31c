//! `policies.yaml`, and the policies that were pulled from the control plane.

use super::tiers::UNLIMITED;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Source};
use mgw_bundle::config::{Policies, Policy, Quota};

/// Most policies of one section.
const MAX_POLICIES: usize = 10_000;

/// Largest count and window, so that the gateway's arithmetic cannot overflow.
const MAX_COUNT: u64 = 1 << 53;
const MAX_WINDOW_MS: u64 = 100 * 365 * DAY_MS;

const SECOND_MS: u64 = 1000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// The units of `timeUnit`; months and years have fixed lengths.
const UNITS: [(&str, u64); 7] = [
    ("sec", SECOND_MS),
    ("min", MINUTE_MS),
    ("hour", 60 * MINUTE_MS),
    ("day", DAY_MS),
    ("week", 7 * DAY_MS),
    ("month", 30 * DAY_MS),
    ("year", 365 * DAY_MS),
];

const SECTIONS: [&str; 3] = ["resourcePolicies", "applicationPolicies", "subscriptionPolicies"];
const KEYS: [&str; 5] = ["count", "unitTime", "timeUnit", "stopOnQuota", "strict"];

/// The `policies.yaml` of a new project, which also holds for projects without one.
pub const DEFAULT_POLICIES: &str = include_str!("../../templates/project/policies.yaml");

/// Reads `policies.yaml`. What is wrong goes to `diagnostics`; the rest is returned.
pub(super) fn read(source: &Source, document: &Node, diagnostics: &mut Diagnostics) -> Policies {
    let mut policies = Policies::default();
    let Some(members) = document.as_object() else {
        if !document.is_null() {
            let expected = format!("a map with `{}`", SECTIONS.join("`, `"));
            diagnostics.push(Diagnostic::expected(
                "policies", source, document, "the file", &expected,
            ));
        }
        return policies;
    };
    for (key, member) in members {
        let list = match key.as_str() {
            "resourcePolicies" => &mut policies.resource,
            "applicationPolicies" => &mut policies.application,
            "subscriptionPolicies" => &mut policies.subscription,
            _ => {
                let message = format!("there is no section `{key}`");
                diagnostics
                    .push(Diagnostic::error("policies", source, member.key, message).did_you_mean(key, SECTIONS));
                continue;
            }
        };
        *list = section(source, key, &member.node, diagnostics);
    }
    policies
}

fn section(source: &Source, section: &str, node: &Node, diagnostics: &mut Diagnostics) -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    if node.is_null() {
        return policies;
    }
    let Some(elements) = node.as_array().filter(|elements| elements.len() <= MAX_POLICIES) else {
        let expected = format!(
            "a list of at most {MAX_POLICIES} policies, each `- NAME:` with `count`, `unitTime` and `timeUnit`"
        );
        diagnostics.push(Diagnostic::expected(
            "policies",
            source,
            node,
            &format!("`{section}`"),
            &expected,
        ));
        return policies;
    };
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
                Diagnostic::error("policies", source, element.span, message)
                    .remedy("Indent `count`, `unitTime` and `timeUnit` deeper than the name."),
            );
            continue;
        };
        for (name, member) in members {
            let policy = policy(source, section, name, member, diagnostics);
            if name == UNLIMITED {
                let message = format!("`{UNLIMITED}` exists without being written; this entry has no effect");
                diagnostics.push(Diagnostic::warning("policies", source, member.key, message));
            } else if policies.iter().any(|other| other.name == *name) {
                let message = format!("the policy `{name}` stands a second time in `{section}`");
                diagnostics.push(
                    Diagnostic::error("policies", source, member.key, message)
                        .remedy("Rename or remove one of the two."),
                );
            } else if let Some(policy) = policy {
                policies.push(policy);
            }
        }
    }
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    policies
}

fn policy(
    source: &Source,
    section: &str,
    name: &str,
    member: &Member,
    diagnostics: &mut Diagnostics,
) -> Option<Policy> {
    let node = &member.node;
    let Some(members) = node.as_object() else {
        let what = format!("policy `{name}`");
        let expected = "a map with `count`, `unitTime` and `timeUnit`";
        diagnostics.push(Diagnostic::expected("policies", source, node, &what, expected));
        return None;
    };
    for (key, entry) in members {
        if !KEYS.contains(&key.as_str()) {
            let message = format!("policy `{name}` has no `{key}`");
            diagnostics.push(Diagnostic::error("policies", source, entry.key, message).did_you_mean(key, KEYS));
        }
    }
    if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
        let message = format!("{name:?} cannot be the name of a policy");
        diagnostics.push(Diagnostic::error("policies", source, member.key, message));
        return None;
    }
    let count = number(source, name, member, "count", diagnostics);
    let units = number(source, name, member, "unitTime", diagnostics);
    let unit = unit(source, name, member, diagnostics);
    let stop = stop(source, section, name, node, diagnostics);
    let strict = flag(source, name, node, "strict", false, diagnostics);
    let window = units?.checked_mul(unit?).filter(|window| *window <= MAX_WINDOW_MS);
    if window.is_none() {
        let message = format!("the window of policy `{name}` is longer than 100 years");
        diagnostics.push(Diagnostic::error("policies", source, member.key, message));
    }
    Some(Policy {
        name: name.to_owned(),
        quota: Quota::Requests {
            count: count?,
            window_ms: window?,
        },
        stop_on_quota: stop?,
        burst: None,
        strict: strict?,
        conditional: Vec::new(),
    })
}

fn number(source: &Source, name: &str, member: &Member, key: &str, diagnostics: &mut Diagnostics) -> Option<u64> {
    let Some(node) = member.node.get(key) else {
        let message = format!("policy `{name}` has no `{key}`");
        diagnostics.push(Diagnostic::error("policies", source, member.key, message));
        return None;
    };
    let number = node.as_u64().filter(|number| (1..=MAX_COUNT).contains(number));
    if number.is_none() {
        let message = format!("`{key}` of policy `{name}` should be a whole number of at least 1");
        diagnostics.push(Diagnostic::error("policies", source, node.span, message));
    }
    number
}

fn unit(source: &Source, name: &str, member: &Member, diagnostics: &mut Diagnostics) -> Option<u64> {
    let Some(node) = member.node.get("timeUnit") else {
        let message = format!("policy `{name}` has no `timeUnit`");
        diagnostics.push(Diagnostic::error("policies", source, member.key, message));
        return None;
    };
    let text = node.as_str().unwrap_or_default();
    let unit = UNITS.into_iter().find(|(unit, _)| unit.eq_ignore_ascii_case(text));
    if unit.is_none() {
        let message =
            format!("`timeUnit` of policy `{name}` should be `sec`, `min`, `hour`, `day`, `week`, `month` or `year`");
        diagnostics.push(
            Diagnostic::error("policies", source, node.span, message).did_you_mean(text, UNITS.map(|(unit, _)| unit)),
        );
    }
    unit.map(|(_, length)| length)
}

fn stop(source: &Source, section: &str, name: &str, node: &Node, diagnostics: &mut Diagnostics) -> Option<bool> {
    let stop = flag(source, name, node, "stopOnQuota", true, diagnostics)?;
    if !stop && section != "subscriptionPolicies" {
        let message =
            format!("`stopOnQuota: false` of policy `{name}` has no effect; only subscription policies have it");
        let span = node.get("stopOnQuota").map_or(node.span, |value| value.span);
        diagnostics.push(Diagnostic::warning("policies", source, span, message));
        return Some(true);
    }
    Some(stop)
}

fn flag(
    source: &Source,
    name: &str,
    node: &Node,
    key: &str,
    default: bool,
    diagnostics: &mut Diagnostics,
) -> Option<bool> {
    let Some(value) = node.get(key) else {
        return Some(default);
    };
    let flag = value.as_bool();
    if flag.is_none() {
        let what = format!("`{key}` of policy `{name}`");
        diagnostics.push(Diagnostic::expected(
            "policies",
            source,
            value,
            &what,
            "`true` or `false`",
        ));
    }
    flag
}

/// A policy that the control plane has with another limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Its list in `policies.yaml`.
    section: &'static str,
    /// Its name.
    name: String,
    /// What to tell about it.
    message: String,
}

impl Difference {
    /// The note about it, at the place of the policy in `policies.yaml`.
    pub(super) fn note(self, source: &Source, document: &Node) -> Diagnostic {
        let policies = document.get(self.section).and_then(Node::as_array);
        let span = policies
            .into_iter()
            .flatten()
            .find_map(|policy| policy.member(&self.name))
            .map_or(document.span, |member| member.key);
        Diagnostic::note("policy-differs", source, span, self.message)
    }
}

/// Puts the pulled policies into force: management stays in the control plane, so they replace others of their name.
/// Only whether they are counted strictly is the project's matter; the control plane knows nothing of it. Returns what to
/// tell about it.
pub(super) fn merge(own: &mut Policies, pulled: Policies) -> Vec<Difference> {
    own.blocks = pulled.blocks;
    let mut differences = Vec::new();
    let [resource, application, subscription] = SECTIONS;
    for (kind, section, own, pulled) in [
        ("resource", resource, &mut own.resource, pulled.resource),
        ("application", application, &mut own.application, pulled.application),
        ("subscription", subscription, &mut own.subscription, pulled.subscription),
    ] {
        for policy in pulled.into_iter().filter(|policy| policy.name != UNLIMITED) {
            match own.iter_mut().find(|other| other.name == policy.name) {
                Some(other) => {
                    let policy = Policy {
                        strict: other.strict,
                        ..policy
                    };
                    if *other != policy {
                        differences.push(Difference {
                            section,
                            name: policy.name.clone(),
                            message: format!(
                                "the control plane's {kind} policy `{}` holds instead: {}, not {}",
                                policy.name,
                                describe(&policy),
                                describe(other)
                            ),
                        });
                    }
                    *other = policy;
                }
                None => own.push(policy),
            }
        }
        own.sort_by(|a, b| a.name.cmp(&b.name));
    }
    differences
}

/// A policy in a few words.
pub(crate) fn describe(policy: &Policy) -> String {
    let limit = match policy.quota {
        Quota::Unlimited => "no limit".to_owned(),
        Quota::Requests { count, window_ms } => format!("{count} requests per {}", window(window_ms)),
        Quota::Bandwidth { bytes, window_ms } => format!("{bytes} bytes per {}", window(window_ms)),
    };
    let stop = if policy.stop_on_quota { "" } else { ", not enforced" };
    let burst = policy
        .burst
        .map(|burst| format!(", at most {} per {}", burst.count, window(burst.window_ms)))
        .unwrap_or_default();
    let conditional = match policy.conditional.len() {
        0 => String::new(),
        1 => ", other under a condition".to_owned(),
        many => format!(", others under {many} sets of conditions"),
    };
    let strict = if policy.strict { ", counted strictly" } else { "" };
    format!("{limit}{burst}{stop}{strict}{conditional}")
}

fn window(milliseconds: u64) -> String {
    UNITS
        .into_iter()
        .rev()
        .find(|(_, length)| milliseconds >= *length && milliseconds.is_multiple_of(*length))
        .map_or_else(
            || format!("{milliseconds} ms"),
            |(unit, length)| match milliseconds / length {
                1 => unit.to_owned(),
                many => format!("{many} {unit}"),
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    fn policies(text: &str) -> (Policies, Vec<String>) {
        let mut diagnostics = Diagnostics::default();
        let (source, node) = parse("policies.yaml", text.into(), Format::Yaml).unwrap();
        let policies = read(&source, &node, &mut diagnostics);
        diagnostics.sort();
        (policies, diagnostics.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let (policies, problems) = policies(DEFAULT_POLICIES);
        assert_eq!(problems, [""; 0]);
        let names = |list: &[Policy]| -> Vec<String> {
            list.iter()
                .map(|policy| format!("{}: {}", policy.name, describe(policy)))
                .collect()
        };
        assert_eq!(
            names(&policies.resource),
            [
                "10kPerMin: 10000 requests per min",
                "20kPerMin: 20000 requests per min",
                "50kPerMin: 50000 requests per min"
            ]
        );
        assert_eq!(
            names(&policies.application),
            [
                "10PerMin: 10 requests per min",
                "20PerMin: 20 requests per min",
                "50PerMin: 50 requests per min"
            ]
        );
        assert_eq!(
            names(&policies.subscription),
            [
                "Bronze: 10 requests per min",
                "Default: 500 requests per min",
                "Gold: 5000 requests per min",
                "Silver: 2000 requests per min",
                "Unauthenticated: 500 requests per min"
            ]
        );
    }

    #[test]
    fn windows_and_quota_flags() {
        let (policies, problems) = policies(
            "subscriptionPolicies:\n- A: {count: 1, unitTime: 2, timeUnit: Week, stopOnQuota: false}\n\
             - B: {count: 1, unitTime: 1, timeUnit: month}\n- C: {count: 1, unitTime: 1, timeUnit: year}\n",
        );
        assert_eq!(problems, [""; 0]);
        let windows: Vec<_> = policies
            .subscription
            .iter()
            .map(|policy| (policy.quota, policy.stop_on_quota))
            .collect();
        let days = |days: u64| Quota::Requests {
            count: 1,
            window_ms: days * 86_400_000,
        };
        assert_eq!(windows, [(days(14), false), (days(30), true), (days(365), true)]);
    }

    #[test]
    fn strict_counts_are_the_projects_matter() {
        let text = "resourcePolicies:\n- Till: {count: 5, unitTime: 1, timeUnit: min, strict: true}\n\
                    applicationPolicies:\n- Own: {count: 5, unitTime: 1, timeUnit: min, strict: false}\n\
                    subscriptionPolicies:\n- Gold: {count: 5, unitTime: 1, timeUnit: min, strict: true}\n\
                    - Bad: {count: 5, unitTime: 1, timeUnit: min, strict: yes please}\n";
        let (mut own, problems) = policies(text);
        assert_eq!(
            problems,
            ["policies.yaml:7:55: error: `strict` of policy `Bad` should be `true` or `false`, found a text"]
        );
        assert_eq!(describe(&own.resource[0]), "5 requests per min, counted strictly");
        assert!(!own.application[0].strict);
        let (pulled, _) = policies(
            "resourcePolicies:\n- Till: {count: 5, unitTime: 1, timeUnit: min}\n\
             subscriptionPolicies:\n- Gold: {count: 9, unitTime: 1, timeUnit: hour}\n",
        );
        let differences = merge(&mut own, pulled);
        assert_eq!(describe(&own.resource[0]), "5 requests per min, counted strictly");
        assert_eq!(describe(&own.subscription[0]), "9 requests per hour, counted strictly");
        let messages: Vec<_> = differences
            .iter()
            .map(|difference| difference.message.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "the control plane's subscription policy `Gold` holds instead: 9 requests per hour, counted strictly, \
              not 5 requests per min, counted strictly"
            ]
        );
    }

    #[test]
    fn files_without_policies_are_empty() {
        for text in ["", "---\n", "resourcePolicies:\n", "resourcePolicies: []\n"] {
            assert_eq!(policies(text), (Policies::default(), Vec::new()), "{text:?}");
        }
    }

    #[test]
    fn every_mistake_is_reported_at_its_place() {
        let (policies, problems) = policies(
            "resourcePolicy: []\nresourcePolicies:\n- A:\n  count: 5\n- B: {count: 0, unitTime: -1, timeUnit: sek}\n\
             - C: {count: 5, unitTime: 1}\n- D: {count: 5, unitTime: 1, timeUnit: min, stopOnquota: true}\n\
             - D: {count: 6, unitTime: 1, timeUnit: min}\n- Unlimited: {count: 6, unitTime: 1, timeUnit: min}\n\
             applicationPolicies:\n- E: {count: 5, unitTime: 1, timeUnit: min, stopOnQuota: false}\n\
             - F: {count: 5, unitTime: 1000, timeUnit: year}\n- G: 5\nsubscriptionPolicies: 7\n",
        );
        insta::assert_snapshot!(problems.join("\n"), @r"
        policies.yaml:1:1: error: there is no section `resourcePolicy`
        policies.yaml:3:3: error: a policy has its name as its only key, this has 2 keys
        policies.yaml:5:14: error: `count` of policy `B` should be a whole number of at least 1
        policies.yaml:5:27: error: `unitTime` of policy `B` should be a whole number of at least 1
        policies.yaml:5:41: error: `timeUnit` of policy `B` should be `sec`, `min`, `hour`, `day`, `week`, `month` or `year`
        policies.yaml:6:3: error: policy `C` has no `timeUnit`
        policies.yaml:7:45: error: policy `D` has no `stopOnquota`
        policies.yaml:8:3: error: the policy `D` stands a second time in `resourcePolicies`
        policies.yaml:9:3: warning: `Unlimited` exists without being written; this entry has no effect
        policies.yaml:11:58: warning: `stopOnQuota: false` of policy `E` has no effect; only subscription policies have it
        policies.yaml:12:3: error: the window of policy `F` is longer than 100 years
        policies.yaml:13:6: error: policy `G` should be a map with `count`, `unitTime` and `timeUnit`, found a number
        policies.yaml:14:23: error: `subscriptionPolicies` should be a list of at most 10000 policies, each `- NAME:` with `count`, `unitTime` and `timeUnit`, found a number
        ");
        assert_eq!(policies.resource.len(), 1);
        assert_eq!(policies.application.len(), 1);
    }

    #[test]
    fn pulled_policies_win_and_differences_are_told() {
        let text = "subscriptionPolicies:\n- Bronze: {count: 10, unitTime: 1, timeUnit: min}\n\
                    - Gold: {count: 5000, unitTime: 1, timeUnit: min}\n- Own: {count: 1, unitTime: 1, timeUnit: min}\n";
        let (mut own, _) = policies(text);
        let (pulled, _) = policies(
            "subscriptionPolicies:\n- Bronze: {count: 1000, unitTime: 1, timeUnit: min}\n\
             - Gold: {count: 5000, unitTime: 1, timeUnit: min}\n- Asia: {count: 1, unitTime: 1, timeUnit: hour}\n",
        );
        let differences = merge(&mut own, pulled);
        let (source, document) = parse("policies.yaml", text.into(), Format::Yaml).unwrap();
        let notes: Vec<_> = differences
            .into_iter()
            .map(|difference| difference.note(&source, &document).to_string())
            .collect();
        assert_eq!(
            notes,
            [
                "policies.yaml:2:3: note: the control plane's subscription policy `Bronze` holds instead: \
              1000 requests per min, not 10 requests per min"
            ]
        );
        let names: Vec<_> = own.subscription.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["Asia", "Bronze", "Gold", "Own"]);
        assert_eq!(describe(&own.subscription[1]), "1000 requests per min");
    }
}
