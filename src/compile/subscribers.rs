//! The policies that pulled applications and subscriptions are under.

use super::known_policies::{Kind, KnownPolicies};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::Api;
use std::collections::{BTreeMap, BTreeSet};

/// Reports policies that nobody defined, each once: callers under them could only be refused. Subscriptions to other APIs
/// than `apis` do not matter. `file` is where policies are defined.
pub(super) fn check(
    snapshot: &SubscriptionSnapshot,
    apis: &[Api],
    known: KnownPolicies<'_>,
    file: &str,
    diagnostics: &mut Diagnostics,
) {
    let built: BTreeSet<&str> = apis.iter().map(|api| api.id.as_str()).collect();
    let mut subscribers = BTreeSet::new();
    let mut missing: BTreeMap<&str, u64> = BTreeMap::new();
    for subscription in &snapshot.subscriptions {
        if !built.contains(subscription.api.as_str()) {
            continue;
        }
        subscribers.insert(subscription.application.as_str());
        if !known.contains(Kind::Subscription, &subscription.policy) {
            *missing.entry(&subscription.policy).or_default() += 1;
        }
    }
    report(Kind::Subscription, missing, known, file, diagnostics);

    let mut missing: BTreeMap<&str, u64> = BTreeMap::new();
    let callers = snapshot.applications.iter();
    for application in callers.filter(|application| subscribers.contains(application.id.as_str())) {
        if !known.contains(Kind::Application, &application.policy) {
            *missing.entry(&application.policy).or_default() += 1;
        }
    }
    report(Kind::Application, missing, known, file, diagnostics);
}

fn report(
    kind: Kind,
    missing: BTreeMap<&str, u64>,
    known: KnownPolicies<'_>,
    file: &str,
    diagnostics: &mut Diagnostics,
) {
    for (policy, users) in missing {
        let users = match (kind, users) {
            (Kind::Application, 1) => "1 pulled application".to_owned(),
            (Kind::Application, users) => format!("{users} pulled applications"),
            (_, 1) => "1 pulled subscription".to_owned(),
            (_, users) => format!("{users} pulled subscriptions"),
        };
        let which = format!(", which belongs to {users}");
        diagnostics.push(known.missing(kind, policy, &which, "calls under it", |message| {
            Diagnostic::file(Code::UnknownPolicy, file, message)
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_bundle::config::Policies;
    use serde_json::json;

    #[test]
    fn policies_of_callers_are_defined() {
        let api = |id: &str| -> Api {
            serde_json::from_value(json!({
                "id": id, "name": "Shop", "version": "1", "base_path": "/shop", "state": "published",
                "transports": {"http": true, "https": true}, "endpoints": {}, "resources": [], "definition": "",
                "source": ""
            }))
            .unwrap()
        };
        let application = |id: &str, policy: &str| json!({"id": id, "name": id, "owner": "ana", "policy": policy});
        let subscription = |api: &str, application: &str, policy: &str| json!({"api": api, "application": application, "policy": policy, "state": "UNBLOCKED"});
        let snapshot: SubscriptionSnapshot = serde_json::from_value(json!({
            "format": 1, "source": "internal-data", "key_mappings": [],
            "applications": [
                application("1", "Unlimited"), application("2", "10PerMinute"), application("3", "Elsewhere"),
            ],
            "subscriptions": [
                subscription("a", "1", "Gold"), subscription("a", "2", "Golden"), subscription("b", "2", "Golden"),
                subscription("other", "3", "Elsewhere"), subscription("b", "1", "Unlimited"),
            ],
        }))
        .unwrap();
        let policy = |name: &str| json!({"name": name, "quota": {"kind": "unlimited"}, "stop_on_quota": true});
        let policies: Policies = serde_json::from_value(json!({
            "resource": [policy("Golden")], "application": [policy("10PerMinutes")], "subscription": [policy("Gold")],
        }))
        .unwrap();
        let found = |compat| {
            let mut diagnostics = Diagnostics::default();
            let known = KnownPolicies::new(&policies, compat);
            check(
                &snapshot,
                &[api("a"), api("b")],
                known,
                "policies.yaml",
                &mut diagnostics,
            );
            diagnostics
                .iter()
                .map(|one| format!("{one} [{}]", one.remedy.as_deref().unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(None),
            [
                "policies.yaml: error: there is no subscription policy `Golden`, which belongs to 2 pulled subscriptions \
                 [Add it to `subscriptionPolicies` in policies.yaml.]",
                "policies.yaml: error: there is no application policy `10PerMinute`, which belongs to 1 pulled \
                 application [Did you mean `10PerMinutes`?]",
            ]
        );
        let compat = found(Some(crate::project::Compat::MicroGw32));
        assert_eq!(compat.len(), 2);
        assert!(
            compat[0].starts_with("policies.yaml: warning: ") && compat[0].contains("refused with 900809"),
            "{compat:?}"
        );
    }
}
