//! The decision itself: what a credential says and what is known about the caller, and nothing else.

use super::grant::{DEFAULT, Granted};
use super::view::Known;
use crate::auth::{CallerKeyType, CredentialKind, Identity};
use crate::refusal::Refusal;
use crate::throttle::SubscriptionTerms;
use mgw_bundle::config::Api;
use mgw_bundle::snapshot::{KeyType, SubscriptionState};

/// Decides whether the caller may call the API, and under which policies. `required`: callers need a subscription.
pub(super) fn decide<'a>(
    identity: &'a Identity,
    api: &Api,
    known: Option<&'a Known>,
    required: bool,
) -> Result<Granted<'a>, Refusal> {
    match identity.kind {
        CredentialKind::Basic => return Ok(Granted::for_user()),
        CredentialKind::MutualTls => return Ok(Granted::unknown(CallerKeyType::Production)),
        CredentialKind::Jwt | CredentialKind::Opaque | CredentialKind::ApiKey => {}
    }
    if required && identity.kind == CredentialKind::Opaque && identity.consumer_key.is_none() {
        // The key manager's answer is unusable, which is not the caller's fault.
        return Err(Refusal::Unclassified);
    }
    if let Some(known) = known {
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
        let policy = entry.and_then(|entry| entry.policy.as_deref());
        return Ok(Granted {
            application_id: &application.id,
            application_uuid: application.uuid.as_deref(),
            application_name: &application.name,
            application_policy: &application.policy,
            subscriber: &application.owner,
            tenant: entry.and_then(|entry| entry.tenant.as_deref()),
            subscription_policy: policy.unwrap_or(DEFAULT),
            terms: entry.map(|entry| entry.terms).unwrap_or_default(),
            key_type: key_type_of(identity.key_type.as_deref()),
        });
    }
    match known {
        Some(known) => {
            if required {
                admitted(known)?;
            }
            Ok(granted(known))
        }
        None if required => Err(Refusal::NotSubscribed),
        None => Ok(Granted::unknown(key_type_of(identity.key_type.as_deref()))),
    }
}

fn state(known: &Known) -> Option<SubscriptionState> {
    known.subscription.as_ref().map(|subscription| subscription.state)
}

fn blocked(known: &Known) -> Result<(), Refusal> {
    match (state(known), known.key_type) {
        (Some(SubscriptionState::Blocked), _) | (Some(SubscriptionState::ProdOnlyBlocked), KeyType::Production) => {
            Err(Refusal::Blocked)
        }
        _ => Ok(()),
    }
}

fn admitted(known: &Known) -> Result<(), Refusal> {
    match state(known) {
        Some(SubscriptionState::Unblocked | SubscriptionState::TierUpdatePending) => Ok(()),
        Some(SubscriptionState::OnHold) => Err(Refusal::SubscriptionInactive),
        Some(SubscriptionState::Blocked) => Err(Refusal::Blocked),
        // Blocked for production only: the product refuses sandbox keys too, with another code.
        Some(SubscriptionState::ProdOnlyBlocked | SubscriptionState::Rejected | SubscriptionState::Unknown) | None => {
            Err(Refusal::NotSubscribed)
        }
    }
}

fn granted(known: &Known) -> Granted<'_> {
    let application = &*known.application;
    let policy = known
        .subscription
        .as_ref()
        .map(|subscription| subscription.policy.as_str());
    Granted {
        application_id: &application.id,
        application_uuid: application.uuid.as_deref(),
        application_name: &application.name,
        application_policy: &application.policy,
        subscriber: &application.owner,
        tenant: known.tenant.as_deref(),
        subscription_policy: policy.unwrap_or(DEFAULT),
        terms: SubscriptionTerms::default(),
        key_type: match known.key_type {
            KeyType::Production => CallerKeyType::Production,
            KeyType::Sandbox => CallerKeyType::Sandbox,
        },
    }
}

fn key_type_of(claim: Option<&str>) -> CallerKeyType {
    match claim {
        None | Some("PRODUCTION") => CallerKeyType::Production,
        Some("SANDBOX") => CallerKeyType::Sandbox,
        Some(_) => CallerKeyType::Other,
    }
}
