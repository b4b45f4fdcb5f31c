//! One adapter for whichever generation it is.

use super::rest::Rest;
use super::v0::V0;
use super::v1::V1;
use super::v4::V4;
use super::{
    ApiDetails, ApiSearch, ApiSummary, Certificates, ControlPlane, Definition, Found, GatewayData, PolicyDocuments,
    StoreData,
};
use crate::cloud::CloudError;
use crate::cloud::generation::Shape;
use crate::cloud::session::Connection;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A control plane of some generation.
#[derive(Debug, Clone)]
pub(crate) enum Adapter {
    /// 2.6.
    V0(V0),
    /// 3.x and API Cloud.
    V1(V1),
    /// 4.x.
    V4(V4),
}

/// The adapter for the control plane of a signed-in connection.
pub(crate) fn open(connection: Arc<Connection>) -> Adapter {
    let shape = connection.generation().shape;
    Adapter::of(shape, Rest::new(connection))
}

impl Adapter {
    fn of(shape: Shape, rest: Rest) -> Self {
        match shape {
            Shape::V0 => Self::V0(V0(rest)),
            Shape::V1 => Self::V1(V1(rest)),
            Shape::V4 => Self::V4(V4(rest)),
        }
    }

    #[cfg(test)]
    pub(crate) fn with_page_size(self, page: usize) -> Self {
        match self {
            Self::V0(V0(rest)) => Self::V0(V0(rest.with_page_size(page))),
            Self::V1(V1(rest)) => Self::V1(V1(rest.with_page_size(page))),
            Self::V4(V4(rest)) => Self::V4(V4(rest.with_page_size(page))),
        }
    }
}

/// Asks the adapter there is.
macro_rules! ask {
    ($adapter:expr, $method:ident ( $($argument:expr),* )) => {
        match $adapter {
            Adapter::V0(plane) => plane.$method($($argument),*).await,
            Adapter::V1(plane) => plane.$method($($argument),*).await,
            Adapter::V4(plane) => plane.$method($($argument),*).await,
        }
    };
}

impl ControlPlane for Adapter {
    async fn apis(&self, search: &ApiSearch) -> Result<Found, CloudError> {
        ask!(self, apis(search))
    }

    async fn api(&self, listed: &ApiSummary) -> Result<ApiDetails, CloudError> {
        ask!(self, api(listed))
    }

    async fn definition(&self, api: &ApiDetails, known: Option<&str>) -> Result<Definition, CloudError> {
        ask!(self, definition(api, known))
    }

    async fn labels(&self) -> Result<Option<Vec<String>>, CloudError> {
        ask!(self, labels())
    }

    async fn policies(&self) -> Result<PolicyDocuments, CloudError> {
        ask!(self, policies())
    }

    async fn client_certificates(&self, api: &ApiDetails) -> Result<Certificates, CloudError> {
        ask!(self, client_certificates(api))
    }

    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError> {
        ask!(self, backend_certificates(backends))
    }

    async fn gateway_data(&self, password: &SecretString) -> Result<Option<GatewayData>, CloudError> {
        ask!(self, gateway_data(password))
    }

    async fn gateway_blocks(&self, password: &SecretString) -> Result<Option<Vec<Value>>, CloudError> {
        ask!(self, gateway_blocks(password))
    }

    async fn store_data(&self, api_ids: &[String], done: &(dyn Fn(usize) + Sync)) -> Result<StoreData, CloudError> {
        ask!(self, store_data(api_ids, done))
    }
}
