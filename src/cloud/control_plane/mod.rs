//! Reading a control plane into plain data, whatever its generation.
//!
//! [`ControlPlane`] is what `pull` needs to know; an adapter speaks the REST APIs of one shape. [`RestV1`] is the 3.2
//! shape: API Cloud without a version segment, API Manager 3.2 with one. Which segments, is data in
//! [`generation`](super::generation).

mod api;
mod certificate;
mod policy;
mod rest_v1;
mod subscription;

pub(crate) use api::{ApiDetails, ApiKind, ApiSummary, Cors, LifeCycle, Operation};
pub(crate) use certificate::{Certificates, UploadedCertificate};
pub(crate) use policy::{PolicyDocuments, PolicyLevel, PolicyView};
pub(crate) use rest_v1::RestV1;
pub(crate) use subscription::{GatewayData, StoreData, VisibleApplication};

use super::CloudError;
use serde_json::Value;
use std::collections::BTreeSet;

/// Which APIs to list. The control plane's own filter is only a first one: matches are checked again by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiSearch {
    /// Those with a gateway label.
    Label(String),
    /// Those with a name and version.
    NameAndVersion(String, String),
    /// All that the user may see.
    All,
}

/// What `pull` asks of a control plane.
pub(crate) trait ControlPlane {
    /// Lists APIs, over all pages.
    async fn apis(&self, search: &ApiSearch) -> Result<Vec<ApiSummary>, CloudError>;

    /// Reads one API.
    async fn api(&self, id: &str) -> Result<ApiDetails, CloudError>;

    /// Reads the OpenAPI definition of an API.
    async fn definition(&self, id: &str) -> Result<Value, CloudError>;

    /// Names of the gateway labels.
    async fn labels(&self) -> Result<Vec<String>, CloudError>;

    /// Throttling policies, with all details where the user may see them.
    async fn policies(&self) -> Result<PolicyDocuments, CloudError>;

    /// Client certificates that were uploaded for the API with this id.
    async fn client_certificates(&self, id: &str) -> Result<Certificates, CloudError>;

    /// Certificates that were uploaded for these backends, each `https://HOST:PORT`.
    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError>;

    /// The data that the control plane keeps for gateways; `None` where it offers none.
    async fn gateway_data(&self, password: &secrecy::SecretString) -> Result<Option<GatewayData>, CloudError>;

    /// Subscriptions of the APIs with these ids, and the applications and keys that the user may see.
    async fn store_data(&self, api_ids: &[String]) -> Result<StoreData, CloudError>;
}
