//! The checks of each kind of credential, cache first.

use super::api_key::ApiKeyRules;
use super::basic::NameAndPassword;
use super::decision::{Decision, Failed};
use super::issuers::{Issuers, Unverified};
use super::jwt::{Expectations, JwtFailure, check_claims, looks_like_jwt};
use super::key_manager::Answer;
use super::outcome::WaitFor;
use super::{Caller, CredentialKind, Identity, Security};
use crate::refusal::Refusal;
use secrecy::SecretString;
use std::sync::Arc;

/// For how long an opaque token is remembered whose expiry the key manager does not tell.
const UNTOLD_LIFE_MS: u64 = 3_600_000;

impl Decision<'_> {
    /// Checks a bearer token: signed by a configured issuer, or known to the key manager.
    pub(super) fn bearer(&mut self, token: &str) -> Result<Arc<Caller>, Failed> {
        if !looks_like_jwt(token) {
            return self.opaque(token);
        }
        let security = &self.authenticator.security;
        if security.config.key_manager.introspect_failed_jwt {
            // Look at what is remembered first: taking a token apart is for unknown ones.
            let known_as = |kind| self.core.tokens.get(kind, token).is_some();
            let opaque = known_as(CredentialKind::Opaque)
                || !known_as(CredentialKind::Jwt) && !security.tokens.knows_issuer_of(token);
            if opaque {
                return self.opaque(token);
            }
        }
        self.token(token, |security| &security.tokens)
    }

    /// Checks an API key and what it is restricted to.
    pub(super) fn api_key(&mut self, key: &str) -> Result<Arc<Caller>, Failed> {
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

    /// Checks an opaque token by what the key manager says.
    fn opaque(&mut self, token: &str) -> Result<Arc<Caller>, Failed> {
        let security = &self.authenticator.security;
        let kind = CredentialKind::Opaque;
        let Some(introspector) = &security.introspector else {
            return Err(Refusal::InvalidCredentials.into());
        };
        if token.len() > security.config.authentication.max_token_bytes {
            return Err(Refusal::InvalidCredentials.into());
        }
        if let Some(caller) = self.cached(kind, token)? {
            return Ok(caller);
        }
        self.core.misses += 1;
        if self.core.tokens.is_refused(kind, token, self.now_ms) {
            return Err(Refusal::InvalidCredentials.into());
        }
        let revocations = security.revocations.generation();
        if security.revocations.contains(token, None) {
            return Err(Refusal::InvalidCredentials.into());
        }
        let members = match &self.answers.introspected {
            Some(Answer::Active(members)) => members,
            Some(Answer::Inactive) => {
                self.core.failures.record(self.request.client_ip, self.now_ms);
                self.core.tokens.refuse(kind, token, self.now_ms);
                return Err(Refusal::InvalidCredentials.into());
            }
            Some(Answer::Senseless) => return Err(Refusal::InvalidCredentials.into()),
            Some(Answer::Unavailable) => return Err(Refusal::Unavailable.into()),
            None => {
                if let Some(wait_ms) = self.core.failures.blocked_for(self.request.client_ip, self.now_ms) {
                    return Err(Failed::TooManyFailures(wait_ms));
                }
                let wait = WaitFor::Introspection(Arc::clone(introspector), SecretString::from(token));
                return Err(Failed::Wait(wait));
            }
        };
        let expected = Expectations {
            skew_ms: u64::try_from(security.config.authentication.skew.as_millis()).unwrap_or(0),
            ..Expectations::default()
        };
        let until = check_claims(members, &expected, self.now_ms).map_err(|_| Refusal::InvalidCredentials)?;
        // Without expiry, the key manager is asked again within the hour.
        let until = if members.contains_key("exp") {
            until
        } else {
            self.now_ms.saturating_add(UNTOLD_LIFE_MS)
        };
        let identity = Identity::from_introspection(members.as_ref().clone(), until);
        if security.revocations.contains(token, identity.token_id.as_deref()) {
            return Err(Refusal::InvalidCredentials.into());
        }
        self.remember(token, Arc::new(identity), revocations)
    }

    /// Checks a user name and password.
    pub(super) fn basic(&mut self, encoded: &str) -> Result<Arc<Caller>, Failed> {
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
}
