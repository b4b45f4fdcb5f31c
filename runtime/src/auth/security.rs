//! What authentication keeps for the life of the gateway.

use super::api_key_issuer::ApiKeyIssuer;
use super::backend_tokens::BackendTokens;
use super::builders::{
    api_key_issuer, api_key_signer, backend_tokens, claim_source, opaque_tokens, operator_clients, revoke_from_file,
    subscription_data, token_proxy, trusted,
};
use super::certificates::OperatorClients;
use super::issuers::Issuers;
use super::jwks::KeySourceStatus;
use super::key_manager::OpaqueTokens;
use super::passwords::Passwords;
use super::revocation_sources::RevocationSourceStatus;
use super::start_revocation_sources::start_revocation_sources;
use super::{CredentialKind, Revocations, SecurityError, Services};
use crate::config::{RuntimeConfig, StoreSettings};
use crate::event_hub::amqp::Connections;
use crate::subscription_data::{DataStatus, SubscriptionData};
use crate::throttle::Counters;
use crate::tls::OpenStore;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// Trusted keys, revocations and quota counters. Shared by all cores and kept across reloads.
#[derive(Debug)]
pub struct Security {
    pub(super) config: RuntimeConfig,
    pub(super) tokens: Issuers,
    pub(super) api_keys: Issuers,
    pub(super) passwords: Arc<Passwords>,
    pub(super) clients: OperatorClients,
    key_store: Option<OpenStore>,
    trust_store: Option<OpenStore>,
    pub(super) backend_tokens: Option<BackendTokens>,
    pub(super) opaque_tokens: OpaqueTokens,
    /// Services of the gateway itself.
    pub services: Services,
    /// Revoked tokens.
    pub revocations: Arc<Revocations>,
    pub(super) subscription_data: Option<Arc<SubscriptionData>>,
    pub(super) revocation_sources: Vec<watch::Receiver<RevocationSourceStatus>>,
    /// Quota counters.
    pub counters: Arc<Counters>,
    /// Counts changes of trusted keys.
    key_generation: Arc<AtomicU64>,
}

impl Security {
    /// Reads keys from their files and starts fetching those that come from URLs, on the runtime of `control`. Does not
    /// wait for them: what earlier gateways fetched is in `data_dir`, unless nothing is to be kept there.
    ///
    /// # Errors
    ///
    /// All problems with key files.
    pub fn start(
        config: &RuntimeConfig,
        data_dir: Option<&Path>,
        control: &tokio::runtime::Handle,
    ) -> Result<Arc<Self>, Vec<SecurityError>> {
        let mut errors = Vec::new();
        let key_generation = Arc::new(AtomicU64::new(1));
        let skew_ms = u64::try_from(config.authentication.skew.as_millis()).unwrap_or(0);
        let mut open = |settings: &Option<StoreSettings>| {
            let opened = settings.as_ref().map(OpenStore::open).transpose();
            keep(opened.map_err(SecurityError::Store), &mut errors)
        };
        // A key in a PEM file takes the place of the store.
        let own_key = config.listener.private_key_file.is_some();
        let key_store = if own_key {
            None
        } else {
            open(&config.listener.key_store)
        };
        let trust_store = open(&config.listener.trust_store);
        let (keys, trust) = (key_store.as_ref(), trust_store.as_ref());
        // Every alias would be a problem of its own.
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut tokens = Vec::new();
        for issuer in &config.issuers {
            match trusted(issuer, trust, skew_ms, &key_generation, data_dir, control) {
                Ok(trusted) => tokens.push(trusted),
                Err(error) => errors.push(error),
            }
        }
        let key_signer = keep(api_key_signer(config, keys), &mut errors);
        let api_keys = keep(
            api_key_issuer(&config.api_keys, trust, key_signer.as_ref(), skew_ms),
            &mut errors,
        );
        let clients = keep(operator_clients(&config.mutual_tls, trust).map(Some), &mut errors);
        let revocations = Arc::new(Revocations::new(config.revocation.capacity));
        if let Some(path) = &config.revocation.file {
            errors.extend(revoke_from_file(&revocations, path).err());
        }
        let mut event_hub = Connections::default();
        let revocation_sources = start_revocation_sources(
            &config.revocation,
            trust,
            &revocations,
            control,
            &mut event_hub,
            &mut errors,
        );
        let subscription_data = keep(subscription_data(config, trust, control, &mut event_hub), &mut errors);
        event_hub.start(control);
        let opaque_tokens = keep(
            opaque_tokens(&config.key_manager, trust, control).map(Some),
            &mut errors,
        );
        let token_proxy = keep(token_proxy(&config.key_manager, trust, control), &mut errors);
        let claims = keep(claim_source(config, trust, control), &mut errors);
        let backend_tokens = keep(backend_tokens(config, keys), &mut errors);
        let backend_tokens = backend_tokens.map(|tokens| tokens.with_claims(claims));
        let passwords = Passwords::new(config.users.clone(), control.clone());
        let (passwords, clients) = match (passwords, clients) {
            (Some(passwords), Some(clients)) if errors.is_empty() => (Arc::new(passwords), clients),
            (Some(_), _) => return Err(errors),
            (None, _) => {
                errors.push(SecurityError::Random);
                return Err(errors);
            }
        };
        let own_issuer = &config.api_keys.own_issuer;
        let services = Services {
            tokens: token_proxy,
            // Without users there is nobody to issue keys to.
            api_keys: key_signer
                .filter(|_| !passwords.users.by_name.is_empty())
                .map(|signer| ApiKeyIssuer::new(own_issuer, signer, Arc::clone(&passwords))),
        };
        let issuers = |kind, issuers| Issuers {
            kind,
            issuers,
            max_token_bytes: config.authentication.max_token_bytes,
        };
        Ok(Arc::new(Self {
            tokens: issuers(CredentialKind::Jwt, tokens),
            api_keys: issuers(CredentialKind::ApiKey, api_keys.into_iter().collect()),
            counters: Arc::new(Counters::new(config.throttling.max_counters)),
            passwords,
            clients,
            key_store,
            trust_store,
            opaque_tokens: opaque_tokens.unwrap_or(OpaqueTokens::Unknown),
            backend_tokens,
            services,
            revocations,
            subscription_data,
            revocation_sources,
            key_generation,
            config: config.clone(),
        }))
    }

