//! Reading a control plane into plain data, whatever its generation.
//!
//! [`ControlPlane`] is what `pull` needs to know; [`open`] gives the adapter for the generation there is. What generations
//! have in common is in `rest`; paths and scopes are data in [`generation`](super::generation). The neutral shape is that
//! of 3.2: `v0` brings 2.6 into it, `v4` reads deployed revisions.

mod adapter;
mod api;
mod certificate;
mod exported;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod mediation;
mod policy;
mod rest;
mod subscription;
#[cfg(test)]
mod test_plane;
mod v0;
mod v1;
mod v4;

pub(crate) use adapter::open;
pub(crate) use api::{ApiDetails, ApiKind, ApiSummary, Cors, LifeCycle, Operation, Revision};
pub(crate) use certificate::{Certificates, UploadedCertificate};
pub(crate) use exported::read_exported;
pub(crate) use mediation::Mediation;
pub(crate) use policy::{PolicyDocuments, PolicyLevel, PolicyView};
pub(crate) use subscription::{GatewayData, StoreData, VisibleApplication};

use super::CloudError;
use serde_json::Value;
use std::collections::BTreeSet;

/// Which APIs to list. The control plane's own filter is only a first one: matches are checked again by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiSearch {
    /// Those with a gateway label: from 4.0 on, those that are deployed to the gateway environment of that name.
    Label(String),
    /// Those with a name and version.
    NameAndVersion(String, String),
    /// All that the user may see.
    All,
}

/// APIs that were searched for.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those that were found.
    pub(crate) apis: Vec<ApiSummary>,
    /// Those of which it could not be read whether they belong there, and why: each is the server's own answer.
    pub(crate) unread: Vec<(ApiSummary, CloudError)>,
}

/// A definition that was asked for.
#[derive(Debug)]
pub(crate) enum Definition {
    /// It is the one that is known.
    Unchanged,
    /// It is another one, or none was known.
    Document {
        /// The OpenAPI document, an object.
        document: Value,
        /// Its `ETag`, where the control plane gives one.
        etag: Option<String>,
    },
}

impl From<Vec<ApiSummary>> for Found {
    fn from(apis: Vec<ApiSummary>) -> Self {
        Self {
            apis,
            unread: Vec::new(),
        }
    }
}

/// What `pull` asks of a control plane.
pub(crate) trait ControlPlane {
    /// Lists APIs, over all pages.
    async fn apis(&self, search: &ApiSearch) -> Result<Found, CloudError>;

    /// Reads one API that was listed: as it is served, where that differs from what its publisher edits.
    async fn api(&self, listed: &ApiSummary) -> Result<ApiDetails, CloudError>;

    /// Reads the OpenAPI definition that belongs to the details, unless it is still the one that came with the `ETag`
    /// `known`.
    async fn definition(&self, api: &ApiDetails, known: Option<&str>) -> Result<Definition, CloudError>;

    /// Names of the gateway labels, or environments; `None` when the user may not see them.
    async fn labels(&self) -> Result<Option<Vec<String>>, CloudError>;

    /// Throttling policies, with all details where the user may see them.
    async fn policies(&self) -> Result<PolicyDocuments, CloudError>;

    /// Client certificates that were uploaded for the API.
    async fn client_certificates(&self, api: &ApiDetails) -> Result<Certificates, CloudError>;

    /// Certificates that were uploaded for these backends, each `https://HOST:PORT`.
    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError>;

    /// The data that the control plane keeps for gateways; `None` where it offers none.
    async fn gateway_data(&self, password: &secrecy::SecretString) -> Result<Option<GatewayData>, CloudError>;

    /// The block list as the control plane tells it to its gateways, in the form of [`PolicyDocuments::blocks`]; `None`
    /// where it tells them none, or not by this password.
    async fn gateway_blocks(&self, password: &secrecy::SecretString) -> Result<Option<Vec<Value>>, CloudError>;

    /// Subscriptions of the APIs with these ids, and the applications and keys that the user may see. `done` is told of how
    /// many APIs the subscriptions are read.
    async fn store_data(&self, api_ids: &[String], done: &(dyn Fn(usize) + Sync)) -> Result<StoreData, CloudError>;
}
