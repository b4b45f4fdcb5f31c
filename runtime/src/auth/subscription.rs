//! Whether a caller may call an API: the token's own claims, or the bundle's snapshot.

use super::caller::{CallerKeyType, UNKNOWN};
use super::{CredentialKind, Identity};
use crate::refusal::Refusal;
use crate::throttle::SubscriptionTerms;
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::{Api, ApiState};
use mgw_bundle::snapshot::{Application, KeyType, SnapshotSource, Subscription, SubscriptionState};
use std::collections::HashMap;

/// The subscription policy of callers without subscription.
const DEFAULT: &str = "Default";
/// The implicit policy.
const UNLIMITED: &str = "Unlimited";
/// What stands for the application of basic users.
const ANONYMOUS: &str = "anonymous";

/// The subscription under which a call is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Application id.
    pub application_id: String,
    /// Its UUID.
    pub application_uuid: Option<String>,
    /// Its name.
    pub application_name: String,
    /// Its policy.
    pub application_policy: String,
    /// The subscriber who owns it.
    pub subscriber: String,
    /// The subscriber's tenant, where the token names it.
    pub tenant: Option<String>,
    /// The subscription's policy.
    pub subscription_policy: String,
    /// What the key manager says beyond the policy's name.
    pub terms: SubscriptionTerms,
    /// Which backends the caller reaches.
    pub key_type: CallerKeyType,
}

/// The snapshot, ready to be asked.
#[derive(Debug, Default)]
pub(super) struct SubscriptionIndex {
    applications: HashMap<String, Application>,
    keys: HashMap<String, (String, KeyType)>,
    /// By application, then API.
    subscriptions: HashMap<(String, String), Subscription>,
}

/// What subscriptions are checked against.
#[derive(Debug)]
pub(super) struct Subscriptions {
    index: Option<SubscriptionIndex>,
    /// Whether callers need a subscription where their issuer's configuration does not say.
    validate: bool,
}

impl Subscriptions {
    /// `configured`: the operator's setting; without one, subscriptions are needed exactly when the bundle has a snapshot.
    pub(super) fn new(snapshot: Option<&SubscriptionSnapshot>, configured: Option<bool>) -> Self {
        Self {
            validate: configured.unwrap_or(snapshot.is_some()),
            // The claims decide; there are no lists to ask.
            index: snapshot
                .filter(|snapshot| snapshot.source != SnapshotSource::TokenClaims)
                .map(SubscriptionIndex::new),
        }
    }

    /// Decides whether the caller may call the API, and under which policies.
    pub(super) fn decide(&self, identity: &Identity, api: &Api) -> Result<Grant, Refusal> {
        match identity.kind {
            CredentialKind::Basic => return Ok(Grant::for_user()),
            CredentialKind::MutualTls => return Ok(Grant::unknown(CallerKeyType::Production)),
            CredentialKind::Jwt | CredentialKind::Opaque | CredentialKind::ApiKey => {}
        }
        let required = identity.validate_subscription.unwrap_or(self.validate) && api.state != ApiState::Prototyped;
        // An API key is checked against its own list, see `ApiKeyRules::names`.
        let required = required && identity.kind != CredentialKind::ApiKey;
        if required && identity.kind == CredentialKind::Opaque && identity.consumer_key.is_none() {
            // The key manager's answer is unusable, which is not the caller's fault.
            return Err(Refusal::Unclassified);
        }
        let known = self.lookup(identity, api);
        if let Some(known) = &known {
            // A block in the control plane wins over whatever a token says.
            blocked(known)?;
        }
        if let Some(application) = &identity.application {
            let entry = identity
                .subscribed
                .iter()
                .find(|entry| entry.name == api.name && (entry.version == api.version || entry.version == "*"));
            if entry.is_none() && required {
                return Err(Refusal::NotSubscribed);
            }
            let policy = entry.and_then(|entry| entry.policy.clone());
            return Ok(Grant {
                application_id: application.id.clone(),
                application_uuid: application.uuid.clone(),
                application_name: application.name.clone(),
                application_policy: application.policy.clone(),
                subscriber: application.owner.clone(),
                tenant: entry.and_then(|entry| entry.tenant.clone()),
                subscription_policy: policy.unwrap_or_else(|| DEFAULT.to_owned()),
                terms: entry.map(|entry| entry.terms).unwrap_or_default(),
                key_type: key_type_of(identity.key_type.as_deref()),
            });
        }
        match known {
            Some(known) => {
                if required {
                    admitted(&known)?;
                }
                Ok(known.grant())
            }
            None if required => Err(Refusal::NotSubscribed),
            None => Ok(Grant::unknown(key_type_of(identity.key_type.as_deref()))),
        }
    }

