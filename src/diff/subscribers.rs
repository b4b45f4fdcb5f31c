//! Applications, keys and subscriptions. Applications go by owner and name, because ids depend on where they were read.

use super::change::{About, Changes};
use super::{Side, limits};
use crate::ui::count::Counted;
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::Policy;
use mgw_bundle::snapshot::{Application, KeyMapping, KeyType, SnapshotSource, Subscription, SubscriptionState};
use std::collections::BTreeMap;

/// Compares subscription data.
pub(super) fn compare(before: Side<'_>, after: Side<'_>, changes: &mut Changes) {
    fn checked(side: Side<'_>) -> Option<&SubscriptionSnapshot> {
        side.snapshot.filter(|data| data.source != SnapshotSource::TokenClaims)
    }
    let (was, is) = match (checked(before), checked(after)) {
        (None, None) => return,
        (Some(_), None) => {
            let mut about = changes.about("subscriptions");
            about.weakening("there is no list of them any more: tokens say what they are for");
            return about.breaking(
                "whoever is in the list and has an access token without the claim `subscribedAPIs`, or with one that does not \
                 name the API, is refused",
            );
        }
        (None, Some(_)) => {
            let mut about = changes.about("subscriptions");
            return about.breaking("there is a list of them: whoever is not in it is refused");
        }
        (Some(was), Some(is)) => {
            if was.source != is.source {
                // What that changes is told one by one.
                let mut about = changes.about("subscriptions");
                about.cosmetic(format!(
                    "they come from {}, not from {}",
                    place(is.source),
                    place(was.source)
                ));
            }
            (Data::new(was, before), Data::new(is, after))
        }
    };
    for (who, application) in &is.applications {
        let mut about = changes.about(format!("application {} of {}", who.1, who.0));
        match was.applications.get(who) {
            None => about.compatible("it is new"),
            Some(old) => policy(
                "the application",
                (&old.policy, &before.config.policies.application),
                (&application.policy, &after.config.policies.application),
                &mut about,
            ),
        }
    }
    for who in was
        .applications
        .keys()
        .filter(|who| !is.applications.contains_key(*who))
    {
        changes
            .about(format!("application {} of {}", who.1, who.0))
            .breaking("it is gone");
    }
    compare_keys(&was, &is, changes);
    for ((api, who), subscription) in &is.subscriptions {
        let mut about = changes.about(format!("subscription of {} to {api}", who.1));
        let Some(old) = was.subscriptions.get(&(api.clone(), who.clone())) else {
            about.compatible("it is new");
            continue;
        };
        policy(
            "it",
            (&old.policy, &before.config.policies.subscription),
            (&subscription.policy, &after.config.policies.subscription),
            &mut about,
        );
        match rank(subscription.state).cmp(&rank(old.state)) {
            std::cmp::Ordering::Greater => about.weakening("it is blocked no more"),
            std::cmp::Ordering::Less => about.breaking("it is blocked, or not yet approved"),
            std::cmp::Ordering::Equal => {}
        }
    }
    for (api, who) in was
        .subscriptions
        .keys()
        .filter(|key| !is.subscriptions.contains_key(*key))
    {
        changes
            .about(format!("subscription of {} to {api}", who.1))
            .breaking("it is gone");
    }
}

type Who = (String, String);

/// Subscription data by what is the same on both sides.
struct Data<'a> {
    applications: BTreeMap<Who, &'a Application>,
    subscriptions: BTreeMap<(String, Who), &'a Subscription>,
    keys: BTreeMap<(&'a str, Who), &'a KeyMapping>,
}

impl<'a> Data<'a> {
    fn new(snapshot: &'a SubscriptionSnapshot, side: Side<'_>) -> Self {
        let who = |application: &Application| (application.owner.clone(), application.name.clone());
        let by_id: BTreeMap<&str, Who> = snapshot
            .applications
            .iter()
            .map(|application| (application.id.as_str(), who(application)))
            .collect();
        let names: BTreeMap<&str, String> = side
            .config
            .apis
            .iter()
            .map(|api| (api.id.as_str(), format!("{} {}", api.name, api.version)))
            .collect();
        Self {
            applications: snapshot
                .applications
                .iter()
                .map(|application| (who(application), application))
                .collect(),
            // A subscription to an API that is gone is told with the API.
            subscriptions: snapshot
                .subscriptions
                .iter()
                .filter_map(|subscription| {
                    let api = names.get(subscription.api.as_str())?.clone();
                    Some((
                        (api, by_id.get(subscription.application.as_str())?.clone()),
                        subscription,
                    ))
                })
                .collect(),
            keys: snapshot
                .key_mappings
                .iter()
                .filter_map(|key| {
                    let who = by_id.get(key.application.as_str())?.clone();
                    Some(((key.consumer_key.as_str(), who), key))
                })
                .collect(),
        }
    }
}

