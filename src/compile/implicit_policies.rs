//! Policies that nobody names: those of callers who have no subscription.

use super::known_policies::{Kind, KnownPolicies};
use crate::diagnostics::{About, Code, Diagnostic, Diagnostics, Severity};
use mgw_bundle::config::{Api, Resource, Scheme};

/// Callers of open operations are under this one. Source: reference, section 4.5.
const OPEN: &str = "Unauthenticated";
/// All others of whom no subscription is known are under this one. Source: reference, section 4.5.
const WITHOUT_SUBSCRIPTION: &str = "Default";

/// Tells which of them nobody defined. `has_subscriptions`: whether the project knows subscriptions of its callers.
pub(super) fn check(
    apis: &[Api],
    policies: KnownPolicies<'_>,
    has_subscriptions: bool,
    file: &str,
    diagnostics: &mut Diagnostics,
) {
    let missing = |policy, is_under: &dyn Fn(&Resource) -> bool| {
        let api = apis.iter().find(|api| api.resources.iter().any(is_under))?;
        (!policies.contains(Kind::Subscription, policy)).then_some(api)
    };
    if let Some(api) = missing(OPEN, &|resource| !resource.security.enabled) {
        let which = format!(", which the open operations of {}:{} are under", api.name, api.version);
        diagnostics.push(
            policies.missing(Kind::Subscription, OPEN, &which, "their calls", |message| {
                Diagnostic::file(Code::UnknownPolicy, file, message).about(About::api(api))
            }),
        );
    }
    let is_under = |resource: &Resource| {
        let security = &resource.security;
        // Users of the gateway and holders of certificates have no subscriptions at all.
        let takes_users = || {
            security
                .alternatives
                .iter()
                .any(|one| one.schemes.contains(&Scheme::Basic))
        };
        security.enabled && (!has_subscriptions || security.optional || takes_users())
    };
    if let Some(api) = missing(WITHOUT_SUBSCRIPTION, &is_under) {
        let message = format!(
            "there is no subscription policy `{WITHOUT_SUBSCRIPTION}`, which callers of {}:{} without a subscription are \
             under; they are going to be refused with 900809",
            api.name, api.version
        );
        let finding = Diagnostic::file(Code::UnknownPolicy, file, message).about(About::api(api));
        // All callers may have one.
        diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            ..finding.remedy("Add it to `subscriptionPolicies` in policies.yaml.")
        });
    }
}