    fn lookup<'a>(&'a self, identity: &Identity, api: &Api) -> Option<Known<'a>> {
        let index = self.index.as_ref()?;
        let (application, key_type) = index.keys.get(identity.consumer_key.as_ref()?)?;
        let application = index.applications.get(application)?;
        Some(Known {
            application,
            key_type: *key_type,
            subscription: index.subscriptions.get(&(application.id.clone(), api.id.clone())),
        })
    }
}

/// What the snapshot knows about a caller.
struct Known<'a> {
    application: &'a Application,
    key_type: KeyType,
    subscription: Option<&'a Subscription>,
}

fn blocked(known: &Known<'_>) -> Result<(), Refusal> {
    match (
        known.subscription.map(|subscription| subscription.state),
        known.key_type,
    ) {
        (Some(SubscriptionState::Blocked), _) | (Some(SubscriptionState::ProdOnlyBlocked), KeyType::Production) => {
            Err(Refusal::Blocked)
        }
        _ => Ok(()),
    }
}

fn admitted(known: &Known<'_>) -> Result<(), Refusal> {
    match known.subscription.map(|subscription| subscription.state) {
        Some(SubscriptionState::Unblocked | SubscriptionState::TierUpdatePending) => Ok(()),
        Some(SubscriptionState::OnHold) => Err(Refusal::SubscriptionInactive),
        Some(SubscriptionState::Blocked) => Err(Refusal::Blocked),
        // Blocked for production only: the product refuses sandbox keys too, with another code.
        Some(SubscriptionState::ProdOnlyBlocked | SubscriptionState::Rejected | SubscriptionState::Unknown) | None => {
            Err(Refusal::NotSubscribed)
        }
    }
}

impl Known<'_> {
    fn grant(&self) -> Grant {
        let policy = self.subscription.map(|subscription| subscription.policy.clone());
        Grant {
            application_id: self.application.id.clone(),
            application_uuid: self.application.uuid.clone(),
            application_name: self.application.name.clone(),
            application_policy: self.application.policy.clone(),
            subscriber: self.application.owner.clone(),
            tenant: None,
            subscription_policy: policy.unwrap_or_else(|| DEFAULT.to_owned()),
            terms: SubscriptionTerms::default(),
            key_type: match self.key_type {
                KeyType::Production => CallerKeyType::Production,
                KeyType::Sandbox => CallerKeyType::Sandbox,
            },
        }
    }
}

fn key_type_of(claim: Option<&str>) -> CallerKeyType {
    match claim {
        None | Some("PRODUCTION") => CallerKeyType::Production,
        Some("SANDBOX") => CallerKeyType::Sandbox,
        Some(_) => CallerKeyType::Other,
    }
}

impl Grant {
    fn unknown(key_type: CallerKeyType) -> Self {
        Self {
            application_id: UNKNOWN.to_owned(),
            application_uuid: None,
            application_name: UNKNOWN.to_owned(),
            application_policy: UNLIMITED.to_owned(),
            subscriber: UNKNOWN.to_owned(),
            tenant: None,
            subscription_policy: DEFAULT.to_owned(),
            terms: SubscriptionTerms::default(),
            key_type,
        }
    }

    fn for_user() -> Self {
        Self {
            application_id: ANONYMOUS.to_owned(),
            application_name: ANONYMOUS.to_owned(),
            subscriber: ANONYMOUS.to_owned(),
            tenant: Some(ANONYMOUS.to_owned()),
            ..Self::unknown(CallerKeyType::Production)
        }
    }
}

impl SubscriptionIndex {
    fn new(snapshot: &SubscriptionSnapshot) -> Self {
        Self {
            applications: snapshot
                .applications
                .iter()
                .map(|application| (application.id.clone(), application.clone()))
                .collect(),
            keys: snapshot
                .key_mappings
                .iter()
                .map(|key| (key.consumer_key.clone(), (key.application.clone(), key.key_type)))
                .collect(),
            subscriptions: snapshot
                .subscriptions
                .iter()
                .map(|entry| ((entry.application.clone(), entry.api.clone()), entry.clone()))
                .collect(),
        }
    }
}
