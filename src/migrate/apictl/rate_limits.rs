//! Rate limiting policies that were exported on their own: they come where those of a pull would be.

use super::api_file::{Unreadable, parse};
use super::custom_rule::{self, CustomRule};
use crate::cloud::control_plane::PolicyLevel;
use crate::cloud::pull::{document, exported_policy};
use crate::diagnostics::Code;
use crate::migrate::MigrateError;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::yaml::{Format, Node};
use mgw_bundle::config::{Policies, Policy};
use mgw_runtime::throttle::MAX_CUSTOM_POLICIES;
use std::collections::BTreeSet;

/// What the files say they are.
const KIND: &str = "throttling policy";
/// Where policies of the control plane are in a project.
const TARGET: &str = "gen/control-plane/policies.json";

/// The policies, and the files that they are in.
#[derive(Debug, Default)]
pub(super) struct RateLimits {
    policies: Policies,
    custom: Vec<CustomRule>,
    pub(super) seen: BTreeSet<String>,
}

impl RateLimits {
    /// Reads every policy outside the folders of APIs; what is no policy is passed over.
    pub(super) fn read(root: &Branch<'_>, is_of_api: impl Fn(&str) -> bool, draft: &mut Draft) -> Self {
        let mut limits = Self::default();
        for path in root.files() {
            if Format::of_name(path).is_none() || is_of_api(path) {
                continue;
            }
            // Parsing is for files that may be meant.
            let names_it = |bytes: Vec<u8>| bytes.windows(KIND.len()).any(|window| window == KIND.as_bytes());
            if !root.read(path).is_ok_and(names_it) {
                continue;
            }
            match parse(root, path) {
                Ok((source, node)) if node.get("type").and_then(Node::as_str) == Some(KIND) => {
                    limits.seen.insert(path.to_owned());
                    let span = node.at(["data", "policyName"]).map_or(node.span, |name| name.span);
                    limits.take(&node, &Place::At(source, span), draft);
                }
                Ok(_) | Err(Unreadable::Tree(_)) => {}
                Err(Unreadable::Syntax(finding)) => {
                    limits.seen.insert(path.to_owned());
                    draft.findings.push(*finding);
                }
            }
        }
        limits
    }

    fn take(&mut self, node: &Node, place: &Place, draft: &mut Draft) {
        let lost = |draft: &mut Draft, message: String| {
            let remedy = "Define it in policies.yaml, as far as that has words for it.";
            draft.lost(Code::MigratePolicy, place, message, remedy);
        };
        let kind = node.get("subtype").and_then(Node::as_str).unwrap_or_default();
        let level = match kind.to_ascii_lowercase().split(' ').next().unwrap_or_default() {
            "subscription" => PolicyLevel::Subscription,
            "application" => PolicyLevel::Application,
            "advanced" => PolicyLevel::Advanced,
            "custom" => return self.take_rule(node, place, draft),
            _ => {
                return lost(
                    draft,
                    "policies of this kind are not applied by this gateway".to_owned(),
                );
            }
        };
        let data = node.get("data").map(Node::to_json).unwrap_or_default();
        let (policies, notices) = exported_policy(level, data);
        for notice in notices {
            lost(draft, notice);
        }
        for (into, from) in [
            (&mut self.policies.resource, policies.resource),
            (&mut self.policies.application, policies.application),
            (&mut self.policies.subscription, policies.subscription),
        ] {
            for policy in from {
                if into.iter().any(|other: &Policy| other.name == policy.name) {
                    lost(draft, format!("another file has a policy `{}` too", policy.name));
                    continue;
                }
                draft.carried.policies += 1;
                into.push(policy);
            }
        }
    }

    /// Takes a custom rule, where its query counts each request under its key and nothing else.
    fn take_rule(&mut self, node: &Node, place: &Place, draft: &mut Draft) {
        let text = |key: &str| node.at(["data", key]).and_then(Node::as_str);
        let name = text("policyName").unwrap_or_default();
        let rule = text("keyTemplate")
            .zip(text("siddhiQuery"))
            .map(|(template, query)| custom_rule::read(name, template, query));
        match rule {
            Some(Ok(policy)) if self.custom.len() < MAX_CUSTOM_POLICIES => {
                if self.custom.iter().any(|other| other.name == policy.name) {
                    let message = format!("another file has a custom rule `{name}` too");
                    draft.lost(Code::MigratePolicy, place, message, "Migrate one of them only.");
                    return;
                }
                draft.carried.policies += 1;
                self.custom.push(policy);
            }
            rule => {
                let why = match rule {
                    Some(Err(why)) => why,
                    Some(Ok(_)) => format!("a project has at most {MAX_CUSTOM_POLICIES}"),
                    None => "it has no `keyTemplate` and `siddhiQuery`".to_owned(),
                };
                draft.lost(
                    Code::MigratePolicy,
                    place,
                    format!("the custom rule `{name}` is not applied: {why}"),
                    "Write it under `customPolicies` in policies.yaml where the limit is meant for whoever calls: see \"Limits by a key of your own\" in the documentation.",
                );
            }
        }
    }

    /// The custom rules as they stand in `policies.yaml`; nothing where there are none.
    pub(super) fn custom(&self) -> String {
        custom_rule::section(&self.custom)
    }

    /// Whether APIs and operations can be under a policy of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.policies.resource.iter().any(|policy| policy.name == name)
    }

    /// Puts the policies into the draft.
    pub(super) fn write(mut self, draft: &mut Draft) -> Result<(), MigrateError> {
        let Policies {
            resource,
            application,
            subscription,
            ..
        } = &mut self.policies;
        if resource.is_empty() && application.is_empty() && subscription.is_empty() {
            return Ok(());
        }
        for list in [resource, application, subscription] {
            list.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let bytes = document(&self.policies).map_err(MigrateError::Document)?;
        draft.files.insert(TARGET.into(), bytes);
        Ok(())
    }
}
