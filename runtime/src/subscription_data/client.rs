//! Reads the control plane's internal data API.

use crate::asking::Asking;
use crate::config::SubscriptionDataSettings;
use crate::control_plane::{ControlPlane, NoAnswer};
use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use std::time::Duration;
use url::Url;

/// The tenant that the gateway wants to read.
const TENANT: &str = "xWSO2Tenant";

/// A collection of the internal data API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    Apis,
    Applications,
    KeyMappings,
    Subscriptions,
}

impl Collection {
    fn path(self) -> &'static str {
        match self {
            Self::Apis => "apis",
            Self::Applications => "applications",
            Self::KeyMappings => "application-key-mappings",
            Self::Subscriptions => "subscriptions",
        }
    }
}

/// The connection to the control plane.
#[derive(Debug)]
pub(super) struct InternalData {
    plane: ControlPlane,
    base: Url,
    tenant: Option<HeaderValue>,
}

impl InternalData {
    /// Prepares the connection.
    pub(super) fn new(settings: &SubscriptionDataSettings, asking: &Asking) -> Result<Self, String> {
        let tenant = settings.tenant_header.as_deref().map(HeaderValue::from_str);
        Ok(Self {
            plane: ControlPlane::new(&settings.url, &settings.username, &settings.password, asking)?,
            base: settings.url.clone(),
            tenant: tenant.transpose().map_err(|error| error.to_string())?,
        })
    }

    /// Returns the body of a successful answer, of at most `limit` bytes, that came within `deadline`.
    pub(super) async fn get(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        limit: usize,
        deadline: Duration,
    ) -> Result<Vec<u8>, NoAnswer> {
        let complete = |mut request: RequestBuilder| {
            if let Some(tenant) = &self.tenant {
                request = request.header(TENANT, tenant);
            }
            if !query.is_empty() {
                request = request.query(query);
            }
            request
        };
        self.plane.answer(self.url(collection), complete, limit, deadline).await
    }

    fn url(&self, collection: Collection) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), collection.path());
        url.set_path(&path);
        url
    }
}
