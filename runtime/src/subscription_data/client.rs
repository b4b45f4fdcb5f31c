//! Reads the control plane's internal data API.

use super::wire::Unusable;
use crate::config::SubscriptionDataSettings;
use crate::unreached;
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::Url;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);
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

/// Why there is no answer. Says nothing that the operator did not configure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("{0}")]
    Unreached(&'static str),
    #[error("the control plane answers {status}{}", unreached::remedy(*.0), status = .0)]
    Status(u16),
    #[error("the answer breaks off")]
    Broken,
    #[error("the answer is too large")]
    TooLarge,
    #[error("the control plane does not answer in time")]
    TooLate,
    #[error(transparent)]
    Unusable(Unusable),
}

/// The connection to the control plane.
#[derive(Debug)]
pub(super) struct InternalData {
    client: Client,
    base: Url,
    username: String,
    password: SecretString,
    tenant: Option<HeaderValue>,
}

impl InternalData {
    /// Prepares the connection; `roots` are trusted beside the system's certificates.
    pub(super) fn new(settings: &SubscriptionDataSettings, roots: Option<&[u8]>) -> Result<Self, String> {
        // The credentials go to this server and nowhere else.
        let mut builder = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT);
        if let Some(pem) = roots {
            let roots = Certificate::from_pem_bundle(pem).map_err(|error| error.to_string())?;
            builder = builder.tls_certs_merge(roots);
        }
        let tenant = settings.tenant_header.as_deref().map(HeaderValue::from_str);
        Ok(Self {
            client: builder.build().map_err(|error| error.to_string())?,
            base: settings.url.clone(),
            username: settings.username.clone(),
            password: settings.password.clone(),
            tenant: tenant.transpose().map_err(|error| error.to_string())?,
        })
    }

    /// Returns the body of a successful answer, at most `limit` bytes.
    pub(super) async fn get(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        limit: usize,
    ) -> Result<Vec<u8>, NoAnswer> {
        let mut request = self.client.get(self.url(collection)).header(ACCEPT, "application/json");
        if let Some(tenant) = &self.tenant {
            request = request.header(TENANT, tenant);
        }
        if !query.is_empty() {
            request = request.query(query);
        }
        let request = request.basic_auth(&self.username, Some(self.password.expose_secret()));
        let mut response = request
            .send()
            .await
            .map_err(|error| NoAnswer::Unreached(unreached::why(&error)))?;
        if !response.status().is_success() {
            return Err(NoAnswer::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| NoAnswer::Broken)? {
            if body.len() + chunk.len() > limit {
                return Err(NoAnswer::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn url(&self, collection: Collection) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), collection.path());
        url.set_path(&path);
        url
    }
}
