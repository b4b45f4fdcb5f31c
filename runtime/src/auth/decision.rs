//! The decision about one request: certificate, application credentials, subscription, scopes.

use super::credential::{Credential, query_parameter};
use super::outcome::WaitFor;
use super::resources::{Alternative, ApiSecurity, KeyPlace, ResourceSecurity};
use super::subscription::Granted;
use super::token_cache::{Decided, Entry, Presented};
use super::verdicts::Place;
use super::{
    Answers, Authenticator, Caller, ClientCertificate, CoreAuth, CredentialFailure, CredentialKind, Identity, Outcome,
    RequestView, Wait,
};
use crate::refusal::{About, Refusal, Rejection};
use crate::subscription_data::ABSENT_MS;
use crate::throttle::CallerLevels;
use mgw_bundle::config::{ApiState, MutualTls};
use std::borrow::Cow;
use std::sync::{Arc, Mutex};

/// When a retry makes sense while the key manager is away, in milliseconds.
const KEY_MANAGER_PAUSE_MS: u64 = 5000;

/// Why a credential does not admit.
pub(super) enum Failed {
    Refused(Refusal),
    /// A bearer token is the reason.
    Token(Refusal),
    TooManyFailures(u64),
    Wait(WaitFor),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failed {
    /// Says that a bearer token is the reason.
    fn of_token(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Token(refusal),
            other => other,
        }
    }
}

impl From<WaitFor> for Failed {
    fn from(wait: WaitFor) -> Self {
        Self::Wait(wait)
    }
}

/// One decision, with everything it looks at.
pub(super) struct Decision<'a> {
    pub(super) authenticator: &'a Authenticator,
    pub(super) core: &'a mut CoreAuth,
    pub(super) request: &'a RequestView<'a>,
    pub(super) api: &'a ApiSecurity,
    pub(super) api_index: u32,
    pub(super) resource: &'a ResourceSecurity,
    pub(super) resource_index: u32,
    pub(super) now_ms: u64,
    pub(super) answers: &'a Answers,
}

