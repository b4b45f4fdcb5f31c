//! Applications, keys and subscriptions into the gateway's snapshot, reduced to what concerns the pulled APIs.

use super::one_api::named;
use crate::cloud::control_plane::{GatewayData, StoreData};
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
    let applications = data.applications.iter().filter_map(|application| {
        Some(Application {
            id: json::text(application, "id")?,
            uuid: json::text(application, "uuid"),
            name: json::text(application, "name")?,
            owner: json::text(application, "subName").unwrap_or_default(),
            policy: json::text(application, "policy").unwrap_or_else(|| "Unlimited".into()),
        })
    });
    let keys = data
        .key_mappings
        .iter()
        .filter_map(|mapping| key_mapping(mapping, json::text(mapping, "applicationId")?));
    let mut joined = finish(
        SnapshotSource::InternalData,
        applications.collect(),
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
    let applications = visible.iter().filter_map(|visible| {
        let application = &visible.application;
        let id = json::text(application, "applicationId")?;
        Some(Application {
            uuid: None,
            id,
            name: json::text(application, "name")?,
            owner: json::text(application, "owner").unwrap_or_default(),
            policy: json::text(application, "throttlingPolicy").unwrap_or_else(|| "Unlimited".into()),
        })
    });
    let keys = visible.iter().flat_map(|visible| {
        let id = json::text(&visible.application, "applicationId");
        let keys = visible.keys.iter().flatten();
        keys.filter_map(move |key| key_mapping(key, id.clone()?))
    });
    let without_keys = visible.iter().filter(|visible| visible.keys.is_none());
    let hidden = without_keys.filter_map(|visible| json::text(&visible.application, "applicationId"));
    finish(
        SnapshotSource::PublisherAndStore,
        applications.collect(),
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
    }
}

