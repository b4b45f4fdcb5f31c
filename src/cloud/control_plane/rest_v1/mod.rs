//! The REST APIs of the 3.2 shape.

mod apis;
mod certificates;
mod pages;
mod policies;
mod subscriptions;

use super::{ApiDetails, ApiSearch, ApiSummary, Certificates, ControlPlane, GatewayData, PolicyDocuments, StoreData};
use crate::cloud::CloudError;
use crate::cloud::http::{Answer, Call, Limit};
use crate::cloud::session::Connection;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use url::Url;

/// Reads of single objects that run at the same time.
const CONCURRENT_READS: usize = 4;

/// Items per page.
const PAGE: usize = 100;

/// Scopes of the publisher's reads.
const API_VIEW: &[&str] = &["apim:api_view"];

/// Which API of the control plane a path belongs to.
#[derive(Debug, Clone, Copy)]
enum Root {
    Publisher,
    Store,
    Admin,
}

/// A control plane of the 3.2 shape.
#[derive(Debug, Clone)]
pub(crate) struct RestV1 {
    connection: Arc<Connection>,
    page: usize,
}

impl RestV1 {
    /// An adapter over a signed-in connection.
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, page: PAGE }
    }

    #[cfg(test)]
    pub(crate) fn with_page_size(self, page: usize) -> Self {
        Self { page, ..self }
    }

    fn url(&self, root: Root, path: &[&str]) -> Url {
        let generation = self.connection.generation();
        let root = match root {
            Root::Publisher => generation.publisher,
            Root::Store => generation.store,
            Root::Admin => generation.admin,
        };
        self.connection.address().join(root.iter().chain(path).copied())
    }

    async fn read(&self, root: Root, path: &[&str], limit: Limit, scopes: &[&str]) -> Result<Answer, CloudError> {
        let call = Call::get(self.url(root, path)).limit(limit);
        self.connection.send(call, scopes).await
    }

    /// Reads a list without pages.
    async fn list(&self, root: Root, path: &[&str], scopes: &[&str]) -> Result<Vec<Value>, CloudError> {
        let answer = self.read(root, path, Limit::LIST, scopes).await?;
        pages::items(&answer)
    }
}

impl ControlPlane for RestV1 {
    async fn apis(&self, search: &ApiSearch) -> Result<Vec<ApiSummary>, CloudError> {
        self.list_apis(search).await
    }

    async fn api(&self, id: &str) -> Result<ApiDetails, CloudError> {
        let answer = self.read(Root::Publisher, &["apis", id], Limit::LIST, API_VIEW).await?;
        ApiDetails::read(&answer.json()?, answer.etag.clone())
            .map_err(|missing| answer.unreadable(format!("an API without {missing}")))
    }

    async fn definition(&self, id: &str) -> Result<Value, CloudError> {
        let path = ["apis", id, "swagger"];
        let answer = self.read(Root::Publisher, &path, Limit::DEFINITION, API_VIEW).await?;
        let document = answer.json()?;
        if document.is_object() {
            Ok(document)
        } else {
            Err(answer.unreadable("a definition that is not an object"))
        }
    }

    async fn labels(&self) -> Result<Vec<String>, CloudError> {
        let labels = self.list(Root::Publisher, &["labels"], API_VIEW).await?;
        Ok(labels
            .iter()
            .filter_map(|label| crate::cloud::json::text(label, "name"))
            .collect())
    }

    async fn policies(&self) -> Result<PolicyDocuments, CloudError> {
        self.read_policies().await
    }

    async fn client_certificates(&self, id: &str) -> Result<Certificates, CloudError> {
        self.read_client_certificates(id).await
    }

    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError> {
        self.read_backend_certificates(backends).await
    }

    async fn gateway_data(&self, password: &SecretString) -> Result<Option<GatewayData>, CloudError> {
        self.read_gateway_data(password).await
    }

    async fn store_data(&self, api_ids: &[String]) -> Result<StoreData, CloudError> {
        self.read_store_data(api_ids).await
    }
}

/// Whether an error means that the user lacks a role, rather than that something is wrong.
fn is_not_permitted(error: &CloudError) -> bool {
    matches!(error, CloudError::MissingScope { .. }) || error.status() == Some(403)
}

#[cfg(test)]
mod tests;
