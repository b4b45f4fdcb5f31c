//! Throttling policies as API Manager 2.6 said them, where the project keeps them as JSON.
//!
//! Gateways of that version served what was generated of them. So the code of a policy counts where it is there, and these
//! files where it is not.

use super::policy::{Level, Policy};
use crate::cloud::control_plane::PolicyLevel;
use crate::cloud::pull::exported_policy;
use crate::compile::describe_policy;
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::yaml::{self, Format, Node};

/// What is to be done about a policy that nothing can be made of.
const DEFINE: &str = "Define it in policies.yaml, as far as that has words for it.";

/// A policy and where it is said.
#[derive(Debug)]
pub(super) struct Said {
    policy: Policy,
    place: Place,
}

/// The policies of a file; `None` where it is none of policies.
pub(super) fn read(root: &Branch<'_>, path: &str, draft: &mut Draft) -> Option<Vec<Said>> {
    if Format::of_name(path) != Some(Format::Json) {
        return None;
    }
    let (source, node) = yaml::parse(&root.shown(path), root.read(path).ok()?, Format::Json).ok()?;
    let node = node.get("list").unwrap_or(&node);
    let policies = node.as_array().unwrap_or(std::slice::from_ref(node));
    let by_name = level_of_name(path);
    if !policies.iter().all(is_policy) || (policies.is_empty() && by_name.is_none()) {
        return None;
    }
    let mut said = Vec::new();
    for policy in policies {
        let place = Place::At(source.clone(), policy.get("policyName").unwrap_or(policy).span);
        let Some(level) = by_name.or_else(|| level_of_members(policy)) else {
            let message = "nothing says whether this policy is for applications, subscriptions or operations";
            draft.lost(Code::MigratePolicy, &place, message, DEFINE);
            continue;
        };
        let (policies, notices) = exported_policy(in_control_plane(level), policy.to_json());
        for notice in notices {
            draft.lost(Code::MigratePolicy, &place, notice, DEFINE);
        }
        let lists = [policies.resource, policies.application, policies.subscription];
        for mut policy in lists.into_iter().flatten() {
            if !policy.conditional.is_empty() {
                draft.lost(
                    Code::MigratePolicy,
                    &place,
                    format!(
                        "the conditions of the policy {} are not carried over, only its limit for all other requests",
                        policy.name
                    ),
                    "Conditions come with `mgw pull`.",
                );
                policy.conditional.clear();
            }
            said.push(Said {
                policy: Policy { level, policy },
                place: place.clone(),
            });
        }
    }
    Some(said)
}

/// Adds the policies that are not there yet, and tells of those that are other ones.
pub(super) fn add(said: Vec<Said>, policies: &mut Vec<Policy>, draft: &mut Draft) {
    let of_code = policies.len();
    for Said { policy, place } in said {
        let is_same = |other: &Policy| other.level == policy.level && other.policy.name == policy.policy.name;
        let Some(at) = policies.iter().position(is_same) else {
            policies.push(policy);
            continue;
        };
        let known = policies.get(at).map(|known| describe_policy(&known.policy));
        let (known, is) = (known.unwrap_or_default(), describe_policy(&policy.policy));
        if known == is {
            continue;
        }
        let name = &policy.policy.name;
        match at < of_code {
            true => draft.note(
                Code::MigratePolicy,
                &place,
                format!("the code of the policy {name} has another limit, and that was served: {known}, not {is}"),
                "Nothing is to be done, unless this one is meant: then write it into policies.yaml.",
            ),
            false => draft.lost(
                Code::MigratePolicy,
                &place,
                format!("another file has a policy {name} too: {known}, not {is}"),
                "Write the one that is meant into policies.yaml.",
            ),
        }
    }
}

fn is_policy(node: &Node) -> bool {
    let has_name = node.get("policyName").and_then(Node::as_str).is_some();
    has_name && node.get("defaultLimit").and_then(Node::as_object).is_some()
}

/// What the policies of a file are for by its name, such as `application-throttle-policies.json`.
fn level_of_name(path: &str) -> Option<Level> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    [
        ("subscription", Level::Subscription),
        ("application", Level::Application),
        ("advanced", Level::Resource),
        ("resource", Level::Resource),
    ]
    .into_iter()
    .find_map(|(word, level)| name.contains(word).then_some(level))
}

