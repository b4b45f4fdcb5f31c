//! The shapes of the internal data API (`/internal/data/v1`), of all generations.
//!
//! Lists come in an envelope (`{"list": […]}`) or plain. Elements are read one by one: one that makes no sense is counted
//! and left out, which refuses its callers, and does not keep the others away.

use super::ids::Ids;
use super::records::{Api, Application, KeyMapping, Subscription};
use crate::control_plane::NoAnswer;
use mgw_bundle::snapshot::{KeyType, SubscriptionState};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Longest text that is kept, in bytes.
pub(super) const MAX_TEXT: usize = 1024;

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusable {
    NoList,
    TooMany,
}

impl Unusable {
    pub(super) fn no_answer(self) -> NoAnswer {
        NoAnswer::Unusable(match self {
            Self::NoList => "the answer is no list",
            Self::TooMany => "the list holds more than `apim.eventHub.maxObjects` elements",
        })
    }
}

/// The elements that could be read, and how many could not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elements<T> {
    pub(crate) read: Vec<T>,
    pub(crate) malformed: u64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    list: Vec<&'a RawValue>,
}

/// An element as it is sent.
pub(crate) trait Element: Sized {
    /// Reads one; `None` when it makes no sense.
    fn read(text: &str) -> Option<Self>;
}

