//! The decision about a request's caller.

use super::api_key::ApiKeyRules;
use super::basic::NameAndPassword;
use super::credential::{Credential, query_parameter};
use super::issuers::{Issuers, Unverified};
use super::jwt::{JwtFailure, looks_like_jwt};
use super::outcome::WaitFor;
use super::resources::{Alternative, ApiSecurity, KeyPlace, ResourceSecurity, Strip};
use super::scopes::ScopeNames;
use super::subscription::Subscriptions;
use super::token_cache::Entry;
use super::{Answers, Caller, CoreAuth, CredentialKind, Identity, Outcome, RequestView, Security, Wait};
use crate::refusal::{Refusal, Rejection};
use crate::throttle::{CallerLevels, Throttle};
use mgw_bundle::config::{ApiState, MutualTls};
use mgw_bundle::{GatewayConfig, SubscriptionSnapshot};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers the authenticators of a process, so that per-core caches know when they are out of date.
static GENERATION: AtomicU64 = AtomicU64::new(1);

/// Decides about callers for one bundle. Immutable; shared by all cores.
#[derive(Debug)]
pub struct Authenticator {
    security: Arc<Security>,
    throttle: Arc<Throttle>,
    apis: Vec<ApiSecurity>,
    scopes: ScopeNames,
    subscriptions: Subscriptions,
    generation: u64,
}

/// Why a credential does not admit.
enum Failed {
    Refused(Refusal),
    TooManyFailures(u64),
    Wait(WaitFor),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
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
            subscriptions: Subscriptions::new(snapshot, validate),
            throttle,
            security,
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Returns the credentials that are to be removed from a request for this resource before it is forwarded.
    pub fn strip(&self, api: u32, resource: u32) -> Option<&Strip> {
        self.find(api, resource).map(|(_, resource)| &resource.strip)
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
        let generations = (self.generation, self.security.key_generation());
        if core.generations != generations {
            core.tokens.clear();
            core.generations = generations;
        }
        let decision = Decision {
            authenticator: self,
            core,
            request,
            api: api_security,
            api_index: api,
            resource: resource_security,
            now_ms,
            answers,
        };
        decision.decide()
    }
}

/// One decision, with everything it looks at.
struct Decision<'a> {
    authenticator: &'a Authenticator,
    core: &'a mut CoreAuth,
    request: &'a RequestView<'a>,
    api: &'a ApiSecurity,
    api_index: u32,
    resource: &'a ResourceSecurity,
    now_ms: u64,
    answers: &'a Answers,
}