/// The same by what the control plane says of policies of one kind alone.
fn level_of_members(policy: &Node) -> Option<Level> {
    let has = |names: &[&str]| names.iter().any(|name| policy.get(name).is_some());
    if has(&["conditionalGroups"]) {
        return Some(Level::Resource);
    }
    has(&["stopOnQuotaReach", "billingPlan", "rateLimitCount"]).then_some(Level::Subscription)
}

fn in_control_plane(level: Level) -> PolicyLevel {
    match level {
        Level::Resource => PolicyLevel::Advanced,
        Level::Application => PolicyLevel::Application,
        Level::Subscription => PolicyLevel::Subscription,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    const LIMIT: &str =
        r#""defaultLimit": {"type": "RequestCountLimit", "timeUnit": "min", "unitTime": 1, "requestCount": 30}"#;

    fn policies(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let tree = tree(files);
        let (mut policies, mut draft) = (Vec::new(), Draft::default());
        let said = files
            .iter()
            .filter_map(|(path, _)| read(&tree.root(), path, &mut draft));
        let said = said.flatten().collect();
        add(said, &mut policies, &mut draft);
        draft.findings.sort();
        let shown = |policy: &Policy| {
            format!(
                "{:?} {}: {}",
                policy.level,
                policy.policy.name,
                describe_policy(&policy.policy)
            )
        };
        let told = draft.findings.iter().map(ToString::to_string).collect();
        (policies.iter().map(shown).collect(), told)
    }

    #[test]
    fn policies_are_read_alone_and_in_lists() {
        let one = format!(r#"{{"policyName": "P", {LIMIT}}}"#);
        let tier = format!(r#"{{"policyName": "P", "stopOnQuotaReach": false, {LIMIT}}}"#);
        for (path, text, expected) in [
            (
                "conf/application-throttle-policies.json",
                format!("[{one}]"),
                "Application P: 30 requests per min",
            ),
            (
                "a/Subscription.json",
                format!("{{\"list\": [{one}]}}"),
                "Subscription P: 30 requests per min",
            ),
            ("advanced.json", one.clone(), "Resource P: 30 requests per min"),
            ("p.json", tier, "Subscription P: 30 requests per min, not enforced"),
        ] {
            assert_eq!(
                policies(&[(path, &text)]),
                (vec![expected.to_owned()], Vec::new()),
                "{path}"
            );
        }
        let tree = tree(&[("application.json", "[]"), ("a.json", "[]"), ("b.json", "{\"x\": 1}")]);
        let is_read = |path| read(&tree.root(), path, &mut Draft::default()).is_some();
        assert_eq!(
            ["application.json", "a.json", "b.json"].map(is_read),
            [true, false, false]
        );
    }

    #[test]
    fn what_does_not_carry_over_is_told_at_its_line() {
        let odd = r#"{"policyName": "Odd",
            "defaultLimit": {"type": "NewLimit"}}"#;
        let conditions = format!(
            "{{\"policyName\": \"C\", {LIMIT}, \"conditionalGroups\": [{{\"conditions\": [{{\"type\": \"HeaderCondition\", \"headerName\": \"a\", \"headerValue\": \"b\"}}], \"limit\": {{\"type\": \"RequestCountLimit\", \"timeUnit\": \"min\", \"unitTime\": 1, \"requestCount\": 1}}}}]}}"
        );
        let (read, told) = policies(&[
            (
                "application.json",
                &format!("[{odd},\n{{\"policyName\": \"P\", {LIMIT}}}]"),
            ),
            (
                "application2.json",
                &format!("[{{\"policyName\": \"P\", {}}}]", LIMIT.replace("30", "5")),
            ),
            ("plain.json", &format!("{{\"policyName\": \"Q\", {LIMIT}}}")),
            ("rules.json", &conditions),
        ]);
        assert_eq!(
            read,
            ["Application P: 30 requests per min", "Resource C: 30 requests per min"]
        );
        let starts = [
            "old/application.json:1:17: warning: the application policy Odd has a limit",
            "old/application2.json:1:17: warning: another file has a policy P too: 30 requests per min, not 5",
            "old/plain.json:1:16: warning: nothing says whether this policy",
            "old/rules.json:1:16: warning: the conditions of the policy C are not carried over",
        ];
        assert!(
            told.len() == 4 && told.iter().zip(starts).all(|(line, start)| line.starts_with(start)),
            "{told:#?}"
        );
    }
}
