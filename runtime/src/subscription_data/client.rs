//! Reads the control plane's internal data API.

use super::refused::Refused;
use crate::asking::Asking;
use crate::config::SubscriptionDataSettings;
use crate::control_plane::{ControlPlane, NoAnswer, answer};
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
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
    /// Of the control thread alone: the lists and the single questions share the credentials.
    refused: Mutex<Refused>,
    /// Counts the passwords: what one of them met says nothing about the next.
    passwords: AtomicU64,
}

impl InternalData {
    /// Prepares the connection.
    pub(super) fn new(settings: &SubscriptionDataSettings, asking: &Asking) -> Result<Self, String> {
        let tenant = settings.tenant_header.as_deref().map(HeaderValue::from_str);
        Ok(Self {
            plane: ControlPlane::new(&settings.username, &settings.password, asking)?,
            base: settings.url.clone(),
            tenant: tenant.transpose().map_err(|error| error.to_string())?,
            refused: Mutex::new(Refused::new()),
            passwords: AtomicU64::new(0),
        })
    }

    /// Returns the body of a successful answer, of at most `limit` bytes, that came within `deadline`. While the
    /// credentials are refused, that is said again without asking.
    pub(super) async fn get(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        limit: usize,
        deadline: Duration,
    ) -> Result<Vec<u8>, NoAnswer> {
        if !self.refused().may_ask(Instant::now()) {
            return Err(NoAnswer::Status(401));
        }
        let password = self.passwords.load(Ordering::Acquire);
        let mut request = self.plane.ask(self.url(collection));
        if let Some(tenant) = &self.tenant {
            request = request.header(TENANT, tenant);
        }
        if !query.is_empty() {
            request = request.query(query);
        }
        let answer = answer(request, limit, deadline).await;
        let mut refused = self.refused();
        if self.passwords.load(Ordering::Acquire) == password {
            refused.note(&answer, Instant::now());
        }
        drop(refused);
        answer
    }

    /// Signs in with another password from now on, which has not been refused.
    pub(super) fn set_password(&self, password: SecretString) {
        let mut refused = self.refused();
        self.passwords.fetch_add(1, Ordering::AcqRel);
        self.plane.set_password(password);
        *refused = Refused::new();
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, collection: Collection) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), collection.path());
        url.set_path(&path);
        url
    }
}