impl Decision<'_> {
    fn decide(mut self) -> Outcome {
        if self.api.api.state == ApiState::Blocked {
            return self.refuse(Refusal::Blocked);
        }
        if !self.resource.enabled {
            return Outcome::Anonymous;
        }
        let certified = match self.certificate() {
            Ok(certified) => certified,
            Err(refusal) => return self.refuse(refusal),
        };
        match self.application(certified) {
            Ok(caller) => self.authorise(caller),
            Err(Failed::Wait(wait)) => Outcome::Wait(Wait(wait)),
            Err(Failed::TooManyFailures(wait_ms)) => {
                Outcome::Refused(Rejection::new(Refusal::TooManyFailures).with_retry_after_ms(wait_ms))
            }
            Err(Failed::Refused(refusal)) => self.refuse(refusal),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Outcome {
        Outcome::Refused(Rejection::new(refusal).with_challenge(self.resource.challenges.of(refusal)))
    }

    /// Returns whether a valid client certificate was presented; refuses where one is needed or the presented is bad.
    fn certificate(&self) -> Result<bool, Refusal> {
        let Some(mode) = self.api.api.mutual_tls else {
            return Ok(false);
        };
        match (self.request.certificate, mode) {
            (None, MutualTls::Mandatory) => Err(Refusal::InvalidCredentials),
            (None, MutualTls::Optional) => Ok(false),
            (Some(certificate), _) => {
                let api = &self.api.api;
                let certificates = &self.authenticator.security.certificates;
                if certificate.trusted && certificates.accept(&api.name, &api.version, &certificate.der) {
                    Ok(true)
                } else {
                    Err(Refusal::InvalidCredentials)
                }
            }
        }
    }

    /// Checks the application's credentials: any alternative, each with all its schemes.
    fn application(&mut self, certified: bool) -> Result<Arc<Caller>, Failed> {
        let credential = Credential::read(self.request.headers, &self.api.header);
        let candidates: fn(&Alternative) -> bool = match credential {
            Credential::Ambiguous => return Err(Refusal::InvalidCredentials.into()),
            Credential::Absent => |alternative| !alternative.bearer && !alternative.basic,
            Credential::Bearer(_) => |alternative| alternative.bearer,
            Credential::Basic(_) => |alternative| alternative.basic,
            // Only bearer tokens could be meant; whether they are accepted here decides about the code.
            Credential::Other => {
                let bearer = self.resource.alternatives.iter().any(|alternative| alternative.bearer);
                let refusal = if bearer {
                    Refusal::InvalidCredentials
                } else {
                    Refusal::WrongScheme
                };
                return Err(refusal.into());
            }
        };
        let mut failure = None;
        let mut tried = false;
        let resource = self.resource;
        for alternative in resource
            .alternatives
            .iter()
            .filter(|alternative| candidates(alternative))
        {
            tried = true;
            match self.alternative(alternative, credential) {
                Ok(caller) => return Ok(caller),
                Err(wait @ Failed::Wait(_)) => return Err(wait),
                // A missing part says less than a wrong one.
                Err(Failed::Refused(Refusal::MissingCredentials)) => {}
                Err(other) => failure = failure.or(Some(other)),
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None if matches!(credential, Credential::Absent) && certified && resource.optional => {
                self.resolve(Arc::new(certificate_identity())).map_err(Failed::from)
            }
            None if tried || matches!(credential, Credential::Absent) => Err(Refusal::MissingCredentials.into()),
            None => Err(Refusal::WrongScheme.into()),
        }
    }

    fn alternative(&mut self, alternative: &Alternative, credential: Credential<'_>) -> Result<Arc<Caller>, Failed> {
        if alternative.impossible {
            return Err(Refusal::MissingCredentials.into());
        }
        // Keys first: their absence is the cheapest failure.
        let mut keys = Vec::new();
        for place in &alternative.api_keys {
            keys.push(key_at(self.request, place)?);
        }
        let mut caller = match credential {
            Credential::Bearer(token) if alternative.bearer => Some(self.bearer(token)?),
            Credential::Basic(encoded) if alternative.basic => Some(self.basic(encoded)?),
            _ => None,
        };
        for key in &keys {
            let keyed = self.api_key(key)?;
            caller.get_or_insert(keyed);
        }
        caller.ok_or(Failed::Refused(Refusal::MissingCredentials))
    }

    fn bearer(&mut self, token: &str) -> Result<Arc<Caller>, Failed> {
        if !looks_like_jwt(token) {
            return Err(Refusal::InvalidCredentials.into());
        }
        self.token(token, |security| &security.tokens)
    }

    fn api_key(&mut self, key: &str) -> Result<Arc<Caller>, Failed> {
        let caller = self.token(key, |security| &security.api_keys)?;
        let rules = caller.identity.api_key.as_ref().ok_or(Refusal::InvalidCredentials)?;
        let settings = &self.authenticator.security.config.api_keys;
        let named = !settings.validate_allowed_apis || rules.names(&self.api.api.name, &self.api.api.version);
        if named && rules.admits(self.request) {
            Ok(caller)
        } else {
            Err(Refusal::InvalidCredentials.into())
        }
    }

    fn basic(&mut self, encoded: &str) -> Result<Arc<Caller>, Failed> {
        let passwords = &self.authenticator.security.passwords;
        let kind = CredentialKind::Basic;
        let alias = passwords.alias(encoded);
        if let Some(caller) = self.cached(kind, &alias)? {
            return Ok(caller);
        }
        self.core.misses += 1;
        if self.core.tokens.is_refused(kind, &alias, self.now_ms) {
            return Err(Refusal::WrongPassword.into());
        }
        if let Some(wait_ms) = self.core.failures.blocked_for(self.request.client_ip, self.now_ms) {
            return Err(Failed::TooManyFailures(wait_ms));
        }
        let credential = NameAndPassword::decode(encoded)?;
        let right = match self.answers.password {
            Some(Some(right)) => right,
            Some(None) => return Err(Refusal::Unavailable.into()),
            None if credential.is_slow(&passwords.users) => {
                let wait = WaitFor::Password(Arc::clone(passwords), credential);
                return Err(Failed::Wait(wait));
            }
            None => credential.verify(&passwords.users),
        };
        let user = passwords.users.by_name.get(&credential.name).filter(|_| right);
        let Some(user) = user else {
            self.core.failures.record(self.request.client_ip, self.now_ms);
            self.core.tokens.refuse(kind, &alias, self.now_ms);
            return Err(Refusal::WrongPassword.into());
        };
        let identity = Arc::new(Identity::for_user(credential.name, user.scopes.clone()));
        self.remember(&alias, identity, 0)
    }

    /// Finds a signed token in the cache, or verifies and remembers it.
    fn token(&mut self, token: &str, issuers: fn(&Security) -> &Issuers) -> Result<Arc<Caller>, Failed> {
        let authenticator = self.authenticator;
        let security = &authenticator.security;
        let issuers = issuers(security);
        let kind = issuers.kind;
        if let Some(caller) = self.cached(kind, token)? {
            return Ok(caller);
        }
        self.core.misses += 1;
        if self.core.tokens.is_refused(kind, token, self.now_ms) {
            return Err(Refusal::InvalidCredentials.into());
        }
        if let Some(wait_ms) = self.core.failures.blocked_for(self.request.client_ip, self.now_ms) {
            return Err(Failed::TooManyFailures(wait_ms));
        }
        // Read before the check: a revocation in between is then noticed at the next request.
        let revocations = security.revocations.generation();
        let mut identity = match issuers.verify(token, self.now_ms, self.answers.keys_fetched) {
            Ok(identity) => identity,
            Err(Unverified::Wait(wait)) => return Err(Failed::Wait(wait)),
            Err(Unverified::Refused(failure)) => {
                tracing::debug!(reason = %failure, "token refused");
                if failure == JwtFailure::Signature {
                    self.core.failures.record(self.request.client_ip, self.now_ms);
                    self.core.tokens.refuse(kind, token, self.now_ms);
                }
                return Err(Refusal::InvalidCredentials.into());
            }
        };
        if security.revocations.contains(token, identity.token_id.as_deref()) {
            return Err(Refusal::InvalidCredentials.into());
        }
        if kind == CredentialKind::ApiKey {
            identity.api_key = Some(ApiKeyRules::read(&identity.claims));
        }
        self.remember(token, Arc::new(identity), revocations)
    }

    /// Resolves the caller and keeps both for the next request.
    fn remember(&mut self, token: &str, identity: Arc<Identity>, revocations: u64) -> Result<Arc<Caller>, Failed> {
        let kind = identity.kind;
        let caller = self.resolve(Arc::clone(&identity));
        let caching = &self.authenticator.security.config.caching;
        if caching.enabled {
            let life = u64::try_from(caching.max_life.as_millis()).unwrap_or(u64::MAX);
            let until = identity.valid_until_ms.min(self.now_ms.saturating_add(life));
            let mut entry = Entry::new(identity, until, revocations);
            entry.remember(self.api_index, caller.clone());
            self.core.tokens.insert(kind, token, entry);
        }
        caller.map_err(Failed::from)
    }

    /// Returns the caller of a remembered token; `None` when it has to be verified.
    fn cached(&mut self, kind: CredentialKind, token: &str) -> Result<Option<Arc<Caller>>, Refusal> {
        let revocations = &self.authenticator.security.revocations;
        let generation = revocations.generation();
        let Some(entry) = self.core.tokens.get(kind, token) else {
            return Ok(None);
        };
        if entry.until_ms <= self.now_ms {
            self.core.tokens.remove(kind, token);
            return Ok(None);
        }
        if entry.revocations != generation {
            if revocations.contains(token, entry.identity.token_id.as_deref()) {
                self.core.tokens.remove(kind, token);
                return Err(Refusal::InvalidCredentials);
            }
            self.core
                .tokens
                .update(kind, token, |entry| entry.revocations = generation);
        }
        let Some(entry) = self.core.tokens.get(kind, token) else {
            return Ok(None);
        };
        self.core.hits += 1;
        if let Some(caller) = entry.caller(self.api_index) {
            return caller.clone().map(Some);
        }
        let caller = self.resolve(Arc::clone(&entry.identity));
        let api = self.api_index;
        self.core
            .tokens
            .update(kind, token, |entry| entry.remember(api, caller.clone()));
        caller.map(Some)
    }

    /// Finds the subscription and the quotas of a caller at this API.
    fn resolve(&self, identity: Arc<Identity>) -> Result<Arc<Caller>, Refusal> {
        let authenticator = self.authenticator;
        let grant = authenticator.subscriptions.decide(&identity, &self.api.api)?;
        let throttle = &authenticator.throttle;
        let application = &grant.application_id;
        let levels = CallerLevels {
            subscription: throttle.subscription_level(
                &grant.subscription_policy,
                application,
                self.api_index,
                self.now_ms,
            ),
            application: throttle.application_level(
                &grant.application_policy,
                application,
                &identity.user,
                self.now_ms,
            ),
        };
        Ok(Arc::new(Caller {
            scopes: authenticator.scopes.set(&identity.scopes),
            identity,
            grant,
            levels,
        }))
    }

    /// Checks scopes. API keys have none to check.
    fn authorise(&self, caller: Arc<Caller>) -> Outcome {
        let kind = caller.identity.kind;
        let passes = match &self.resource.scopes {
            Some(required) if kind != CredentialKind::ApiKey => required.admit(&caller.scopes),
            _ => true,
        };
        if passes {
            Outcome::Admitted(caller)
        } else {
            self.refuse(Refusal::MissingScope)
        }
    }
}

/// Returns the API key that was sent at a place.
fn key_at<'a>(request: &RequestView<'a>, place: &KeyPlace) -> Result<Cow<'a, str>, Failed> {
    let key = match place {
        KeyPlace::Header(name) => {
            let mut values = request.headers.get_all(name).iter();
            let value = values.next().ok_or(Refusal::MissingCredentials)?;
            if values.next().is_some() {
                return Err(Refusal::InvalidCredentials.into());
            }
            Cow::Borrowed(value.to_str().map_err(|_| Refusal::InvalidCredentials)?.trim())
        }
        KeyPlace::Query(name) => match query_parameter(request.query, name) {
            None => return Err(Refusal::MissingCredentials.into()),
            Some(None) => return Err(Refusal::InvalidCredentials.into()),
            Some(Some(value)) => Cow::Owned(value),
        },
    };
    if key.is_empty() {
        return Err(Refusal::MissingCredentials.into());
    }
    Ok(key)
}

/// The caller behind a client certificate alone.
fn certificate_identity() -> Identity {
    Identity::without_claims(CredentialKind::MutualTls, "Unknown".to_owned())
}
