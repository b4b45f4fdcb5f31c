//! API Manager 3.0 to 3.2 and API Cloud. Their shape is the neutral one; 3.0 and 3.1 differ in the dialect of policies
//! alone, which the reader of policies tells apart by itself.

use super::rest::{API_VIEW, KeyPlace, PolicyPlaces, Rest, Root, View, permitted};
use super::{
    ApiDetails, ApiSearch, ApiSummary, Certificates, ControlPlane, Definition, Found, GatewayData, PolicyDocuments,
    PolicyLevel, StoreData,
};
use crate::cloud::CloudError;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;

/// Everybody's view of policies, also of 4.x.
pub(super) const POLICY_VIEWS: &[View] = &[
    View {
        level: PolicyLevel::Subscription,
        root: Root::Publisher,
        path: &["throttling-policies", "subscription"],
        scopes: API_VIEW,
    },
    View {
        level: PolicyLevel::Advanced,
        root: Root::Publisher,
        path: &["throttling-policies", "api"],
        scopes: API_VIEW,
    },
    View {
        level: PolicyLevel::Application,
        root: Root::Store,
        path: &["throttling-policies", "application"],
        scopes: &[],
    },
];

const POLICIES: PolicyPlaces = PolicyPlaces {
    blocks: "blacklist",
    views: POLICY_VIEWS,
};

/// A control plane of the 3.x shape.
#[derive(Debug, Clone)]
pub(crate) struct V1(pub(super) Rest);

impl ControlPlane for V1 {
    async fn apis(&self, search: &ApiSearch) -> Result<Found, CloudError> {
        Ok(self.0.apis(query(search).as_deref()).await?.into())
    }

    async fn api(&self, listed: &ApiSummary) -> Result<ApiDetails, CloudError> {
        Ok(self.0.api(&listed.id, listed, |_| {}).await?.0)
    }

    async fn definition(&self, api: &ApiDetails, known: Option<&str>) -> Result<Definition, CloudError> {
        self.0.definition(&api.id, known).await
    }

    async fn labels(&self) -> Result<Option<Vec<String>>, CloudError> {
        permitted(self.0.names(Root::Publisher, &["labels"], API_VIEW).await)
    }

    async fn policies(&self) -> Result<PolicyDocuments, CloudError> {
        self.0.policies(&POLICIES).await
    }

    async fn client_certificates(&self, api: &ApiDetails) -> Result<Certificates, CloudError> {
        self.0.client_certificates(&api.id).await
    }

    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError> {
        self.0.backend_certificates("endpoint-certificates", backends).await
    }

    async fn gateway_data(&self, password: &SecretString) -> Result<Option<GatewayData>, CloudError> {
        self.0.gateway_data(password).await
    }

    async fn gateway_blocks(&self, password: &SecretString) -> Result<Option<Vec<Value>>, CloudError> {
        self.0.gateway_blocks(password).await
    }

    async fn store_data(&self, api_ids: &[String], done: &(dyn Fn(usize) + Sync)) -> Result<StoreData, CloudError> {
        self.0.store_data(api_ids, done, KeyPlace::List("keys")).await
    }
}

/// The search expression. Values match by "contains" unless they are quoted.
fn query(search: &ApiSearch) -> Option<String> {
    match search {
        ApiSearch::All => None,
        ApiSearch::Label(label) => Some(format!("label:\"{label}\"")),
        ApiSearch::NameAndVersion(name, version) => Some(format!("name:\"{name}\" version:\"{version}\"")),
    }
}

#[cfg(test)]
#[path = "v1_tests.rs"]
mod tests;
