//! Throttling policies into the gateway's form. Both dialects of the administrator's view and the publisher's view are
//! understood; what the gateway cannot do is told, and a policy that cannot be read is left out, so that whatever refers
//! to it is not built instead of being unlimited.

use super::blocks::blocks;
use super::conditions::conditional_limits;
use crate::cloud::control_plane::{PolicyDocuments, PolicyLevel, PolicyView};
use crate::cloud::json;
use crate::compile::time_unit;
use crate::ui::count::Counted;
use mgw_bundle::config::{Block, Burst, Policies, Policy, Quota};
use serde_json::Value;

/// What the publisher's view writes for "no limit".
const PUBLISHER_UNLIMITED: u64 = 2_147_483_647;

/// From here on a publisher's unit time counts milliseconds.
const PUBLISHER_MILLISECONDS: u64 = 1000;

/// Where the publisher's view of 4.x says what is counted.
const QUOTA_KIND: &str = "quotaPolicyType";

/// What follows for a policy that is left out.
const LEFT_OUT: &str = "whatever is under it needs a policy of that name in policies.yaml";

/// Policies in the gateway's form, and what could not be taken over.
#[derive(Debug)]
pub(super) struct Digested {
    /// The policies, sorted.
    pub(super) policies: Policies,
    /// Whole sentences.
    pub(super) notices: Vec<String>,
}

/// Brings all policies into the gateway's form. `former` are the blocks of the pull before: they stay where the user may
/// not see the list, so that nobody is let in for that.
pub(super) fn digest(documents: &PolicyDocuments, former: &[Block]) -> Digested {
    let mut policies = Policies::default();
    let mut notices = Vec::new();
    let mut of_events = Vec::new();
    for (level, document) in &documents.policies {
        let name_key = if documents.view == PolicyView::Admin {
            "policyName"
        } else {
            "name"
        };
        let Some(name) = json::text(document, name_key) else {
            notices.push("a policy without a name was left out".to_owned());
            continue;
        };
        if matches!(name.as_str(), "Unlimited" | "Unauthenticated") {
            continue;
        }
        if documents.view == PolicyView::Admin && counts_events(document) {
            of_events.push(name);
            continue;
        }
        let quota = match documents.view {
            PolicyView::Admin => json::member(document, "defaultLimit").and_then(admin_quota),
            PolicyView::Publisher => publisher_quota(document),
        };
        let Some(quota) = quota else {
            notices.push(format!(
                "the {} policy {name} has a limit that this gateway does not know; {LEFT_OUT}",
                level_name(*level)
            ));
            continue;
        };
        let conditional = match conditional_limits(document) {
            Ok(limits) => limits,
            Err(reason) => {
                notices.push(format!("the policy {name} {reason}; {LEFT_OUT}"));
                continue;
            }
        };
        let (list, stop_on_quota) = match level {
            PolicyLevel::Subscription => (
                &mut policies.subscription,
                json::flag(document, "stopOnQuotaReach").unwrap_or(true),
            ),
            PolicyLevel::Application => (&mut policies.application, true),
            PolicyLevel::Advanced => (&mut policies.resource, true),
        };
        list.push(Policy {
            name,
            quota,
            stop_on_quota,
            burst: burst(document),
            strict: false,
            conditional,
        });
    }
    for list in [
        &mut policies.resource,
        &mut policies.application,
        &mut policies.subscription,
    ] {
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list.dedup_by(|a, b| a.name == b.name);
    }
    if !of_events.is_empty() {
        notices.push(format!(
            "policies that count events, which only streaming APIs have, are left out: {}",
            of_events.join(", ")
        ));
    }
    if documents.view == PolicyView::Publisher {
        // From 4.0 on it says what kind of quota it is, and what the burst limit.
        let is_telling = documents
            .policies
            .iter()
            .any(|(_, policy)| json::member(policy, QUOTA_KIND).is_some());
        let unknown = if is_telling {
            "conditions are"
        } else {
            "burst limits, conditions and data quotas are"
        };
        notices.push(format!(
            "policies come from the publisher's view, because yours is not an administrator's: {unknown} unknown"
        ));
    }
    for level in &documents.hidden {
        notices.push(format!(
            "you may not see the {} policies: whatever is under one needs it in policies.yaml",
            level_name(*level)
        ));
    }
    match &documents.custom_rules {
        Some(rules) => notices.extend(
            rules
                .iter()
                .map(|rule| format!("the custom rule {rule} is left out: its query runs in a traffic manager alone; `customPolicies` in policies.yaml count by a key template")),
        ),
        None => notices.push("you may not see custom rules: should there be any, they are not applied".to_owned()),
    }
    match &documents.blocks {
        Some(list) => {
            let (blocks, unknown) = blocks(list);
            policies.blocks = blocks;
            notices.extend(unknown.iter().map(|kind| {
                format!("an entry of the block list, of {kind} kind, is not known to this gateway and not applied")
            }));
        }
        None if former.is_empty() => {
            notices.push("you may not see the block list: what is blocked there is not blocked here".to_owned());
        }
        None => {
            policies.blocks = former.to_vec();
            notices.push(format!(
                "you may not see the block list: {} of the pull before, and newer ones are not applied",
                Counted(former.len(), "entry stays", "entries stay")
            ));
        }
    }
    Digested { policies, notices }
}

