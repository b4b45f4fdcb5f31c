//! Applications, keys and subscriptions into the gateway's snapshot, reduced to what concerns the pulled APIs.

use super::left_out::ReadApplications;
use super::one_api::named;
use crate::cloud::control_plane::{GatewayData, StoreData, VisibleApplication};
use crate::cloud::json;
use crate::lock::LockedApi;
use crate::ui::count::Counted;
use mgw_bundle::snapshot::{
    Application, FORMAT, KeyMapping, KeyType, SnapshotSource, Subscription, SubscriptionSnapshot, SubscriptionState,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A snapshot, and what it lacks.
#[derive(Debug)]
pub(super) struct Joined {
    /// The snapshot.
    pub(super) snapshot: SubscriptionSnapshot,
    /// Whole sentences.
    pub(super) notices: Vec<String>,
    /// Whether subscriptions were listed that could not be taken.
    pub(super) is_partial: bool,
}

/// Joins the data for gateways on its numeric ids.
pub(super) fn from_gateway_data(data: &GatewayData, apis: &[LockedApi]) -> Joined {
    let mut notices = Vec::new();
    let documents = Documents::of(&data.apis);
    let mut api_ids: BTreeMap<String, String> = BTreeMap::new();
    for api in apis {
        let numbers: Vec<String> = documents
            .meant(api)
            .filter_map(|document| json::text(document, "apiId"))
            .collect();
        if numbers.is_empty() {
            notices.push(format!(
                "the data for gateways does not have {}: nobody is subscribed to it here",
                named(&api.name, &api.version)
            ));
        }
        let id = mgw_bundle::api_id(&api.name, &api.version);
        api_ids.extend(numbers.into_iter().map(|number| (number, id.clone())));
    }
    let mut subscriptions = Read::default();
    for subscription in &data.subscriptions {
        let id = json::text(subscription, "apiId");
        let Some(api) = id.as_ref().map(|id| api_ids.get(id)) else {
            subscriptions.unreadable += 1;
            continue;
        };
        // Those of other APIs are of no use here.
        let Some(api) = api else { continue };
        subscriptions.take(
            api.clone(),
            json::text(subscription, "appId"),
            json::text(subscription, "policyId"),
            json::text(subscription, "subscriptionState"),
        );
    }
    let mut applications = ReadApplications::default();
    for application in &data.applications {
        let (id, name) = (json::text(application, "id"), json::text(application, "name"));
        applications.take(id, name, |id, name| Application {
            id,
            uuid: json::text(application, "uuid"),
            name,
            owner: json::text(application, "subName").unwrap_or_default(),
            policy: json::text(application, "policy").unwrap_or_else(|| "Unlimited".into()),
        });
    }
    let keys = data
        .key_mappings
        .iter()
        .filter_map(|mapping| key_mapping(mapping, json::text(mapping, "applicationId")?));
    let mut joined = finish(
        SnapshotSource::InternalData,
        applications,
        keys.collect(),
        subscriptions,
        &BTreeSet::new(),
    );
    joined.notices.extend(notices);
    joined
}

/// The APIs of the data for gateways, as one looks for them: there may be ten thousand of them and of those pulled.
struct Documents<'a>(HashMap<Identity, Vec<&'a Value>>);

/// What an API of the data for gateways is known by.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    /// From 4.0 on there is the id by which everybody else knows it.
    Uuid(String),
    /// Name, version and owner. Other owners may have one of the same name and version.
    Owned(String, String, Option<String>),
}

impl<'a> Documents<'a> {
    fn of(apis: &'a [Value]) -> Self {
        let mut documents: HashMap<Identity, Vec<&Value>> = HashMap::new();
        for document in apis {
            if let Some(identity) = identity(document) {
                documents.entry(identity).or_default().push(document);
            }
        }
        Self(documents)
    }

    /// Those that are the pulled API. Who subscribes to others has no right to it.
    fn meant(&self, api: &LockedApi) -> impl Iterator<Item = &'a Value> {
        let owner = api.provider.as_deref().map(provider_name);
        let owned = Identity::Owned(api.name.clone(), api.version.clone(), owner);
        [Identity::Uuid(api.id.clone()), owned]
            .into_iter()
            .flat_map(|identity| self.0.get(&identity).into_iter().flatten().copied())
    }
}

