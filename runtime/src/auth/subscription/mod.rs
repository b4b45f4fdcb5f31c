//! Whether a caller may call an API: the token's own claims, the connected control plane's data, or the bundle's snapshot.

mod bundle_index;
mod decide;
mod grant;
mod search;
mod view;

pub use grant::Grant;

pub(super) use grant::Granted;
pub(super) use search::Search;

use super::{CredentialKind, Identity};
use crate::refusal::Refusal;
use crate::subscription_data::SubscriptionData;
use bundle_index::BundleIndex;
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::{Api, ApiState};
use mgw_bundle::snapshot::SnapshotSource;
use search::SoughtApi;
use std::sync::Arc;
use view::{Known, Sources};

/// What subscriptions are checked against.
#[derive(Debug)]
pub(super) struct Subscriptions {
    bundle: Option<BundleIndex>,
    connected: Option<Arc<SubscriptionData>>,
    /// Whether callers need a subscription where their issuer's configuration does not say.
    validate: bool,
}

/// What is known about a caller, and whether they need a subscription: all that the decision looks at.
#[derive(Debug)]
pub(super) struct View {
    known: Option<Known>,
    /// Something is missing that the control plane could be asked for.
    incomplete: bool,
    required: bool,
}

impl Subscriptions {
    /// `configured`: the operator's setting; without one, subscriptions are needed exactly when there are data about them:
    /// the bundle has a snapshot, or a control plane is connected.
    pub(super) fn new(
        snapshot: Option<&SubscriptionSnapshot>,
        configured: Option<bool>,
        connected: Option<Arc<SubscriptionData>>,
    ) -> Self {
        Self {
            validate: configured.unwrap_or(snapshot.is_some() || connected.is_some()),
            // The claims decide; there are no lists to ask.
            bundle: snapshot
                .filter(|snapshot| snapshot.source != SnapshotSource::TokenClaims)
                .map(BundleIndex::new),
            connected,
        }
    }

    /// Changes whenever a decision may come out differently. To be read before [`Self::view`].
    pub(super) fn generation(&self) -> u64 {
        self.connected.as_ref().map_or(0, |data| data.store().generation())
    }

    /// Returns what is known about a caller.
    pub(super) fn view(&self, identity: &Identity, api: &Api) -> View {
        // An API key is checked against its own list, see `ApiKeyRules::names`; users and certificates have none.
        let tokens = matches!(identity.kind, CredentialKind::Jwt | CredentialKind::Opaque);
        let wanted = identity.validate_subscription.unwrap_or(self.validate) && api.state != ApiState::Prototyped;
        let (known, missing) = match &identity.consumer_key {
            Some(consumer_key) => self.sources().look(consumer_key, &api.id),
            None => (None, None),
        };
        let tenant = self.connected.as_ref().map(|data| data.tenant());
        View {
            known: known.map(|known| Known {
                tenant: tenant.cloned(),
                ..known
            }),
            incomplete: missing.is_some() && self.connected.is_some(),
            required: wanted && tokens,
        }
    }

    /// Returns the search for what a refused caller may have and is not known; `None` when there is nothing to ask for.
    pub(super) fn search(self: &Arc<Self>, identity: &Identity, api: &Api) -> Option<Search> {
        Some(Search {
            data: Arc::clone(self.connected.as_ref()?),
            subscriptions: Arc::clone(self),
            consumer_key: identity.consumer_key.clone()?,
            api: SoughtApi::new(api),
        })
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            bundle: self.bundle.as_ref(),
            connected: self.connected.as_ref().map(|data| data.store()),
        }
    }
}

impl View {
    /// Decides whether the caller may call the API, and under which policies.
    pub(super) fn decide<'a>(&'a self, identity: &'a Identity, api: &Api) -> Result<Granted<'a>, Refusal> {
        decide::decide(identity, api, self.known.as_ref(), self.required)
    }

    /// Returns whether a refusal may be for want of something that the control plane knows. A token that names its
    /// application speaks for itself.
    pub(super) fn may_be_outdated(&self, identity: &Identity, refusal: Refusal) -> bool {
        self.incomplete && refusal == Refusal::NotSubscribed && identity.application.is_none()
    }
}
