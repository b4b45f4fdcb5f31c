//! What authentication keeps for the life of the gateway.

use super::builders::{
    claim_source, global_limits, key_source, opaque_tokens, revoke_from_file, subscription_data, token_proxy,
    traffic_manager, usage_service,
};
use super::jwks::KeySourceStatus;
use super::key_manager::OpaqueTokens;
use super::key_material::{KeyMaterial, Lasting, Stores, keep};
use super::passwords::Passwords;
use super::revocation_sources::RevocationSourceStatus;
use super::start_revocation_sources::start_revocation_sources;
use super::{Revocations, SecurityError};
use crate::asking::Asking;
use crate::config::RuntimeConfig;
use crate::event_hub::amqp::Connections;
use crate::refused::Accounts;
use crate::subscription_data::{DataStatus, SubscriptionData};
use crate::throttle::{GlobalLimits, LimitsSource, LimitsStatus};
use crate::watched_files::{Turn, WatchedFiles};
use arc_swap::ArcSwap;
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use url::Url;

/// Trusted keys, revocations and quota counters. Shared by all cores and kept across reloads.
#[derive(Debug)]
pub struct Security {
    pub(super) config: RuntimeConfig,
    /// What the next authenticator takes; requests see their authenticator's.
    keys: ArcSwap<KeyMaterial>,
    key_files: WatchedFiles,
    pub(super) lasting: Lasting,
    pub(super) opaque_tokens: OpaqueTokens,
    /// Revoked tokens.
    pub revocations: Arc<Revocations>,
    revocation_file: WatchedFiles,
    pub(super) subscription_data: Option<Arc<SubscriptionData>>,
    /// Those with which the control plane is asked.
    accounts: Accounts,
    pub(super) revocation_sources: Vec<watch::Receiver<RevocationSourceStatus>>,
    /// `None`: quotas are counted here.
    global_limits: Option<Arc<LimitsSource>>,
    /// Counts changes of fetched keys.
    key_generation: Arc<AtomicU64>,
    /// How the traffic manager is spoken to.
    pub(crate) traffic_manager: Asking,
    /// How the service is spoken to that takes usage records.
    pub(crate) usage_service: Asking,
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
        let key_files = WatchedFiles::new(KeyMaterial::files(config));
        let revocation_file = WatchedFiles::new(config.revocation.file.as_deref());
        let key_generation = Arc::new(AtomicU64::new(1));
        let passwords =
            Passwords::new(config.users.clone(), control.clone()).ok_or_else(|| vec![SecurityError::Random])?;
        let stores = Stores::open(&config.listener)?;
        let trust = stores.trust.as_ref();
        let mut errors = Vec::new();
        let proxy = config.http_clients.proxy_of_services();
        let sources = config.issuers.iter();
        let sources = sources.map(|issuer| key_source(issuer, trust, proxy, &key_generation, data_dir, control));
        let lasting = Lasting {
            passwords: Arc::new(passwords),
            key_sources: sources.map(|source| keep(source, &mut errors)).collect(),
            claims: keep(claim_source(config, trust, control), &mut errors),
            token_proxy: keep(token_proxy(config, trust, control), &mut errors).map(Arc::new),
        };
        let keys = KeyMaterial::read(config, &stores, &lasting);
        let keys = keys.map_err(|more| errors.extend(more)).ok();
        let revocations = Arc::new(Revocations::new(config.revocation.capacity));
        if let Some(path) = &config.revocation.file {
            errors.extend(revoke_from_file(&revocations, path).err());
        }
        let mut event_hub = Connections::default();
        let accounts = Accounts::default();
        let revocation_sources = start_revocation_sources(
            &config.revocation,
            trust,
            proxy,
            &accounts,
            data_dir,
            &revocations,
            control,
            &mut event_hub,
            &mut errors,
        );
        let subscription_data = keep(
            subscription_data(config, trust, &accounts, control, &mut event_hub),
            &mut errors,
        );
        let global_limits = keep(
            global_limits(config, trust, &accounts, data_dir, control, &mut event_hub),
            &mut errors,
        );
        event_hub.start(control);
        let opaque_tokens = keep(opaque_tokens(config, trust, control).map(Some), &mut errors);
        let traffic_manager = keep(traffic_manager(config, trust).map(Some), &mut errors);
        let usage_service = keep(usage_service(config, trust).map(Some), &mut errors);
        let Some(keys) = keys.filter(|_| errors.is_empty()) else {
            return Err(errors);
        };
        Ok(Arc::new(Self {
            keys: ArcSwap::from_pointee(keys),
            key_files,
            lasting,
            opaque_tokens: opaque_tokens.unwrap_or(OpaqueTokens::Unknown),
            revocations,
            revocation_file,
            subscription_data,
            accounts,
            revocation_sources,
            global_limits,
            key_generation,
            traffic_manager: traffic_manager.unwrap_or_default(),
            usage_service: usage_service.unwrap_or_default(),
            config: config.clone(),
        }))
    }

    /// Returns what the files with keys and certificates held when they were last usable.
    pub(super) fn keys(&self) -> Arc<KeyMaterial> {
        self.keys.load_full()
    }

    /// Looks at the files with keys and certificates. When they changed, `take_over` gets what they hold now and has
    /// requests see it, or fails and nothing changes. Blocks.
    pub(crate) fn renew_keys<E: From<Vec<SecurityError>>>(
        &self,
        take_over: impl FnOnce(&Arc<KeyMaterial>) -> Result<(), E>,
    ) -> Turn<E> {
        self.key_files.turn(|| {
            let stores = Stores::open(&self.config.listener)?;
            let keys = Arc::new(KeyMaterial::read(&self.config, &stores, &self.lasting)?);
            take_over(&keys)?;
            self.keys.store(keys);
            Ok(())
        })
    }

    /// Looks at the file with revocations and adds what it holds when it changed. What it no longer holds stays revoked.
    /// Blocks.
    pub(crate) fn renew_revocations(&self) -> Turn<SecurityError> {
        self.revocation_file.turn(|| match &self.config.revocation.file {
            Some(path) => revoke_from_file(&self.revocations, path),
            None => Ok(()),
        })
    }

    /// Returns whether the key manager's endpoints are offered, which have a listener of their own.
    pub fn offers_tokens(&self) -> bool {
        self.lasting.token_proxy.is_some()
    }

    /// Returns whether users are to get API keys, for the APIs that the settings name, and there is no key to sign them with.
    pub fn lacks_api_key_signer(&self) -> bool {
        let settings = &self.config.api_keys.own_issuer;
        let are_wanted = settings.enabled && !settings.apis.is_empty() && !self.config.users.by_name.is_empty();
        are_wanted && self.keys.load().services.api_keys.is_none()
    }

    /// Returns the state of every issuer whose keys come from a URL, for readiness and metrics.
    pub fn key_sources(&self, now_ms: u64) -> Vec<KeySourceStatus> {
        let sources = self.lasting.key_sources.iter().flatten();
        sources.map(|source| source.status(now_ms)).collect()
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
        let asked = self.lasting.claims.as_ref().filter(|_| self.config.backend_jwt.enabled);
        asked.map(|claims| claims.failures())
    }

    /// Returns the state of every source of revocations that is read while the gateway runs.
    pub fn revocation_sources(&self) -> Vec<RevocationSourceStatus> {
        self.revocation_sources.iter().map(|source| *source.borrow()).collect()
    }

    /// Returns how the connection to the control plane's subscription data is doing; `None` when there is none.
    pub fn subscription_data(&self) -> Option<DataStatus> {
        self.subscription_data.as_ref().map(|data| data.status())
    }

    /// Asks the control plane with another password of this user from now on.
    pub(crate) fn set_control_plane_password(&self, server: &Url, user: &str, password: &SecretString) {
        self.accounts.set_password(server, user, password);
        if let Some(data) = &self.subscription_data {
            data.has_new_password();
        }
    }

    /// Returns what counts the control plane's changes that a new bundle has to bring; `None`: the event hub is not followed.
    pub fn control_plane_changes(&self) -> Option<watch::Receiver<u64>> {
        self.subscription_data.as_ref().map(|data| data.changes())
    }

    /// Returns what the traffic manager has told about quotas; `None`: they are counted here.
    pub(crate) fn global_limits(&self) -> Option<&Arc<GlobalLimits>> {
        self.global_limits.as_ref().map(|source| source.limits())
    }

    /// Returns how the connections are doing by which quotas are told; `None`: they are counted here.
    pub fn limits_status(&self) -> Option<LimitsStatus> {
        self.global_limits.as_ref().map(|source| source.status())
    }

    /// Forgets what has expired. To be called about once a minute.
    pub fn sweep(&self, now_ms: u64) {
        if let Some(limits) = self.global_limits() {
            limits.sweep(now_ms);
        }
        self.revocations.sweep(now_ms);
    }

    pub(super) fn key_generation(&self) -> u64 {
        self.key_generation.load(Ordering::Acquire)
    }
}