/// A policy that was exported on its own, in the gateway's form, and what could not be taken over.
pub(crate) fn exported_policy(level: PolicyLevel, policy: Value) -> (Policies, Vec<String>) {
    let documents = PolicyDocuments {
        view: PolicyView::Admin,
        policies: vec![(level, policy)],
        hidden: Vec::new(),
        custom_rules: Some(Vec::new()),
        blocks: Some(Vec::new()),
    };
    let Digested { policies, notices } = digest(&documents, &[]);
    (policies, notices)
}

fn level_name(level: PolicyLevel) -> &'static str {
    match level {
        PolicyLevel::Subscription => "subscription",
        PolicyLevel::Application => "application",
        PolicyLevel::Advanced => "advanced",
    }
}

/// The limit of either dialect: flat, or one object per kind.
pub(super) fn admin_quota(limit: &Value) -> Option<Quota> {
    let kind = json::text(limit, "type")?.to_ascii_lowercase();
    match kind.as_str() {
        "requestcountlimit" => {
            let limit = json::member(limit, "requestCount")
                .filter(|inner| inner.is_object())
                .unwrap_or(limit);
            requests(json::count(limit, "requestCount")?, window(limit)?)
        }
        "bandwidthlimit" => {
            let limit = json::member(limit, "bandwidth")
                .filter(|inner| inner.is_object())
                .unwrap_or(limit);
            bandwidth(
                json::count(limit, "dataAmount")?,
                &json::text(limit, "dataUnit")?,
                window(limit)?,
            )
        }
        _ => None,
    }
}

/// Whether it is for streaming APIs, which this gateway does not serve.
fn counts_events(policy: &Value) -> bool {
    let kind = json::member(policy, "defaultLimit").and_then(|limit| json::text(limit, "type"));
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("EVENTCOUNTLIMIT"))
}

/// Every kind of quota has its amount in `requestCount`.
fn publisher_quota(policy: &Value) -> Option<Quota> {
    let count = json::count(policy, "requestCount")?;
    if count >= PUBLISHER_UNLIMITED {
        return Some(Quota::Unlimited);
    }
    let kind = json::text(policy, QUOTA_KIND).unwrap_or_else(|| "REQUESTCOUNT".into());
    let time = json::count(policy, "unitTime")?;
    let window_ms = if time >= PUBLISHER_MILLISECONDS {
        time
    } else {
        let unit = json::text(policy, "timeUnit").unwrap_or_else(|| "min".into());
        time.checked_mul(time_unit::milliseconds(&unit)?)?
    };
    match kind.to_ascii_uppercase().as_str() {
        "REQUESTCOUNT" => requests(count, window_ms),
        "BANDWIDTHVOLUME" => bandwidth(count, &json::text(policy, "dataUnit")?, window_ms),
        _ => None,
    }
}

fn bandwidth(amount: u64, unit: &str, window_ms: u64) -> Option<Quota> {
    let unit = match unit.to_ascii_uppercase().as_str() {
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        _ => return None,
    };
    let bytes = amount.checked_mul(unit)?;
    (bytes > 0 && window_ms > 0).then_some(Quota::Bandwidth { bytes, window_ms })
}

fn requests(count: u64, window_ms: u64) -> Option<Quota> {
    (count > 0 && window_ms > 0).then_some(Quota::Requests { count, window_ms })
}

fn window(limit: &Value) -> Option<u64> {
    let units = json::count(limit, "unitTime").filter(|units| *units > 0)?;
    units.checked_mul(time_unit::milliseconds(&json::text(limit, "timeUnit")?)?)
}

fn burst(policy: &Value) -> Option<Burst> {
    let count = json::count(policy, "rateLimitCount").filter(|count| *count > 0)?;
    let window_ms = time_unit::milliseconds(&json::text(policy, "rateLimitTimeUnit")?)?;
    Some(Burst { count, window_ms })
}

#[cfg(test)]
#[path = "policies_tests.rs"]
mod tests;
