//! The checks of each kind of credential, cache first.

use super::api_key::ApiKeyRules;
use super::basic::NameAndPassword;
use super::decision::{Decision, Failed};
use super::issuers::{Issuers, Unverified};
use super::jwt::{JwtFailure, looks_like_jwt};
use super::key_material::KeyMaterial;
use super::outcome::WaitFor;
use super::token_cache::Presented;
use super::{Caller, CredentialFailure, CredentialKind, Identity};
use crate::refusal::Refusal;
use std::sync::Arc;

impl Decision<'_> {
    /// Checks a bearer token: signed by a configured issuer, or known to the key manager.
    pub(super) fn bearer(&mut self, token: &str) -> Result<Arc<Caller>, Failed> {
        let presented = self.core.tokens.presented(CredentialKind::Jwt, token);
        if !looks_like_jwt(token) {
            return self.opaque(presented);
        }
        let security = &self.authenticator.security;
        if security.config.key_manager.introspect_failed_jwt {
            // Look at what is remembered first: taking a token apart is for unknown ones.
            let known_as = |presented| self.core.tokens.get(presented).is_some();
            let opaque = known_as(self.as_opaque(presented))
                || !known_as(presented) && !self.authenticator.keys.tokens.knows_issuer_of(token);
            if opaque {
                return self.opaque(presented);
            }
        }
        self.token(presented, |keys| &keys.tokens)
    }

    /// Tells why a credential is not accepted to the log, and to whoever explains the request.
    pub(super) fn note(&mut self, failure: CredentialFailure) {
        tracing::debug!(reason = %failure, "credential refused");
        self.core.learn(|learnt| learnt.failure = Some(failure));
    }

    /// Checks an API key and what it is restricted to.
    pub(super) fn api_key(&mut self, key: &str) -> Result<Arc<Caller>, Failed> {
        let presented = self.core.tokens.presented(CredentialKind::ApiKey, key);
        let caller = self.token(presented, |keys| &keys.api_keys)?;
        let rules = caller.identity.api_key.as_ref().ok_or(Refusal::InvalidCredentials)?;
        let settings = &self.authenticator.security.config.api_keys;
        let named = !settings.validate_allowed_apis || rules.names(&self.api.api.name, &self.api.api.version);
        if named && rules.admits(self.request) {
            Ok(caller)
        } else {
            let failure = match named {
                true => CredentialFailure::ApiKeyFromElsewhere,
                false => CredentialFailure::ApiKeyForOthers,
            };
            self.note(failure);
            Err(Refusal::InvalidCredentials.into())
        }
    }

    /// Checks a user name and password.
    pub(super) fn basic(&mut self, encoded: &str) -> Result<Arc<Caller>, Failed> {
        let passwords = &self.authenticator.security.lasting.passwords;
        let alias = passwords.alias(encoded);
        let presented = self.core.tokens.presented(CredentialKind::Basic, &alias);
        if let Some(caller) = self.cached(presented)? {
            return Ok(caller);
        }
        self.core.misses += 1;
        if let Some(refusal) = self.core.tokens.refused(presented, self.now_ms) {
            return Err(refusal.into());
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
            self.core.tokens.refuse(presented, Refusal::WrongPassword, self.now_ms);
            return Err(Refusal::WrongPassword.into());
        };
        let identity = Arc::new(Identity::for_user(credential.name, user.scopes.clone()));
        self.remember(presented, identity, 0)
    }

    /// Finds a signed token in the cache, or verifies and remembers it.
    fn token(
        &mut self,
        presented: Presented<'_>,
        issuers: fn(&KeyMaterial) -> &Issuers,
    ) -> Result<Arc<Caller>, Failed> {
        let token = presented.token;
        let authenticator = self.authenticator;
        let security = &authenticator.security;
        let issuers = issuers(&authenticator.keys);
        let kind = issuers.kind;
        let presented = presented.of_kind(kind, None);
        if let Some(caller) = self.cached(presented)? {
            return Ok(caller);
        }
        self.core.misses += 1;
        if let Some(refusal) = self.core.tokens.refused(presented, self.now_ms) {
            return Err(refusal.into());
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
                self.note(failure.into());
                if failure == JwtFailure::Signature {
                    self.core.failures.record(self.request.client_ip, self.now_ms);
                    self.core
                        .tokens
                        .refuse(presented, Refusal::InvalidCredentials, self.now_ms);
                }
                return Err(Refusal::InvalidCredentials.into());
            }
        };
        if security.revocations.contains(token, identity.token_id.as_deref()) {
            self.note(CredentialFailure::Revoked);
            return Err(Refusal::InvalidCredentials.into());
        }
        if kind == CredentialKind::ApiKey {
            identity.api_key = Some(ApiKeyRules::read(&identity.claims));
        }
        self.remember(presented, Arc::new(identity), revocations)
    }
}
