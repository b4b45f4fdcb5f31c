//! Tokens for backends, made once per caller and reused while they live.

use super::backend_jwt::{ApiFacts, Dialect, Signer, Stamp, claims};
use super::key_manager::{ClaimSource, FAILED_LIFE_MS, UserClaims};
use super::{Caller, CredentialKind};
use crate::config::BackendJwt;
use http::HeaderValue;
use mgw_bundle::config::Api;
use std::sync::{Arc, PoisonError};

/// A token, kept beside its caller.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    value: HeaderValue,
    /// Epoch milliseconds until which it is reused.
    until_ms: u64,
}

/// What introduces a caller to the backend.
#[derive(Debug)]
pub enum BackendToken {
    /// Nothing does.
    None,
    /// This value of the header.
    Ready(HeaderValue),
    /// Claims about the user have to be fetched first, see [`BackendToken::ready`].
    Fetch(ClaimFetch),
}

/// Claims to be fetched.
#[derive(Debug)]
pub struct ClaimFetch {
    source: Arc<ClaimSource>,
    user: String,
    now_ms: u64,
}

/// Claims that were fetched, or could not be.
#[derive(Debug)]
pub struct FetchedClaims(pub(super) UserClaims);

impl ClaimFetch {
    /// Fetches, within a bound.
    pub async fn fetched(self) -> FetchedClaims {
        FetchedClaims(self.source.fetch(self.user, self.now_ms).await)
    }
}

/// Makes tokens for backends.
#[derive(Debug)]
pub(super) struct BackendTokens {
    signer: Signer,
    dialect: Dialect,
    life_ms: u64,
    reuse: bool,
    /// A remembered token is renewed so many milliseconds before it ends.
    margin_ms: u64,
    claims: Option<Arc<ClaimSource>>,
}

impl BackendTokens {
    /// `margin_ms`: by how much clocks may differ.
    pub(super) fn new(config: &BackendJwt, signer: Signer, margin_ms: u64) -> Self {
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
            margin_ms,
            claims: None,
        }
    }

    /// Adds claims about users.
    pub(super) fn with_claims(mut self, claims: Option<Arc<ClaimSource>>) -> Self {
        self.claims = claims;
        self
    }

    /// Returns the token for a caller of an API, unless claims have to be fetched for it. `fetched`: they were.
    pub(super) fn token(
        &self,
        caller: &Caller,
        api: &Api,
        now_ms: u64,
        fetched: Option<FetchedClaims>,
    ) -> BackendToken {
        if let Some(value) = self.remembered(caller, now_ms) {
            return BackendToken::Ready(value);
        }
        let user = &caller.identity.user;
        let asked = caller.identity.remote_claims && user != "Unknown";
        let source = self.claims.as_ref().filter(|_| asked);
        let (claims, complete) = match (source, fetched) {
            (None, _) => (None, true),
            (Some(_), Some(FetchedClaims(claims))) => (claims, false),
            (Some(source), None) => match source.known(user, now_ms) {
                Some(claims) => (claims, false),
                None => {
                    return BackendToken::Fetch(ClaimFetch {
                        source: Arc::clone(source),
                        user: user.clone(),
                        now_ms,
                    });
                }
            },
        };
        let complete = complete || claims.is_some();
        match self.make(caller, api, now_ms, claims) {
            Some(value) => {
                let life = self.life_ms.saturating_sub(self.margin_ms);
                // A token without the claims that it should have does not stay.
                let life = if complete { life } else { life.min(FAILED_LIFE_MS) };
                self.remember(caller, &value, now_ms.saturating_add(life));
                BackendToken::Ready(value)
            }
            None => {
                tracing::warn!("a token for the backend could not be made");
                BackendToken::None
            }
        }
    }

    fn remembered(&self, caller: &Caller, now_ms: u64) -> Option<HeaderValue> {
        if !self.reuse {
            return None;
        }
        // Callers belong to one core: nobody waits here.
        let kept = caller.backend_token.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|token| now_ms < token.until_ms)?;
        Some(kept.value.clone())
    }

    fn remember(&self, caller: &Caller, value: &HeaderValue, until_ms: u64) {
        if self.reuse {
            let mut kept = caller.backend_token.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(Remembered {
                value: value.clone(),
                until_ms,
            });
        }
    }

    fn make(&self, caller: &Caller, api: &Api, now_ms: u64, remote: UserClaims) -> Option<HeaderValue> {
        let facts = ApiFacts {
            name: &api.name,
            base_path: &api.base_path,
            version: &api.version,
        };
        let stamp = Stamp {
            id: uuid::Uuid::new_v4().to_string(),
            issued: now_ms / 1000,
            expires: now_ms.saturating_add(self.life_ms) / 1000,
        };
        let claims = claims(
            &self.dialect,
            &caller.identity,
            &caller.grant,
            facts,
            stamp,
            remote.as_deref(),
        );
        let mut value = HeaderValue::try_from(self.signer.sign(&claims)?).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Returns whether callers of this kind are introduced to backends.
pub(super) const fn introduces(kind: CredentialKind) -> bool {
    matches!(kind, CredentialKind::Jwt | CredentialKind::Opaque)
}
