//! The limits of a request, with the policies that they come from.

use super::report::ToldLimit;
use crate::compile::{PolicySection, ProjectPlaces, describe_window};
use mgw_bundle::config::{Api, Policies, Resource};
use mgw_runtime::auth::Grant;
use mgw_runtime::throttle::{AppliedLimit, LevelKind};

/// The policy of callers without credentials.
const UNAUTHENTICATED: &str = "Unauthenticated";

/// Tells the limits, in their order.
pub(super) fn told(
    applied: &[AppliedLimit],
    api: &Api,
    resource: &Resource,
    grant: Option<&Grant>,
    policies: &Policies,
    places: Option<&ProjectPlaces>,
) -> Vec<ToldLimit> {
    let mut custom = policies.custom.iter().map(|custom| custom.policy.name.as_str());
    let tell = |limit: &AppliedLimit| {
        let (section, policy) = match limit.level {
            LevelKind::Api => (
                PolicySection::Resource,
                api.policy.as_ref().map(|policy| policy.name.as_str()),
            ),
            LevelKind::Resource => (
                PolicySection::Resource,
                resource.policy.as_ref().map(|policy| policy.name.as_str()),
            ),
            LevelKind::Subscription => {
                let named = grant.map_or(UNAUTHENTICATED, |grant| grant.subscription_policy.as_str());
                (PolicySection::Subscription, Some(named))
            }
            LevelKind::Application => (
                PolicySection::Application,
                grant.map(|grant| grant.application_policy.as_str()),
            ),
            // One that does not apply leaves no limit, so that which one it is can be told only where there is no choice.
            LevelKind::Custom => (
                PolicySection::Custom,
                custom.next().filter(|_| policies.custom.len() == 1),
            ),
        };
        let place = places
            .zip(policy)
            .and_then(|(places, policy)| places.policy(section, policy));
        ToldLimit {
            level: limit.level.name(),
            policy: policy.map(str::to_owned),
            what: limit.quantity.map(|quantity| quantity.what),
            count: limit.quantity.map(|quantity| quantity.count),
            window_ms: limit.quantity.map(|quantity| quantity.window_ms),
            stops: limit.quantity.is_none_or(|quantity| quantity.stops),
            place: place.map(|place| place.to_string()),
        }
    };
    applied.iter().map(tell).collect()
}

/// A limit in a line.
pub(super) fn line(limit: &ToldLimit) -> String {
    let policy = limit.policy.as_deref().unwrap_or("a custom policy");
    let (Some(what), Some(count), Some(window)) = (limit.what, limit.count, limit.window_ms) else {
        return format!("{}: {policy}, which nobody has defined", limit.level);
    };
    let unit = match what {
        "bytes" => "bytes",
        "burst" => "requests at once",
        _ => "requests",
    };
    let stops = if limit.stops { "" } else { ", not enforced" };
    format!(
        "{}: {policy}, {count} {unit} per {}{stops}",
        limit.level,
        describe_window(window)
    )
}