impl Decision<'_> {
    /// Decides.
    pub(super) fn decide(mut self) -> Outcome {
        if self.api.api.state == ApiState::Blocked {
            return self.refuse(Refusal::Blocked, About::Other);
        }
        if !self.resource.enabled {
            return Outcome::Anonymous;
        }
        let certified = match self.certificate() {
            Ok(certified) => certified,
            Err(refusal) => return self.refuse(refusal, About::Certificate),
        };
        match self.application(certified) {
            Ok(caller) => self.authorise(caller),
            Err(Failed::Wait(wait)) => Outcome::Wait(Wait(wait)),
            Err(Failed::TooManyFailures(wait_ms)) => {
                Outcome::Refused(Rejection::new(Refusal::TooManyFailures).with_retry_after_ms(wait_ms))
            }
            Err(Failed::Refused(refusal)) => self.refuse(refusal, About::Other),
            Err(Failed::Token(refusal)) => self.refuse(refusal, About::BearerToken),
        }
    }

    fn refuse(&self, refusal: Refusal, about: About) -> Outcome {
        let rejection = Rejection::new(refusal).with_challenge(self.resource.challenges.of(refusal, about));
        Outcome::Refused(match refusal {
            Refusal::KeyManagerUnavailable => rejection.with_retry_after_ms(KEY_MANAGER_PAUSE_MS),
            _ => rejection,
        })
    }

    /// Returns whether a valid client certificate was presented; refuses where one is needed or the presented is bad.
    fn certificate(&mut self) -> Result<bool, Refusal> {
        let Some(mode) = self.api.api.mutual_tls else {
            return Ok(false);
        };
        let failure = match (self.request.certificate, mode) {
            (None, MutualTls::Optional) => return Ok(false),
            (Some(shown), _) if self.accepts(shown) => return Ok(true),
            (None, MutualTls::Mandatory) => CredentialFailure::NoCertificate,
            (Some(_), _) => CredentialFailure::OtherCertificate,
        };
        self.note(failure);
        Err(Refusal::InvalidCredentials)
    }

    /// Returns whether the API accepts a certificate; nearly always that is remembered.
    fn accepts(&mut self, shown: &ClientCertificate) -> bool {
        let ApiSecurity { api, certificates, .. } = self.api;
        let clients = &self.authenticator.keys.clients;
        let place = Place::Api(self.api_index);
        self.core.judge(shown, place, self.now_ms, |chain, now| {
            clients.accept(api, certificates, chain, now)
        })
    }

    /// Checks the application's credentials: any alternative, each with all its schemes.
    fn application(&mut self, certified: bool) -> Result<Arc<Caller>, Failed> {
        let credential = Credential::read(self.request.headers, &self.api.header);
        let candidates: fn(&Alternative) -> bool = match credential {
            Credential::Ambiguous => {
                self.note(CredentialFailure::Ambiguous);
                return Err(Refusal::InvalidCredentials.into());
            }
            Credential::Absent => |alternative| !alternative.bearer && !alternative.basic,
            Credential::Bearer(_) => |alternative| alternative.bearer,
            Credential::Basic(_) => |alternative| alternative.basic,
            // Only bearer tokens could be meant; whether they are accepted here decides about the code.
            Credential::Other => {
                self.note(CredentialFailure::Scheme);
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
                let decided = self.resolve(&Arc::new(certificate_identity()), None)?;
                decided.caller.map_err(Failed::from)
            }
            None if tried || matches!(credential, Credential::Absent) => Err(Refusal::MissingCredentials.into()),
            None => {
                self.note(CredentialFailure::Scheme);
                Err(Refusal::WrongScheme.into())
            }
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
            Credential::Bearer(token) if alternative.bearer => Some(self.bearer(token).map_err(Failed::of_token)?),
            Credential::Basic(encoded) if alternative.basic => Some(self.basic(encoded)?),
            _ => None,
        };
        for key in &keys {
            let keyed = self.api_key(key)?;
            caller.get_or_insert(keyed);
        }
        caller.ok_or(Failed::Refused(Refusal::MissingCredentials))
    }

    /// Resolves the caller and keeps both for the next request.
    pub(super) fn remember(
        &mut self,
        presented: Presented<'_>,
        identity: Arc<Identity>,
        revocations: u64,
    ) -> Result<Arc<Caller>, Failed> {
        self.core.learn(|learnt| learnt.identity = Some(Arc::clone(&identity)));
        let resolved = self.resolve(&identity, None);
        let caching = &self.authenticator.security.config.caching;
        if caching.enabled {
            let life = u64::try_from(caching.max_life.as_millis()).unwrap_or(u64::MAX);
            let until = identity.valid_until_ms.min(self.now_ms.saturating_add(life));
            let mut entry = Entry::new(identity, until, revocations);
            // While the caller is looked up, the token need not be verified again.
            if let Ok(decided) = &resolved {
                entry.remember(decided.clone());
            }
            self.core.tokens.insert(presented, entry);
        }
        resolved?.caller.map_err(Failed::from)
    }

    /// Returns the caller of a remembered token; `None` when it has to be verified.
    pub(super) fn cached(&mut self, presented: Presented<'_>) -> Result<Option<Arc<Caller>>, Failed> {
        let revocations = &self.authenticator.security.revocations;
        let generation = revocations.generation();
        let subscriptions = self.authenticator.subscriptions.generation();
        let Some(entry) = self.core.tokens.get(presented) else {
            return Ok(None);
        };
        // Nearly every request ends here: one hash, one comparison, a few loads.
        if entry.until_ms > self.now_ms
            && entry.revocations == generation
            && let Some(decided) = entry.decided(self.api_index)
            && decided.stands(subscriptions, self.now_ms)
        {
            self.core.hits += 1;
            return decided.caller.clone().map(Some).map_err(Failed::from);
        }
        if entry.until_ms <= self.now_ms {
            self.core.tokens.remove(presented);
            return Ok(None);
        }
        if entry.revocations != generation {
            if revocations.contains(presented.token, entry.identity.token_id.as_deref()) {
                self.core.tokens.remove(presented);
                return Err(Refusal::InvalidCredentials.into());
            }
            self.core
                .tokens
                .update(presented, |entry| entry.revocations = generation);
        }
        let Some(entry) = self.core.tokens.get(presented) else {
            return Ok(None);
        };
        self.core.hits += 1;
        let before = entry.decided(self.api_index);
        if let Some(decided) = before
            && decided.stands(subscriptions, self.now_ms)
        {
            return decided.caller.clone().map(Some).map_err(Failed::from);
        }
        let before = before.and_then(|decided| decided.caller.as_ref().ok());
        let decided = self.resolve(&entry.identity, before)?;
        let caller = decided.caller.clone();
        self.core.tokens.update(presented, |entry| entry.remember(decided));
        caller.map(Some).map_err(Failed::from)
    }

    /// Finds the subscription and the quotas of a caller at this API. A caller resolved `before` is kept when nothing
    /// about them has changed.
    fn resolve(&self, identity: &Arc<Identity>, before: Option<&Arc<Caller>>) -> Result<Decided, WaitFor> {
        let subscriptions = &self.authenticator.subscriptions;
        // Before the look: what changes in between is noticed at the next request.
        let generation = subscriptions.generation();
        let view = subscriptions.view(identity, &self.api.api);
        let mut until_ms = u64::MAX;
        let caller = match view.decide(identity, &self.api.api) {
            Ok(granted) => match before.filter(|caller| granted == caller.grant) {
                Some(caller) => Ok(Arc::clone(caller)),
                None => Ok(Arc::new(self.caller(identity, granted))),
            },
            Err(refusal) => {
                if view.may_be_outdated(identity, refusal) {
                    if !self.answers.looked_up
                        && let Some(search) = subscriptions.search(identity, &self.api.api)
                    {
                        return Err(WaitFor::Subscription(search));
                    }
                    until_ms = self.now_ms.saturating_add(ABSENT_MS);
                }
                Err(refusal)
            }
        };
        Ok(Decided {
            api: self.api_index,
            caller,
            subscriptions: generation,
            until_ms,
        })
    }

    /// Makes a caller with the quotas that apply.
    fn caller(&self, identity: &Arc<Identity>, granted: Granted<'_>) -> Caller {
        let authenticator = self.authenticator;
        let grant = granted.to_grant();
        let throttle = &authenticator.throttle;
        let application = &grant.application_id;
        let limits = authenticator
            .global
            .as_ref()
            .and_then(|global| global.caller(self.api_index, identity, &grant, self.now_ms));
        let levels = || CallerLevels {
            subscription: throttle.subscription_level(
                &grant.subscription_policy,
                &grant.terms,
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
            names: throttle.caller_names(&identity.user, application, grant.tenant.as_deref(), &grant.subscriber),
        };
        Caller {
            scopes: authenticator.scopes.set(&identity.scopes),
            backend_token: Mutex::default(),
            identity: Arc::clone(identity),
            levels: if limits.is_some() {
                CallerLevels::default()
            } else {
                levels()
            },
            limits,
            grant,
        }
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
            let about = match kind {
                CredentialKind::Jwt | CredentialKind::Opaque => About::BearerToken,
                CredentialKind::ApiKey | CredentialKind::Basic | CredentialKind::MutualTls => About::Other,
            };
            self.refuse(Refusal::MissingScope, about)
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
