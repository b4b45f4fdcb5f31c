//! The subscription under which a call is made.

use crate::auth::caller::{CallerKeyType, UNKNOWN};
use crate::throttle::SubscriptionTerms;

/// The subscription policy of callers without subscription.
pub(super) const DEFAULT: &str = "Default";
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
    /// The subscriber's tenant, where the token names it or the control plane is connected.
    pub tenant: Option<String>,
    /// The subscription's policy.
    pub subscription_policy: String,
    /// What the key manager says beyond the policy's name.
    pub terms: SubscriptionTerms,
    /// Which backends the caller reaches.
    pub key_type: CallerKeyType,
}

/// A [`Grant`] as the decision sees it: nothing is copied before it is known to be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) struct Granted<'a> {
    pub(super) application_id: &'a str,
    pub(super) application_uuid: Option<&'a str>,
    pub(super) application_name: &'a str,
    pub(super) application_policy: &'a str,
    pub(super) subscriber: &'a str,
    pub(super) tenant: Option<&'a str>,
    pub(super) subscription_policy: &'a str,
    pub(super) terms: SubscriptionTerms,
    pub(super) key_type: CallerKeyType,
}

impl Granted<'_> {
    /// A caller of whom no application is known.
    pub(super) fn unknown(key_type: CallerKeyType) -> Self {
        Self {
            application_id: UNKNOWN,
            application_uuid: None,
            application_name: UNKNOWN,
            application_policy: UNLIMITED,
            subscriber: UNKNOWN,
            tenant: None,
            subscription_policy: DEFAULT,
            terms: SubscriptionTerms::default(),
            key_type,
        }
    }

    /// One of the gateway's own users.
    pub(super) fn for_user() -> Self {
        Self {
            application_id: ANONYMOUS,
            application_name: ANONYMOUS,
            subscriber: ANONYMOUS,
            tenant: Some(ANONYMOUS),
            ..Self::unknown(CallerKeyType::Production)
        }
    }

    /// Copies it.
    pub(in crate::auth) fn to_grant(self) -> Grant {
        Grant {
            application_id: self.application_id.to_owned(),
            application_uuid: self.application_uuid.map(str::to_owned),
            application_name: self.application_name.to_owned(),
            application_policy: self.application_policy.to_owned(),
            subscriber: self.subscriber.to_owned(),
            tenant: self.tenant.map(str::to_owned),
            subscription_policy: self.subscription_policy.to_owned(),
            terms: self.terms,
            key_type: self.key_type,
        }
    }
}

impl PartialEq<Grant> for Granted<'_> {
    fn eq(&self, grant: &Grant) -> bool {
        let own = Granted {
            application_id: &grant.application_id,
            application_uuid: grant.application_uuid.as_deref(),
            application_name: &grant.application_name,
            application_policy: &grant.application_policy,
            subscriber: &grant.subscriber,
            tenant: grant.tenant.as_deref(),
            subscription_policy: &grant.subscription_policy,
            terms: grant.terms,
            key_type: grant.key_type,
        };
        *self == own
    }
}