/// Reads a list of at most `max` elements.
pub(crate) fn elements<T: Element>(body: &[u8], max: usize) -> Result<Elements<T>, Unusable> {
    let raw = match serde_json::from_slice::<Envelope<'_>>(body) {
        Ok(envelope) => envelope.list,
        Err(_) => serde_json::from_slice(body).map_err(|_| Unusable::NoList)?,
    };
    if raw.len() > max {
        return Err(Unusable::TooMany);
    }
    let read: Vec<T> = raw.iter().filter_map(|element| T::read(element.get())).collect();
    let malformed = u64::try_from(raw.len() - read.len()).unwrap_or(u64::MAX);
    Ok(Elements { read, malformed })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApplicationElement {
    id: Option<i64>,
    uuid: Option<String>,
    name: String,
    sub_name: Option<String>,
    policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiElement {
    api_id: Option<i64>,
    uuid: Option<String>,
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyMappingElement {
    application_id: Option<i64>,
    #[serde(rename = "applicationUUID")]
    application_uuid: Option<String>,
    consumer_key: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionElement {
    api_id: Option<i64>,
    #[serde(rename = "apiUUID")]
    api_uuid: Option<String>,
    app_id: Option<i64>,
    #[serde(rename = "applicationUUID")]
    application_uuid: Option<String>,
    policy_id: String,
    subscription_state: String,
}

impl Element for Application {
    fn read(text: &str) -> Option<Self> {
        let element: ApplicationElement = serde_json::from_str(text).ok()?;
        application(
            Ids::new(element.id, element.uuid.as_deref()),
            element.name,
            element.sub_name,
            element.policy,
        )
    }
}

impl Element for Api {
    fn read(text: &str) -> Option<Self> {
        let element: ApiElement = serde_json::from_str(text).ok()?;
        let ids = Ids::new(element.api_id, element.uuid.as_deref());
        api(ids, &element.name, &element.version)
    }
}

impl Element for KeyMapping {
    fn read(text: &str) -> Option<Self> {
        let element: KeyMappingElement = serde_json::from_str(text).ok()?;
        let application = Ids::new(element.application_id, element.application_uuid.as_deref());
        let key_type = match element.key_type {
            own if own.eq_ignore_ascii_case("PRODUCTION") => KeyType::Production,
            own if own.eq_ignore_ascii_case("SANDBOX") => KeyType::Sandbox,
            // A key of an unknown type leads nowhere.
            _ => return None,
        };
        key_mapping(application, &element.consumer_key, key_type)
    }
}

impl Element for Subscription {
    fn read(text: &str) -> Option<Self> {
        let element: SubscriptionElement = serde_json::from_str(text).ok()?;
        subscription(
            Ids::new(element.app_id, element.application_uuid.as_deref()),
            Ids::new(element.api_id, element.api_uuid.as_deref()),
            element.policy_id,
            state(&element.subscription_state),
        )
    }
}

/// Makes an application from what a list or a notification says; `None` when it could not be referred to or is too long.
pub(super) fn application(
    ids: Ids,
    name: String,
    owner: Option<String>,
    policy: Option<String>,
) -> Option<Application> {
    let owner = owner.unwrap_or_default();
    let policy = policy.unwrap_or_else(|| "Unlimited".to_owned());
    if [&name, &owner, &policy].into_iter().any(|text| text.len() > MAX_TEXT) {
        return None;
    }
    Some(Application {
        id: ids.primary()?.to_string(),
        uuid: ids.uuid().map(|uuid| uuid.to_string()),
        ids,
        name,
        owner,
        policy,
    })
}

/// See [`application`].
pub(super) fn api(ids: Ids, name: &str, version: &str) -> Option<Api> {
    ids.primary()?;
    Some(Api {
        ids,
        id: mgw_bundle::api_id(name, version).into(),
    })
}

/// See [`application`].
pub(super) fn key_mapping(application: Ids, consumer_key: &str, key_type: KeyType) -> Option<KeyMapping> {
    application.primary()?;
    if consumer_key.is_empty() || consumer_key.len() > MAX_TEXT {
        return None;
    }
    Some(KeyMapping {
        consumer_key: Arc::from(consumer_key),
        application,
        key_type,
    })
}

/// See [`application`].
pub(super) fn subscription(
    application: Ids,
    api: Ids,
    policy: String,
    state: SubscriptionState,
) -> Option<Subscription> {
    application.primary()?;
    api.primary()?;
    let fits = policy.len() <= MAX_TEXT;
    fits.then_some(Subscription {
        application,
        api,
        policy,
        state,
    })
}

fn state(name: &str) -> SubscriptionState {
    match name {
        "UNBLOCKED" => SubscriptionState::Unblocked,
        "TIER_UPDATE_PENDING" => SubscriptionState::TierUpdatePending,
        "ON_HOLD" => SubscriptionState::OnHold,
        "BLOCKED" => SubscriptionState::Blocked,
        "PROD_ONLY_BLOCKED" => SubscriptionState::ProdOnlyBlocked,
        "REJECTED" => SubscriptionState::Rejected,
        _ => SubscriptionState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const UUID: &str = "7d1c0a52-0000-4000-8000-000000000001";

    fn read<T: Element>(list: &Value) -> Elements<T> {
        elements(list.to_string().as_bytes(), 10).expect("a list")
    }

    #[test]
    fn envelopes_and_plain_arrays_are_read() {
        let api =
            json!({"apiId": 41, "provider": "ana", "name": "Ledger", "version": "2", "context": "/l", "policy": null});
        for list in [
            json!([api]),
            json!({"list": [api]}),
            json!({"count": 1, "list": [api], "pagination": null}),
        ] {
            let apis = read::<Api>(&list);
            assert_eq!((apis.read.len(), apis.malformed), (1, 0), "{list}");
            assert_eq!(&*apis.read[0].id, mgw_bundle::api_id("Ledger", "2"));
        }
        for bad in [
            "",
            "null",
            "{}",
            "{\"list\": 1}",
            "{\"list\": null}",
            "[",
            "<html>",
            "{\"code\": 401}",
        ] {
            assert_eq!(elements::<Api>(bad.as_bytes(), 10), Err(Unusable::NoList), "{bad}");
        }
        let many = Value::Array(vec![api; 11]).to_string();
        assert_eq!(elements::<Api>(many.as_bytes(), 10), Err(Unusable::TooMany));
    }

    #[test]
    fn every_generation_is_read() {
        let old =
            json!([{"id": 12, "uuid": UUID, "name": "Till", "subName": "ana", "policy": "50PerMin", "groupIds": []}]);
        let till = &read::<Application>(&old).read[0];
        assert_eq!((till.id.as_str(), till.uuid.as_deref()), ("12", Some(UUID)));
        assert_eq!((till.owner.as_str(), till.policy.as_str()), ("ana", "50PerMin"));

        let keys = json!([
            {"applicationId": 12, "consumerKey": "k", "keyType": "PRODUCTION", "keyManager": "Resident Key Manager"},
            {"applicationId": -1, "applicationUUID": UUID, "consumerKey": "l", "keyType": "sandbox"},
        ]);
        let keys = read::<KeyMapping>(&keys).read;
        assert_eq!(keys[0].application, Ids::new(Some(12), None));
        assert_eq!(
            (keys[1].application, keys[1].key_type),
            (Ids::new(None, Some(UUID)), KeyType::Sandbox)
        );

        let subscription = json!([{
            "subscriptionId": 77, "policyId": "Gold", "apiId": 41, "apiUUID": UUID, "appId": 12, "subscriptionState": "NEW"
        }]);
        let subscription = &read::<Subscription>(&subscription).read[0];
        assert_eq!(subscription.api, Ids::new(Some(41), Some(UUID)));
        assert_eq!(subscription.state, SubscriptionState::Unknown);
    }

    #[test]
    fn elements_of_wrong_types_are_left_out() {
        let good = json!({"apiId": 41, "appId": 12, "policyId": "Gold", "subscriptionState": "BLOCKED"});
        let mut list = vec![good.clone()];
        for (member, value) in [
            ("apiId", json!("41")),
            ("apiId", json!(0)),
            ("appId", json!(null)),
            ("policyId", json!(7)),
            ("policyId", json!("x".repeat(MAX_TEXT + 1))),
            ("subscriptionState", json!(null)),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            list.push(bad);
        }
        list.extend([json!(null), json!(1), json!([])]);
        let read = read::<Subscription>(&Value::Array(list));
        assert_eq!((read.read.len(), read.malformed), (1, 9));
        assert_eq!(read.read[0].state, SubscriptionState::Blocked);
    }
}
