//! API Manager 2.6. Its objects are brought into the shape of 3.2 by [`shape`].

mod shape;

use super::rest::{KeyPlace, PolicyPlaces, Rest, Root, View, permitted};
use super::{
    ApiDetails, ApiSearch, ApiSummary, Certificates, ControlPlane, Definition, Found, GatewayData, PolicyDocuments,
    PolicyLevel, StoreData,
};
use crate::cloud::CloudError;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;

#[cfg(any(test, feature = "fuzzing"))]
/// A document in the shape of 3.2, whatever object it is.
pub(super) fn shaped(mut document: Value) -> Value {
    shape::subscription(&mut document);
    shape::application(&mut document);
    shape::api(&mut document);
    document
}

/// Scopes of the publisher's view of policies.
const TIER_VIEW: &[&str] = &["apim:tier_view"];

const POLICIES: PolicyPlaces = PolicyPlaces {
    blocks: "blacklist",
    views: &[
        View {
            level: PolicyLevel::Subscription,
            root: Root::Publisher,
            path: &["tiers", "api"],
            scopes: TIER_VIEW,
        },
        // Those that the user could subscribe with, for users who may not see the list of all.
        View {
            level: PolicyLevel::Subscription,
            root: Root::Store,
            path: &["tiers", "api"],
            scopes: &[],
        },
        View {
            level: PolicyLevel::Advanced,
            root: Root::Publisher,
            path: &["tiers", "resource"],
            scopes: TIER_VIEW,
        },
        View {
            level: PolicyLevel::Application,
            root: Root::Store,
            path: &["tiers", "application"],
            scopes: &[],
        },
    ],
};

/// A control plane of the 2.6 shape.
#[derive(Debug, Clone)]
pub(crate) struct V0(pub(super) Rest);

impl ControlPlane for V0 {
    async fn apis(&self, search: &ApiSearch) -> Result<Found, CloudError> {
        Ok(self.0.apis(query(search).as_deref()).await?.into())
    }

    async fn api(&self, listed: &ApiSummary) -> Result<ApiDetails, CloudError> {
        Ok(self.0.api(&listed.id, listed, shape::api).await?.0)
    }

    async fn definition(&self, api: &ApiDetails, known: Option<&str>) -> Result<Definition, CloudError> {
        self.0.definition(&api.id, known).await
    }

    async fn labels(&self) -> Result<Option<Vec<String>>, CloudError> {
        // Only administrators may see them.
        permitted(self.0.names(Root::Admin, &["labels"], &["apim:label_read"]).await)
    }

    async fn policies(&self) -> Result<PolicyDocuments, CloudError> {
        self.0.policies(&POLICIES).await
    }

    async fn client_certificates(&self, api: &ApiDetails) -> Result<Certificates, CloudError> {
        self.0.shared_client_certificates(&api.id).await
    }

    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError> {
        self.0.backend_certificates("certificates", backends).await
    }

    async fn gateway_data(&self, password: &SecretString) -> Result<Option<GatewayData>, CloudError> {
        self.0.gateway_data(password).await
    }

    async fn gateway_blocks(&self, password: &SecretString) -> Result<Option<Vec<Value>>, CloudError> {
        self.0.gateway_blocks(password).await
    }

    async fn store_data(&self, api_ids: &[String], done: &(dyn Fn(usize) + Sync)) -> Result<StoreData, CloudError> {
        let mut data = self.0.store_data(api_ids, done, KeyPlace::EachType).await?;
        for (_, subscription) in data.subscriptions.iter_mut().flatten() {
            shape::subscription(subscription);
        }
        for visible in data.applications.iter_mut().flatten() {
            shape::application(&mut visible.application);
        }
        Ok(data)
    }
}

/// The search expression: one attribute only. A name with a colon would be taken for an attribute.
fn query(search: &ApiSearch) -> Option<String> {
    match search {
        ApiSearch::All => None,
        ApiSearch::Label(label) => Some(format!("label:{label}")),
        ApiSearch::NameAndVersion(name, _) => (!name.contains(':')).then(|| name.clone()),
    }
}

#[cfg(test)]
mod tests;