/// Consumer keys are no secrets, but their applications say more than they do.
fn compare_keys(was: &Data<'_>, is: &Data<'_>, changes: &mut Changes) {
    let mut counts: BTreeMap<(&Who, KeyChange), usize> = BTreeMap::new();
    let of_known = is
        .keys
        .iter()
        .filter(|((_, who), _)| was.applications.contains_key(who));
    for (key, mapping) in of_known {
        for change in key_changes(was.keys.get(key).copied(), mapping) {
            *counts.entry((&key.1, change)).or_default() += 1;
        }
    }
    for (key, _) in was.keys.iter().filter(|(key, _)| !is.keys.contains_key(*key)) {
        if is.applications.contains_key(&key.1) {
            *counts.entry((&key.1, KeyChange::Gone)).or_default() += 1;
        }
    }
    for ((who, change), count) in counts {
        let keys = Counted(count, "key", "keys");
        let mut about = changes.about(format!("application {} of {}", who.1, who.0));
        match change {
            KeyChange::New => about.compatible(format!("it has {keys} more")),
            KeyChange::Gone => about.breaking(format!("it has {keys} less")),
            KeyChange::ToProduction => {
                let reach = Counted(count, "key of it reaches", "keys of it reach");
                about.weakening(format!("{reach} production, and no sandbox any more"));
                about.breaking(format!("the sandbox is not reached with {keys} of it any more"));
            }
            KeyChange::ToSandbox => {
                let reach = Counted(count, "key of it reaches", "keys of it reach");
                about.breaking(format!("{reach} the sandbox, and production no more"));
            }
            // The gateway does not look at it: which issuers it trusts is in its own settings.
            KeyChange::KeyManager => {
                let are = Counted(count, "key of it is", "keys of it are");
                about.cosmetic(format!("{are} listed under another key manager"));
            }
        }
    }
}

/// What may become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum KeyChange {
    New,
    Gone,
    ToProduction,
    ToSandbox,
    KeyManager,
}

fn key_changes(before: Option<&KeyMapping>, after: &KeyMapping) -> Vec<KeyChange> {
    let Some(before) = before else {
        return vec![KeyChange::New];
    };
    let kind = match (before.key_type, after.key_type) {
        (KeyType::Sandbox, KeyType::Production) => Some(KeyChange::ToProduction),
        (KeyType::Production, KeyType::Sandbox) => Some(KeyChange::ToSandbox),
        _ => None,
    };
    // Not every source tells it.
    let is_elsewhere =
        matches!((&before.key_manager, &after.key_manager), (Some(before), Some(after)) if before != after);
    let key_manager = is_elsewhere.then_some(KeyChange::KeyManager);
    kind.into_iter().chain(key_manager).collect()
}

fn place(source: SnapshotSource) -> &'static str {
    match source {
        SnapshotSource::InternalData => "the control plane's data for gateways, with the keys of all",
        SnapshotSource::PublisherAndStore => "what the signed-in user may see",
        SnapshotSource::TokenClaims => "the claims of tokens",
    }
}

/// The same name with other numbers is told once, about the policy.
fn policy(what: &str, before: (&str, &[Policy]), after: (&str, &[Policy]), about: &mut About<'_>) {
    if before.0 == after.0 {
        return;
    }
    let find = |(name, policies): (&str, &[Policy])| match name {
        "Unlimited" => Some(limits::unlimited()),
        name => policies.iter().find(|policy| policy.name == name).cloned(),
    };
    let sentence = format!("{what} is under the policy {}, not {}", after.0, before.0);
    match (find(before), find(after)) {
        (Some(was), Some(is)) => limits::policy(&was, &is).tell(&sentence, about),
        // Requests under a policy that nobody defined are refused.
        (_, None) => about.breaking(sentence),
        (None, Some(_)) => about.weakening(sentence),
    }
}

/// How much a subscription lets through.
fn rank(state: SubscriptionState) -> u8 {
    match state {
        SubscriptionState::Unblocked | SubscriptionState::TierUpdatePending => 2,
        SubscriptionState::ProdOnlyBlocked => 1,
        SubscriptionState::OnHold
        | SubscriptionState::Blocked
        | SubscriptionState::Rejected
        | SubscriptionState::Unknown => 0,
    }
}