    /// Returns the listener's key store, unless its key is in a PEM file.
    pub(crate) fn key_store(&self) -> Option<&OpenStore> {
        self.key_store.as_ref()
    }

    /// Returns the listener's trust store.
    pub(crate) fn trust_store(&self) -> Option<&OpenStore> {
        self.trust_store.as_ref()
    }

    /// Returns the state of every issuer whose keys come from a URL, for readiness and metrics.
    pub fn key_sources(&self, now_ms: u64) -> Vec<KeySourceStatus> {
        self.tokens.key_sources(now_ms).collect()
    }

    /// Returns how many introspections were not answered as they should be; `None` where there are none.
    pub fn introspection_failures(&self) -> Option<u64> {
        match &self.opaque_tokens {
            OpaqueTokens::Introspected(introspector) => Some(introspector.failures()),
            _ => None,
        }
    }

    /// Returns how many key validations were not answered as they should be; `None` where there are none.
    pub fn key_validation_failures(&self) -> Option<u64> {
        match &self.opaque_tokens {
            OpaqueTokens::Validated(validator) => Some(validator.failures()),
            _ => None,
        }
    }

    /// Returns how often claims about users could not be had; `None` where nobody asks for them.
    pub fn claim_retrieval_failures(&self) -> Option<u64> {
        self.backend_tokens.as_ref()?.claim_failures()
    }

    /// Returns the state of every source of revocations that is read while the gateway runs.
    pub fn revocation_sources(&self) -> Vec<RevocationSourceStatus> {
        self.revocation_sources.iter().map(|source| *source.borrow()).collect()
    }

    /// Returns how the connection to the control plane's subscription data is doing; `None` when there is none.
    pub fn subscription_data(&self) -> Option<DataStatus> {
        self.subscription_data.as_ref().map(|data| data.status())
    }

    /// Forgets what has expired. To be called about once a minute.
    pub fn sweep(&self, now_ms: u64) {
        self.counters.sweep(now_ms);
        self.revocations.sweep(now_ms);
    }

    pub(super) fn key_generation(&self) -> u64 {
        self.key_generation.load(Ordering::Acquire)
    }
}

/// Collects the problem, so that all are reported together.
fn keep<T>(result: Result<Option<T>, SecurityError>, errors: &mut Vec<SecurityError>) -> Option<T> {
    result.unwrap_or_else(|error| {
        errors.push(error);
        None
    })
}
