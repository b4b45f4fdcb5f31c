//! How much is let through.

use super::callers::is_open;
use crate::audit::finding::{Finding, Subject, name, operation};
use crate::diagnostics::Code;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, ApiKind, Policy, PolicyRef, Quota};

/// The subscription policy of callers who show nothing, counted for each address.
const UNAUTHENTICATED: &str = "Unauthenticated";

/// Operations that everybody may call as often as they like.
pub(super) fn open_and_unlimited<'a>(api: &'a Api, config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let limits = |policy: &Policy| policy.quota != Quota::Unlimited || policy.burst.is_some();
    let is_limited = |policy: &PolicyRef| {
        let index = policy.index.and_then(|index| usize::try_from(index).ok());
        let policy = index.and_then(|index| config.policies.resource.get(index));
        policy.is_some_and(limits)
    };
    let of_callers = config
        .policies
        .subscription
        .iter()
        .find(|policy| policy.name == UNAUTHENTICATED);
    // What is beyond a burst is refused whatever becomes of the quota.
    let stops = |policy: &Policy| policy.burst.is_some() || policy.quota != Quota::Unlimited && policy.stop_on_quota;
    let is_limited_anyway = of_callers.is_some_and(stops)
        || api.policy.as_ref().is_some_and(is_limited)
        || !config.policies.custom.is_empty();
    if is_limited_anyway {
        return;
    }
    for resource in api.resources.iter().filter(|resource| is_open(resource)) {
        if resource.policy.as_ref().is_some_and(is_limited) {
            continue;
        }
        let message = format!(
            "everybody may call {} of {} without a limit",
            operation(resource),
            name(api)
        );
        let tier = match api.kind {
            ApiKind::Grpc => "wso2.throttling_tier",
            _ => "x-wso2-throttling-tier",
        };
        let remedy = format!(
            "Limit the subscription policy `Unauthenticated`, or set `{tier}`: one caller can use up the backend."
        );
        let subject = Subject::Operation(api, resource);
        findings.push(Finding::warning(Code::OpenUnlimited, subject, message, remedy));
    }
}