/// `None` for a product, which may have the name and version of an API, and for what nobody can know.
fn identity(document: &Value) -> Option<Identity> {
    let kind = json::text(document, "apiType").unwrap_or_default();
    if kind.to_ascii_uppercase().contains("PRODUCT") {
        return None;
    }
    if let Some(uuid) = json::text(document, "uuid") {
        return Some(Identity::Uuid(uuid));
    }
    let owner = json::text(document, "provider").as_deref().map(provider_name);
    Some(Identity::Owned(
        json::text(document, "name")?,
        json::text(document, "version")?,
        owner,
    ))
}

/// The owner as every part of the control plane would write it.
fn provider_name(name: &str) -> String {
    let name = name.replace("-AT-", "@").to_lowercase();
    name.strip_suffix("@carbon.super").unwrap_or(&name).to_owned()
}

/// The lower, the less a state permits.
fn permissiveness(state: SubscriptionState) -> u8 {
    match state {
        SubscriptionState::Blocked => 0,
        SubscriptionState::Rejected => 1,
        SubscriptionState::OnHold => 2,
        SubscriptionState::Unknown => 3,
        SubscriptionState::ProdOnlyBlocked => 4,
        SubscriptionState::TierUpdatePending => 5,
        SubscriptionState::Unblocked => 6,
    }
}

/// Joins the publisher's subscriptions with the store's applications; without either the token's own claims decide.
pub(super) fn from_store_data(data: &StoreData, apis: &[LockedApi]) -> Joined {
    let (Some(listed), Some(visible)) = (&data.subscriptions, &data.applications) else {
        return token_claims();
    };
    let by_id: BTreeMap<&str, &LockedApi> = apis.iter().map(|api| (api.id.as_str(), api)).collect();
    let mut subscriptions = Read::default();
    for (id, subscription) in listed {
        let Some(api) = by_id.get(id.as_str()) else { continue };
        let application = json::member(subscription, "applicationInfo")
            .and_then(|application| json::text(application, "applicationId"))
            .or_else(|| json::text(subscription, "applicationId"));
        let status = json::text(subscription, "subscriptionStatus").or_else(|| json::text(subscription, "status"));
        subscriptions.take(
            mgw_bundle::api_id(&api.name, &api.version),
            application,
            json::text(subscription, "throttlingPolicy"),
            status,
        );
    }
    let mut applications = ReadApplications::default();
    for VisibleApplication { application, .. } in visible {
        let (id, name) = (
            json::text(application, "applicationId"),
            json::text(application, "name"),
        );
        applications.take(id, name, |id, name| Application {
            uuid: None,
            id,
            name,
            owner: json::text(application, "owner").unwrap_or_default(),
            policy: json::text(application, "throttlingPolicy").unwrap_or_else(|| "Unlimited".into()),
        });
    }
    let keys = visible.iter().flat_map(|visible| {
        let id = json::text(&visible.application, "applicationId");
        let keys = visible.keys.iter().flatten();
        keys.filter_map(move |key| key_mapping(key, id.clone()?))
    });
    let without_keys = visible.iter().filter(|visible| visible.keys.is_none());
    let hidden = without_keys.filter_map(|visible| json::text(&visible.application, "applicationId"));
    finish(
        SnapshotSource::PublisherAndStore,
        applications,
        keys.collect(),
        subscriptions,
        &hidden.collect(),
    )
}

/// Subscriptions as they are read.
#[derive(Debug, Default)]
struct Read {
    subscriptions: Vec<Subscription>,
    /// How many there are that say too little to be of use.
    unreadable: usize,
}

impl Read {
    fn take(&mut self, api: String, application: Option<String>, policy: Option<String>, status: Option<String>) {
        match (application, policy) {
            (Some(application), Some(policy)) => self.subscriptions.push(Subscription {
                api,
                application,
                policy,
                state: state(status),
            }),
            _ => self.unreadable += 1,
        }
    }
}

/// The control plane offers nothing.
fn token_claims() -> Joined {
    Joined {
        snapshot: SubscriptionSnapshot {
            format: FORMAT,
            source: SnapshotSource::TokenClaims,
            applications: Vec::new(),
            key_mappings: Vec::new(),
            subscriptions: Vec::new(),
        },
        notices: Vec::new(),
        is_partial: false,
    }
}

