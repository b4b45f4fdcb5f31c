//! Tokens for backends, made once per caller and reused while they live.

use super::backend_jwt::{ApiFacts, Dialect, Signer, claims};
use super::{Caller, CredentialKind};
use crate::config::BackendJwt;
use http::HeaderValue;
use mgw_bundle::config::Api;
use std::sync::PoisonError;

/// A remembered token is renewed so many milliseconds before it ends.
const MARGIN_MS: u64 = 5000;

/// A token with its end, kept beside its caller.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    value: HeaderValue,
    until_ms: u64,
}

/// Makes tokens for backends.
#[derive(Debug)]
pub(super) struct BackendTokens {
    signer: Signer,
    dialect: Dialect,
    life_ms: u64,
    reuse: bool,
}

impl BackendTokens {
    pub(super) fn new(config: &BackendJwt, signer: Signer) -> Self {
        Self {
            signer,
            dialect: Dialect {
                prefix: format!("{}/", config.dialect.trim_end_matches('/')),
                issuer: config.issuer.clone(),
                audience: config.audience.clone(),
                restricted: config.restricted_claims.iter().cloned().collect(),
            },
            life_ms: u64::try_from(config.life.as_millis()).unwrap_or(u64::MAX),
            reuse: config.cached,
        }
    }

    /// Returns the token for a caller of an API.
    pub(super) fn token(&self, caller: &Caller, api: &Api, now_ms: u64) -> Option<HeaderValue> {
        if !self.reuse {
            return self.make(caller, api, now_ms).map(|made| made.value);
        }
        // Callers belong to one core: nobody waits here.
        let mut kept = caller.backend_token.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some(token) if token.until_ms > now_ms.saturating_add(MARGIN_MS) => Some(token.value.clone()),
            _ => {
                let made = self.make(caller, api, now_ms)?;
                Some(kept.insert(made).value.clone())
            }
        }
    }

    fn make(&self, caller: &Caller, api: &Api, now_ms: u64) -> Option<Remembered> {
        let until_ms = now_ms.saturating_add(self.life_ms);
        let facts = ApiFacts {
            name: &api.name,
            base_path: &api.base_path,
            version: &api.version,
        };
        let id = uuid::Uuid::new_v4().to_string();
        let (issued, expires) = (now_ms / 1000, until_ms / 1000);
        let claims = claims(
            &self.dialect,
            &caller.identity,
            &caller.grant,
            facts,
            &id,
            issued,
            expires,
        );
        let token = self.signer.sign(&claims);
        let value = token.and_then(|token| HeaderValue::try_from(token).ok());
        if value.is_none() {
            tracing::warn!("a token for the backend could not be made");
        }
        Some(Remembered {
            value: value?,
            until_ms,
        })
    }
}

/// Returns whether callers of this kind are introduced to backends.
pub(super) const fn introduces(kind: CredentialKind) -> bool {
    matches!(kind, CredentialKind::Jwt | CredentialKind::Opaque)
}
