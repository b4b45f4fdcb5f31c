//! Decides about the callers of one bundle.

use super::backend_tokens::{FetchedClaims, introduces};
use super::decision::Decision;
use super::key_material::KeyMaterial;
use super::resources::{ApiSecurity, ResourceSecurity, Strip};
use super::scopes::ScopeNames;
use super::subscription::Subscriptions;
use super::verdicts::Place;
use super::{Answers, BackendToken, Caller, ClientCertificate, CoreAuth, Outcome, RequestView, Security, Services};
use crate::refusal::Refusal;
use crate::throttle::{GlobalThrottle, Throttle};
use crate::tls::ClientTrust;
use mgw_bundle::{GatewayConfig, SubscriptionSnapshot};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers the authenticators of a process, so that per-core caches know when they are out of date.
static GENERATION: AtomicU64 = AtomicU64::new(1);

fn next_generation() -> u64 {
    GENERATION.fetch_add(1, Ordering::Relaxed)
}

/// Decides about callers for one bundle. Immutable; shared by all cores.
#[derive(Debug, Clone)]
pub struct Authenticator {
    pub(super) security: Arc<Security>,
    /// Those of `security` when this was made.
    pub(super) keys: Arc<KeyMaterial>,
    pub(super) throttle: Arc<Throttle>,
    /// `None`: quotas are counted here.
    pub(super) global: Option<Arc<GlobalThrottle>>,
    pub(super) scopes: ScopeNames,
    pub(super) subscriptions: Arc<Subscriptions>,
    apis: Vec<ApiSecurity>,
    generation: u64,
}

impl Authenticator {
    /// Resolves what every resource of a bundle asks of its callers.
    pub fn new(
        config: &GatewayConfig,
        snapshot: Option<&SubscriptionSnapshot>,
        security: Arc<Security>,
        throttle: Arc<Throttle>,
    ) -> Self {
        let mut scopes = ScopeNames::default();
        let apis = config
            .apis
            .iter()
            .map(|api| ApiSecurity::new(api, &security.config, &mut scopes))
            .collect();
        let validate = security.config.authentication.validate_subscriptions;
        Self {
            apis,
            scopes,
            subscriptions: Arc::new(Subscriptions::new(
                snapshot,
                validate,
                security.subscription_data.clone(),
            )),
            throttle,
            global: None,
            keys: security.keys(),
            security,
            generation: next_generation(),
        }
    }

    /// Returns one that decides by other keys, and by nothing that was remembered under those of before.
    pub(crate) fn with_keys(&self, keys: Arc<KeyMaterial>) -> Self {
        Self {
            keys,
            generation: next_generation(),
            ..self.clone()
        }
    }

    /// Takes the client certificates that came with the APIs, in the order of the bundle.
    #[must_use]
    pub(crate) fn with_client_certificates(mut self, certificates: Vec<Vec<CertificateDer<'static>>>) -> Self {
        for (api, own) in self.apis.iter_mut().zip(certificates) {
            api.certificates = own.iter().collect();
        }
        self
    }

    /// Takes the quotas that the traffic manager counts.
    #[must_use]
    pub(crate) fn with_global_throttle(mut self, global: Option<Arc<GlobalThrottle>>) -> Self {
        self.global = global;
        self
    }

    /// Returns whom handshakes are to believe: the operator's clients and those of the APIs.
    pub(crate) fn client_trust(&self) -> ClientTrust {
        let own = self.apis.iter().map(|api| &api.certificates);
        self.keys.clients.trust.with(own)
    }

    /// Returns whether a proxy showed a certificate that the operator believes. Those that came with APIs are clients'.
    pub(crate) fn believes_proxy(&self, core: &mut CoreAuth, shown: Option<&ClientCertificate>, now_ms: u64) -> bool {
        self.renew(core);
        let clients = &self.keys.clients;
        shown.is_some_and(|shown| core.judge(shown, Place::Proxy, now_ms, |chain, now| clients.believe(chain, now)))
    }

    /// Has a core forget what it remembers of another bundle, or under other keys, from files or fetched.
    fn renew(&self, core: &mut CoreAuth) {
        let generations = (self.generation, self.security.key_generation());
        if core.generations != generations {
            core.tokens.clear();
            core.verdicts.clear();
            core.generations = generations;
        }
    }

    /// Returns the credentials that are to be removed from a request for this resource before it is forwarded.
    pub fn strip(&self, api: u32, resource: u32) -> Option<&Strip> {
        self.find(api, resource).map(|(_, resource)| &resource.strip)
    }

    /// Returns the token that introduces the caller to the backend of API number `api`: the one that the caller's
    /// credential brings, else a generated one where that is switched on. `fetched`: what the fetch brought that the
    /// first call asked for.
    pub fn backend_jwt(&self, caller: &Caller, api: u32, now_ms: u64, fetched: Option<FetchedClaims>) -> BackendToken {
        if !introduces(caller.identity.kind) {
            return BackendToken::None;
        }
        if let Some(token) = &caller.identity.backend_token {
            return BackendToken::Ready(token.clone());
        }
        let api = usize::try_from(api).ok().and_then(|api| self.apis.get(api));
        match (&self.keys.backend_tokens, api) {
            (Some(tokens), Some(api)) => tokens.token(caller, &api.api, now_ms, fetched),
            _ => BackendToken::None,
        }
    }

    /// Returns the services of the gateway itself.
    pub fn services(&self) -> &Services {
        &self.keys.services
    }

    fn find(&self, api: u32, resource: u32) -> Option<(&ApiSecurity, &ResourceSecurity)> {
        let api = self.apis.get(usize::try_from(api).ok()?)?;
        let resource = api.resources.get(usize::try_from(resource).ok()?)?;
        Some((api, resource))
    }

    /// Decides about the caller of a request for resource number `resource` of API number `api`, as they stand in the
    /// bundle. `now_ms` is the time in milliseconds since the epoch; `answers` is empty at first, see [`Wait::resolve`].
    pub fn authenticate(
        &self,
        core: &mut CoreAuth,
        request: &RequestView<'_>,
        api: u32,
        resource: u32,
        now_ms: u64,
        answers: &Answers,
    ) -> Outcome {
        let Some((api_security, resource_security)) = self.find(api, resource) else {
            return Outcome::Refused(Refusal::NoCaller.into());
        };
        self.renew(core);
        let decision = Decision {
            authenticator: self,
            core,
            request,
            api: api_security,
            api_index: api,
            resource: resource_security,
            resource_index: resource,
            now_ms,
            answers,
        };
        decision.decide()
    }
}