/// Keeps the applications that subscribe to a pulled API, and their keys. A subscription whose application is not
/// visible is of no use: nothing says which tokens belong to it. `hidden_keys` are the applications whose keys are not
/// shown.
fn finish(
    source: SnapshotSource,
    mut read: ReadApplications,
    mut key_mappings: Vec<KeyMapping>,
    subscriptions: Read,
    hidden_keys: &BTreeSet<String>,
) -> Joined {
    let mut applications = std::mem::take(&mut read.applications);
    let known: BTreeSet<String> = applications.iter().map(|application| application.id.clone()).collect();
    let Read {
        subscriptions,
        unreadable,
    } = subscriptions;
    let (mut subscriptions, left_out): (Vec<_>, Vec<_>) = subscriptions
        .into_iter()
        .partition(|subscription| known.contains(&subscription.application));
    let used: BTreeSet<String> = subscriptions
        .iter()
        .map(|subscription| subscription.application.clone())
        .collect();
    applications.retain(|application| used.contains(&application.id));
    key_mappings.retain(|mapping| used.contains(&mapping.application));
    applications.sort_by(|a, b| a.id.cmp(&b.id));
    applications.dedup_by(|a, b| a.id == b.id);
    key_mappings.sort_by(|a, b| a.consumer_key.cmp(&b.consumer_key));
    key_mappings.dedup_by(|a, b| a.consumer_key == b.consumer_key && a.key_manager == b.key_manager);
    // Of several entries for the same, the one that permits least is kept.
    subscriptions.sort_by(|a, b| {
        let key = |one: &Subscription| (permissiveness(one.state), one.policy.clone());
        (&a.api, &a.application)
            .cmp(&(&b.api, &b.application))
            .then_with(|| key(a).cmp(&key(b)))
    });
    subscriptions.dedup_by(|a, b| a.api == b.api && a.application == b.application);
    let is_partial = unreadable > 0 || !left_out.is_empty();
    let mut notices = Vec::new();
    if unreadable > 0 {
        notices.push(format!(
            "{} without an API, an application or a policy, and left out",
            Counted(unreadable, "subscription is", "subscriptions are")
        ));
    }
    notices.extend(read.reasons(source, &left_out));
    let with_keys: BTreeSet<&str> = key_mappings
        .iter()
        .map(|mapping| mapping.application.as_str())
        .collect();
    for application in &applications {
        if with_keys.contains(application.id.as_str()) {
            continue;
        }
        notices.push(match hidden_keys.contains(&application.id) {
            true => format!(
                "the keys of the application {} are not shown to you: its tokens are not known here",
                application.name
            ),
            false => format!("the application {} has no keys yet", application.name),
        });
    }
    Joined {
        snapshot: SubscriptionSnapshot {
            format: FORMAT,
            source,
            applications,
            key_mappings,
            subscriptions,
        },
        notices,
        is_partial,
    }
}

fn key_mapping(mapping: &Value, application: String) -> Option<KeyMapping> {
    let key_type = match json::text(mapping, "keyType")?.to_ascii_uppercase().as_str() {
        "PRODUCTION" => KeyType::Production,
        "SANDBOX" => KeyType::Sandbox,
        _ => return None,
    };
    Some(KeyMapping {
        consumer_key: json::text(mapping, "consumerKey")?,
        application,
        key_type,
        key_manager: json::text(mapping, "keyManager"),
    })
}

fn state(text: Option<String>) -> SubscriptionState {
    match text.as_deref() {
        Some("UNBLOCKED") => SubscriptionState::Unblocked,
        Some("TIER_UPDATE_PENDING") => SubscriptionState::TierUpdatePending,
        Some("ON_HOLD") => SubscriptionState::OnHold,
        Some("BLOCKED") => SubscriptionState::Blocked,
        Some("PROD_ONLY_BLOCKED") => SubscriptionState::ProdOnlyBlocked,
        Some("REJECTED") => SubscriptionState::Rejected,
        _ => SubscriptionState::Unknown,
    }
}

#[cfg(test)]
#[path = "subscriptions_tests.rs"]
mod tests;