/// Keeps the applications that subscribe to a pulled API, and their keys. A subscription whose application is not
/// visible is of no use: nothing says which tokens belong to it. `hidden_keys` are the applications whose keys are not
/// shown.
fn finish(
    source: SnapshotSource,
    mut applications: Vec<Application>,
    mut key_mappings: Vec<KeyMapping>,
    subscriptions: Read,
    hidden_keys: &BTreeSet<String>,
) -> Joined {
    let known: BTreeSet<String> = applications.iter().map(|application| application.id.clone()).collect();
    let Read {
        mut subscriptions,
        unreadable,
    } = subscriptions;
    let all = subscriptions.len();
    subscriptions.retain(|subscription| known.contains(&subscription.application));
    let hidden = all - subscriptions.len();
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
    let mut notices = Vec::new();
    if unreadable > 0 {
        notices.push(format!(
            "{} without an API, an application or a policy, and left out",
            Counted(unreadable, "subscription is", "subscriptions are")
        ));
    }
    if hidden > 0 {
        notices.push(format!(
            "{} of applications of others, which you may not see, and left out",
            Counted(hidden, "subscription is", "subscriptions are")
        ));
    }
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
mod tests {
    use super::*;
    use crate::cloud::control_plane::VisibleApplication;
    use serde_json::json;

    fn apis() -> Vec<LockedApi> {
        vec![LockedApi {
            id: "uuid-1".into(),
            provider: Some("ana@meridian".into()),
            ..LockedApi::sample("Ledger", "2", b"")
        }]
    }

    #[test]
    fn gateway_data_is_joined_on_numbers() {
        let data = GatewayData {
            apis: vec![
                json!({"apiId": 41, "name": "Ledger", "version": "2", "context": "/l/2", "provider": "ana-AT-meridian"}),
                json!({"apiId": 42, "name": "Other", "version": "2", "provider": "ana@meridian"}),
            ],
            applications: vec![
                json!({"id": 12, "name": "Till", "subName": "ana", "policy": "50PerMin"}),
                json!({"id": 13, "name": "Unused", "subName": "ana", "policy": "50PerMin"}),
            ],
            key_mappings: vec![
                json!({"applicationId": 12, "consumerKey": "z", "keyType": "SANDBOX", "keyManager": "Resident Key Manager"}),
                json!({"applicationId": 12, "consumerKey": "a", "keyType": "PRODUCTION"}),
                json!({"applicationId": 13, "consumerKey": "u", "keyType": "PRODUCTION"}),
                json!({"applicationId": 12, "keyType": "PRODUCTION"}),
            ],
            subscriptions: vec![
                json!({"apiId": 41, "appId": 12, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
                json!({"apiId": 42, "appId": 13, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
                json!({"apiId": 41, "appId": 99, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
                json!({"apiId": 41, "appId": 12, "subscriptionState": "UNBLOCKED"}),
                json!({"appId": 12, "policyId": "Gold", "subscriptionState": "UNBLOCKED"}),
            ],
        };
        let joined = from_gateway_data(&data, &apis());
        let snapshot = joined.snapshot;
        assert_eq!(snapshot.source, SnapshotSource::InternalData);
        assert_eq!(
            (snapshot.applications.len(), snapshot.applications[0].id.as_str()),
            (1, "12")
        );
        let keys: Vec<&str> = snapshot
            .key_mappings
            .iter()
            .map(|key| key.consumer_key.as_str())
            .collect();
        assert_eq!(keys, ["a", "z"]);
        assert_eq!(snapshot.subscriptions.len(), 1);
        assert_eq!(snapshot.subscriptions[0].api, mgw_bundle::api_id("Ledger", "2"));
        assert_eq!(
            joined.notices,
            [
                "2 subscriptions are without an API, an application or a policy, and left out",
                "1 subscription is of applications of others, which you may not see, and left out"
            ]
        );
    }

    /// The states of the subscriptions that the rows of `apis` bring: the one with `apiId` 41 is subscribed to as named,
    /// all others by application 13.
    fn states(api_rows: &[Value], of_41: &[&str]) -> Vec<(String, SubscriptionState)> {
        let row = |api: &Value, application: u64, state: &str| json!({"apiId": api["apiId"], "appId": application, "policyId": "Gold", "subscriptionState": state});
        let subscriptions = api_rows.iter().flat_map(|api| match api["apiId"].as_u64() {
            Some(41) => of_41.iter().map(|state| row(api, 12, state)).collect(),
            _ => vec![row(api, 13, "UNBLOCKED")],
        });
        let data = GatewayData {
            apis: api_rows.to_vec(),
            applications: vec![json!({"id": 12, "name": "Till"}), json!({"id": 13, "name": "Foreign"})],
            key_mappings: vec![
                json!({"applicationId": 12, "consumerKey": "a", "keyType": "PRODUCTION"}),
                json!({"applicationId": 13, "consumerKey": "b", "keyType": "PRODUCTION"}),
            ],
            subscriptions: subscriptions.collect(),
        };
        let subscriptions = from_gateway_data(&data, &apis()).snapshot.subscriptions;
        subscriptions
            .into_iter()
            .map(|one| (one.application, one.state))
            .collect()
    }

    #[test]
    fn who_subscribes_to_another_api_of_the_same_name_is_no_subscriber() {
        let own = json!({"apiId": 41, "name": "Ledger", "version": "2", "provider": "ana@meridian"});
        let own_by_id = json!({"apiId": 41, "name": "Ledger", "version": "2", "uuid": "uuid-1"});
        for (own, other) in [
            (
                &own,
                json!({"apiId": 7, "name": "Ledger", "version": "2", "provider": "ben@meridian"}),
            ),
            (&own, json!({"apiId": 7, "name": "Ledger", "version": "2"})),
            (
                &own,
                json!({"apiId": 7, "name": "Ledger", "version": "2", "provider": "ana@meridian", "apiType": "APIProduct"}),
            ),
            (
                &own,
                json!({"apiId": 7, "name": "Ledger", "version": "2", "provider": "ana@meridian", "apiType": "API_PRODUCT"}),
            ),
            (
                &own_by_id,
                json!({"apiId": 7, "name": "Ledger", "version": "2", "uuid": "uuid-2", "provider": "ana@meridian"}),
            ),
        ] {
            let found = states(&[own.clone(), other.clone()], &["UNBLOCKED"]);
            assert_eq!(found, [("12".to_owned(), SubscriptionState::Unblocked)], "{other}");
        }
    }

    #[test]
    fn of_entries_that_disagree_the_one_that_permits_less_is_kept() {
        let own = [json!({"apiId": 41, "name": "Ledger", "version": "2", "provider": "ana@meridian"})];
        for (both, kept) in [
            (["UNBLOCKED", "BLOCKED"], SubscriptionState::Blocked),
            (["ON_HOLD", "UNBLOCKED"], SubscriptionState::OnHold),
            (["UNBLOCKED", "PROD_ONLY_BLOCKED"], SubscriptionState::ProdOnlyBlocked),
            (["odd", "PROD_ONLY_BLOCKED"], SubscriptionState::Unknown),
        ] {
            let reversed = [both[1], both[0]];
            for order in [both, reversed] {
                assert_eq!(states(&own, &order), [("12".to_owned(), kept)], "{order:?}");
            }
        }
    }

    #[test]
    fn ten_thousand_apis_are_found_at_once() {
        let one = apis().remove(0);
        let numbers = 0..10_000_u32;
        let pulled: Vec<LockedApi> = numbers
            .clone()
            .map(|number| LockedApi {
                name: format!("Ledger{number}"),
                id: format!("uuid-{number}"),
                ..one.clone()
            })
            .collect();
        let document = |number: u32| {
            let name = format!("Ledger{number}");
            match number % 2 {
                0 => json!({"apiId": number, "name": name, "version": "2", "provider": "ana@meridian"}),
                _ => json!({"apiId": number, "name": name, "version": "2", "uuid": format!("uuid-{number}")}),
            }
        };
        let data = GatewayData {
            apis: numbers.clone().map(document).collect(),
            applications: vec![json!({"id": 12, "name": "Till"})],
            key_mappings: vec![json!({"applicationId": 12, "consumerKey": "a", "keyType": "PRODUCTION"})],
            subscriptions: numbers
                .map(|number| json!({"apiId": number, "appId": 12, "policyId": "Gold"}))
                .collect(),
        };
        let begin = std::time::Instant::now();
        let joined = from_gateway_data(&data, &pulled);
        assert_eq!(joined.snapshot.subscriptions.len(), 10_000);
        assert_eq!(joined.notices, Vec::<String>::new());
        // Each compared with each takes minutes, and this a fraction of a second.
        assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    }

    #[test]
    fn an_api_that_the_data_lacks_is_told() {
        let joined = from_gateway_data(&GatewayData::default(), &apis());
        assert_eq!(
            joined.notices,
            ["the data for gateways does not have Ledger 2: nobody is subscribed to it here"]
        );
    }

    #[test]
    fn publisher_and_store_are_joined_on_uuids() {
        let subscription = |application: &str, status: &str| {
            let info = json!({"applicationId": application, "name": "x"});
            (
                "uuid-1".to_owned(),
                json!({"applicationInfo": info, "throttlingPolicy": "Gold", "subscriptionStatus": status}),
            )
        };
        let data = StoreData {
            subscriptions: Some(vec![
                subscription("app-1", "PROD_ONLY_BLOCKED"),
                subscription("app-2", "NEW"),
                subscription("app-3", "UNBLOCKED"),
            ]),
            applications: Some(vec![
                VisibleApplication {
                    application: json!({"applicationId": "app-1", "name": "Till", "owner": "ana", "throttlingPolicy": "10PerMin"}),
                    keys: Some(vec![json!({"consumerKey": "k", "keyType": "PRODUCTION"})]),
                },
                VisibleApplication {
                    application: json!({"applicationId": "app-2", "name": "New", "owner": "ana"}),
                    keys: Some(vec![json!({"keyType": "PRODUCTION"})]),
                },
                VisibleApplication {
                    application: json!({"applicationId": "app-3", "name": "Shared", "owner": "ben"}),
                    keys: None,
                },
            ]),
        };
        let joined = from_store_data(&data, &apis());
        assert_eq!(joined.snapshot.source, SnapshotSource::PublisherAndStore);
        let states: Vec<SubscriptionState> = joined.snapshot.subscriptions.iter().map(|s| s.state).collect();
        let unblocked = SubscriptionState::Unblocked;
        assert_eq!(
            states,
            [
                SubscriptionState::ProdOnlyBlocked,
                SubscriptionState::Unknown,
                unblocked
            ]
        );
        assert_eq!(joined.snapshot.key_mappings.len(), 1);
        assert_eq!(
            joined.notices,
            [
                "the application New has no keys yet",
                "the keys of the application Shared are not shown to you: its tokens are not known here"
            ]
        );
    }

    #[test]
    fn without_either_the_token_decides() {
        for data in [
            StoreData::default(),
            StoreData {
                subscriptions: Some(Vec::new()),
                applications: None,
            },
            StoreData {
                subscriptions: None,
                applications: Some(Vec::new()),
            },
        ] {
            assert_eq!(
                from_store_data(&data, &apis()).snapshot.source,
                SnapshotSource::TokenClaims
            );
        }
    }
}
