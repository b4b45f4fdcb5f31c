//! The check of opaque tokens by what the key manager says.

use super::decision::{Decision, Failed};
use super::jwt::{Expectations, JwtFailure, check_claims};
use super::key_manager::key_validation::{KeyQuestion, KeyValidator, Validation};
use super::key_manager::{Answer, Introspector, OpaqueTokens, is_access_token};
use super::outcome::WaitFor;
use super::token_cache::Presented;
use super::{Caller, CredentialFailure, CredentialKind, Identity};
use crate::refusal::Refusal;
use secrecy::SecretString;
use std::sync::Arc;

/// For how long an opaque token is remembered whose expiry the key manager does not tell.
const UNTOLD_LIFE_MS: u64 = 3_600_000;
/// For how long a key validation is remembered at the most: it speaks of subscriptions too, which change.
const VALIDATION_LIFE_MS: u64 = 900_000;

impl<'a> Decision<'a> {
    /// Returns how an opaque token is remembered: introspection speaks of the token, key validation of its use for one
    /// resource.
    pub(super) fn as_opaque<'t>(&self, presented: Presented<'t>) -> Presented<'t> {
        let by_resource = matches!(self.authenticator.security.opaque_tokens, OpaqueTokens::Validated(_));
        let resource = by_resource.then_some((self.api_index, self.resource_index));
        presented.of_kind(CredentialKind::Opaque, resource)
    }

    /// Checks an opaque token.
    pub(super) fn opaque(&mut self, presented: Presented<'_>) -> Result<Arc<Caller>, Failed> {
        let token = presented.token;
        let security = &self.authenticator.security;
        let is_too_long = token.len() > security.config.authentication.max_token_bytes;
        if is_too_long || matches!(security.opaque_tokens, OpaqueTokens::Unknown) {
            self.note(match is_too_long {
                true => JwtFailure::TooLong.into(),
                false => CredentialFailure::Opaque,
            });
            return Err(Refusal::InvalidCredentials.into());
        }
        let presented = self.as_opaque(presented);
        if let Some(caller) = self.cached(presented)? {
            return Ok(caller);
        }
        self.core.misses += 1;
        if let Some(refusal) = self.core.tokens.refused(presented, self.now_ms) {
            return Err(refusal.into());
        }
        // Read before the check: a revocation in between is then noticed at the next request.
        let revocations = security.revocations.generation();
        if security.revocations.contains(token, None) {
            self.note(CredentialFailure::Revoked);
            return Err(Refusal::InvalidCredentials.into());
        }
        let mut identity = match &security.opaque_tokens {
            OpaqueTokens::Unknown => return Err(Refusal::InvalidCredentials.into()),
            OpaqueTokens::Introspected(introspector) => self.introspected(introspector, presented)?,
            OpaqueTokens::Validated(validator) => self.validated(validator, presented)?,
        };
        identity.remote_claims = security.config.key_manager.remote_claims;
        if security.revocations.contains(token, identity.token_id.as_deref()) {
            self.note(CredentialFailure::Revoked);
            return Err(Refusal::InvalidCredentials.into());
        }
        self.remember(presented, Arc::new(identity), revocations)
    }

    fn introspected(&mut self, introspector: &Arc<Introspector>, presented: Presented<'_>) -> Result<Identity, Failed> {
        let members = match &self.answers.introspected {
            Some(Answer::Active(members)) if is_access_token(members) => members,
            Some(Answer::Active(_)) => {
                return Err(self.refused_by_introspection(presented, CredentialFailure::NoAccess));
            }
            Some(Answer::Inactive) => return Err(self.refused_by_introspection(presented, CredentialFailure::Inactive)),
            Some(Answer::Unavailable) => return Err(Refusal::KeyManagerUnavailable.into()),
            None => {
                self.refuse_after_failures()?;
                let token = SecretString::from(presented.token);
                return Err(Failed::Wait(WaitFor::Introspection(Arc::clone(introspector), token)));
            }
        };
        let expected = Expectations {
            skew_ms: self.skew_ms(),
            ..Expectations::default()
        };
        let until = check_claims(members, &expected, self.now_ms).map_err(|_| Refusal::InvalidCredentials)?;
        // Without expiry, the key manager is asked again within the hour.
        let until = if members.contains_key("exp") {
            until
        } else {
            self.now_ms.saturating_add(UNTOLD_LIFE_MS)
        };
        Ok(Identity::from_introspection(members.as_ref().clone(), until))
    }

    /// Remembers that the key manager does not let a token pass.
    fn refused_by_introspection(&mut self, presented: Presented<'_>, failure: CredentialFailure) -> Failed {
        self.core.failures.record(self.request.client_ip, self.now_ms);
        self.core
            .tokens
            .refuse(presented, Refusal::InvalidCredentials, self.now_ms);
        self.note(failure);
        Refusal::InvalidCredentials.into()
    }

    fn validated(&mut self, validator: &Arc<KeyValidator>, presented: Presented<'_>) -> Result<Identity, Failed> {
        let info = match &self.answers.validated {
            Some(Validation::Authorized(info)) => info,
            Some(Validation::Refused(refusal)) => return Err(self.not_validated(presented, *refusal).into()),
            Some(Validation::Senseless) => return Err(Refusal::Unclassified.into()),
            // Of key validation, micro-gw reported every failure alike.
            Some(Validation::Unavailable) if self.authenticator.security.config.compat => {
                return Err(Refusal::Unclassified.into());
            }
            Some(Validation::Unavailable) => return Err(Refusal::KeyManagerUnavailable.into()),
            None => {
                self.refuse_after_failures()?;
                let api = &self.api.api;
                let question = KeyQuestion {
                    token: presented.token.into(),
                    base_path: api.base_path.clone(),
                    version: api.version.clone(),
                    template: self.resource.template.clone(),
                    method: self.resource.method,
                };
                return Err(Failed::Wait(WaitFor::Validation(Arc::clone(validator), question)));
            }
        };
        let end = info.validity_ms.map_or(u64::MAX, |validity| {
            info.issued_ms.unwrap_or(self.now_ms).saturating_add(validity)
        });
        if end.saturating_add(self.skew_ms()) <= self.now_ms {
            return Err(Refusal::InvalidCredentials.into());
        }
        let until = end.min(self.now_ms.saturating_add(VALIDATION_LIFE_MS));
        Ok(Identity::from_key_info(info, &self.api.api, until))
    }

    /// Remembers a refusal that the key manager gave a reason for.
    fn not_validated(&mut self, presented: Presented<'_>, refusal: Refusal) -> Refusal {
        let of_the_token = matches!(
            refusal,
            Refusal::InvalidCredentials | Refusal::TokenExpired | Refusal::TokenInactive | Refusal::WrongTokenType
        );
        if of_the_token {
            self.core.failures.record(self.request.client_ip, self.now_ms);
        }
        // Without a reason it may have been the key manager's trouble.
        if refusal != Refusal::Unclassified && self.authenticator.security.config.caching.enabled {
            self.core.tokens.refuse(presented, refusal, self.now_ms);
        }
        refusal
    }

    /// The key manager is not asked for an address that sent too many wrong tokens.
    fn refuse_after_failures(&self) -> Result<(), Failed> {
        match self.core.failures.blocked_for(self.request.client_ip, self.now_ms) {
            Some(wait_ms) => Err(Failed::TooManyFailures(wait_ms)),
            None => Ok(()),
        }
    }

    fn skew_ms(&self) -> u64 {
        let skew = self.authenticator.security.config.authentication.skew;
        u64::try_from(skew.as_millis()).unwrap_or(0)
    }
}
