//! Reads notifications.

use super::fields::Fields;
use super::notification::{
    ApiEvent, ApplicationEvent, Event, KeyMappingEvent, KeyMappingRemoval, Notification, PolicyEvent, PolicyKind,
    SubscriptionEvent,
};
use super::{DecodeError, ObjectId};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mgw_bundle::snapshot::{KeyType, SubscriptionState};

/// Longest name of a kind of event.
const MAX_KIND: usize = 64;
/// Longest name, path or key.
const MAX_NAME: usize = 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Notification {
    /// Reads a notification. Events that are nothing to this gateway are not looked into.
    pub(super) fn read(message: &Fields) -> Result<Self, DecodeError> {
        let kind = message.required("eventType", MAX_KIND)?.to_ascii_uppercase();
        if !kind
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        {
            return Err(DecodeError::Field("eventType"));
        }
        let Some(read) = reader(&kind) else {
            return Ok(Self {
                timestamp_ms: time(message, "timestamp")?,
                tenant: None,
                event: Event::Other(kind),
            });
        };
        let encoded = message.required("event", super::MAX_MESSAGE)?;
        let json = BASE64.decode(encoded).map_err(|_| DecodeError::Event)?;
        let event = Fields::of_object(&json).ok_or(DecodeError::Event)?;
        Ok(Self {
            timestamp_ms: match time(&event, "timeStamp")? {
                None => time(message, "timestamp")?,
                time => time,
            },
            tenant: owned(&event, "tenantDomain")?,
            event: read(&event)?.unwrap_or(Event::Other(kind)),
        })
    }
}

/// How an event is read; `None`: it is of a kind within those that this gateway does not know.
pub(super) type Read = fn(&Fields) -> Result<Option<Event>, DecodeError>;

/// Returns how the event of a kind is read. `None`: it is nothing to this gateway.
pub(super) fn reader(kind: &str) -> Option<Read> {
    Some(match kind {
        "API_CREATE" | "API_UPDATE" | "API_LIFECYCLE_CHANGE" => |event| Ok(Some(Event::ApiChanged(api(event)?))),
        "API_DELETE" => |event| Ok(Some(Event::ApiRemoved(api(event)?))),
        "APPLICATION_CREATE" | "APPLICATION_UPDATE" => |event| Ok(Some(Event::ApplicationChanged(application(event)?))),
        "APPLICATION_DELETE" => |event| Ok(Some(Event::ApplicationRemoved(application(event)?))),
        "APPLICATION_REGISTRATION_CREATE" => |event| Ok(Some(Event::KeyMappingAdded(key_mapping(event)?))),
        "REMOVE_APPLICATION_KEYMAPPING" => |event| {
            Ok(Some(Event::KeyMappingRemoved(KeyMappingRemoval {
                consumer_key: event.required("consumerKey", MAX_NAME)?.to_owned(),
                key_manager: owned(event, "keyManager")?,
            })))
        },
        "SUBSCRIPTIONS_CREATE" | "SUBSCRIPTIONS_UPDATE" => {
            |event| Ok(Some(Event::SubscriptionChanged(subscription(event)?)))
        }
        "SUBSCRIPTIONS_DELETE" => |event| Ok(Some(Event::SubscriptionRemoved(subscription(event)?))),
        "POLICY_CREATE" | "POLICY_UPDATE" => |event| Ok(policy(event)?.map(Event::PolicyChanged)),
        "POLICY_DELETE" => |event| Ok(policy(event)?.map(Event::PolicyRemoved)),
        _ => return None,
    })
}

fn api(event: &Fields) -> Result<ApiEvent, DecodeError> {
    Ok(ApiEvent {
        id: ObjectId::read(event, "apiId", "uuid")?,
        name: owned(event, "apiName")?,
        version: owned(event, "apiVersion")?,
        context: owned(event, "apiContext")?,
        provider: owned(event, "apiProvider")?,
    })
}

fn application(event: &Fields) -> Result<ApplicationEvent, DecodeError> {
    Ok(ApplicationEvent {
        id: ObjectId::read(event, "applicationId", "uuid")?,
        name: owned(event, "applicationName")?,
        owner: owned(event, "subscriber")?,
        policy: owned(event, "applicationPolicy")?,
    })
}

fn key_mapping(event: &Fields) -> Result<KeyMappingEvent, DecodeError> {
    Ok(KeyMappingEvent {
        application: ObjectId::read(event, "applicationId", "applicationUUID")?,
        consumer_key: event.required("consumerKey", MAX_NAME)?.to_owned(),
        key_type: match event.required("keyType", MAX_NAME)? {
            "PRODUCTION" => KeyType::Production,
            "SANDBOX" => KeyType::Sandbox,
            _ => return Err(DecodeError::Field("keyType")),
        },
        key_manager: owned(event, "keyManager")?,
    })
}

fn subscription(event: &Fields) -> Result<SubscriptionEvent, DecodeError> {
    Ok(SubscriptionEvent {
        id: ObjectId::read(event, "subscriptionId", "subscriptionUUID")?,
        api: ObjectId::read(event, "apiId", "apiUUID")?,
        application: ObjectId::read(event, "applicationId", "applicationUUID")?,
        policy: owned(event, "policyId")?,
        state: match event.text("subscriptionState", MAX_NAME)? {
            Some("UNBLOCKED") => SubscriptionState::Unblocked,
            Some("TIER_UPDATE_PENDING") => SubscriptionState::TierUpdatePending,
            Some("ON_HOLD") => SubscriptionState::OnHold,
            Some("BLOCKED") => SubscriptionState::Blocked,
            Some("PROD_ONLY_BLOCKED") => SubscriptionState::ProdOnlyBlocked,
            Some("REJECTED") => SubscriptionState::Rejected,
            _ => SubscriptionState::Unknown,
        },
    })
}

fn policy(event: &Fields) -> Result<Option<PolicyEvent>, DecodeError> {
    let kind = match event.required("policyType", MAX_NAME)? {
        "API" => PolicyKind::Api,
        "APPLICATION" => PolicyKind::Application,
        "SUBSCRIPTION" => PolicyKind::Subscription,
        "GLOBAL" => PolicyKind::Global,
        _ => return Ok(None),
    };
    let name = event.required("policyName", MAX_NAME)?.to_owned();
    Ok(Some(PolicyEvent { kind, name }))
}

fn owned(event: &Fields, name: &'static str) -> Result<Option<String>, DecodeError> {
    Ok(event.text(name, MAX_NAME)?.map(str::to_owned))
}

/// Reads a time; times before the epoch and the epoch itself stand for none.
fn time(fields: &Fields, name: &'static str) -> Result<Option<u64>, DecodeError> {
    let time = fields.integer(name)?;
    Ok(time.and_then(|time| u64::try_from(time).ok()).filter(|time| *time > 0))
}
