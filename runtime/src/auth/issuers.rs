//! The trusted issuers with their keys, and the verification of a token against them.

use super::jwks::KeySource;
use super::jwt::{Expectations, JwtFailure, Token, VerificationKey, check_claims, text};
use super::outcome::WaitFor;
use super::{CredentialKind, Identity};
use crate::config::{Algorithm, ClaimMapping};
use std::sync::Arc;

/// One trusted issuer.
#[derive(Debug)]
pub(super) struct TrustedIssuer {
    pub(super) issuer: String,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) expectations: Expectations,
    pub(super) allow_padding: bool,
    /// The pinned key.
    pub(super) pinned: Option<VerificationKey>,
    /// Keys by URL.
    pub(super) source: Option<Arc<KeySource>>,
    pub(super) claims: Vec<ClaimMapping>,
    pub(super) scope_claim: Option<String>,
    pub(super) consumer_key_claim: Option<String>,
    pub(super) validate_subscription: Option<bool>,
    pub(super) remote_claims: bool,
}

/// Why there is no identity.
#[derive(Debug)]
pub(super) enum Unverified {
    /// The token is not accepted.
    Refused(JwtFailure),
    /// Keys have to be fetched first.
    Wait(WaitFor),
}

impl From<JwtFailure> for Unverified {
    fn from(failure: JwtFailure) -> Self {
        Self::Refused(failure)
    }
}

/// Several issuers for one kind of credential.
#[derive(Debug)]
pub(super) struct Issuers {
    pub(super) kind: CredentialKind,
    pub(super) issuers: Vec<TrustedIssuer>,
    pub(super) max_token_bytes: usize,
}

impl Issuers {
    /// Verifies a token. Everything that can be refused without a signature is refused before it.
    ///
    /// `keys_fetched`: waiting for keys has been tried already.
    pub(super) fn verify(&self, token: &str, now_ms: u64, keys_fetched: bool) -> Result<Identity, Unverified> {
        let parsed = Token::parse(token, self.max_token_bytes)?;
        let issuer = text(&parsed.claims, "iss").ok_or(JwtFailure::Issuer)?;
        if !self.is_for_kind(&parsed) {
            return Err(JwtFailure::Header.into());
        }
        let mut failure = Unverified::Refused(JwtFailure::Issuer);
        let mut valid_until = None;
        // Several entries may share an issuer, with other keys or audiences; the first that accepts the token wins.
        for trusted in self.issuers.iter().filter(|trusted| trusted.issuer == issuer) {
            match trusted.verify(&parsed, token, now_ms, keys_fetched) {
                Ok(until) => {
                    valid_until = Some((trusted, until));
                    break;
                }
                Err(reason) => failure = reason,
            }
        }
        let Some((trusted, until)) = valid_until else {
            return Err(failure);
        };
        let mut identity = Identity::from_claims(
            self.kind,
            parsed.claims,
            &trusted.claims,
            trusted.scope_claim.as_deref(),
            trusted.consumer_key_claim.as_deref(),
            until,
        );
        identity.validate_subscription = trusted.validate_subscription;
        identity.remote_claims = trusted.remote_claims;
        Ok(identity)
    }

    /// Returns whether the token names a configured issuer. Its word is not trusted for anything but this choice.
    pub(super) fn knows_issuer_of(&self, token: &str) -> bool {
        Token::parse(token, self.max_token_bytes).is_ok_and(|parsed| {
            let issuer = text(&parsed.claims, "iss");
            self.issuers
                .iter()
                .any(|trusted| Some(trusted.issuer.as_str()) == issuer)
        })
    }

    /// API Manager signs API keys and access tokens alike; since 4.0 they say what they are.
    fn is_for_kind(&self, parsed: &Token) -> bool {
        let is_key = text(&parsed.claims, "token_type").map(|kind| matches!(kind, "apiKey" | "InternalKey"));
        is_key.is_none_or(|is_key| is_key == (self.kind == CredentialKind::ApiKey))
    }
}

impl TrustedIssuer {
    fn verify(&self, parsed: &Token, text: &str, now_ms: u64, keys_fetched: bool) -> Result<u64, Unverified> {
        if !self.algorithms.contains(&parsed.algorithm) {
            return Err(JwtFailure::Algorithm.into());
        }
        if parsed.is_padded() && !self.allow_padding {
            return Err(JwtFailure::Padding.into());
        }
        let valid_until = check_claims(&parsed.claims, &self.expectations, now_ms)?;
        let (message, signature) = (parsed.signed(text), parsed.signature());
        let Some(source) = &self.source else {
            let pinned = self.pinned.as_ref().ok_or(JwtFailure::Key)?;
            pinned.verify(parsed.algorithm, message, signature)?;
            return Ok(valid_until);
        };
        // A token without key id is the pinned key's, where there is one.
        if let Some(pinned) = self.pinned.as_ref().filter(|_| parsed.key_id.is_none()) {
            pinned.verify(parsed.algorithm, message, signature)?;
            return Ok(valid_until);
        }
        let seen = source.worth_waiting(now_ms);
        let keys = source.keys(now_ms);
        let key = keys
            .as_ref()
            .and_then(|keys| keys.find(parsed.key_id.as_deref(), parsed.algorithm));
        match (key, seen) {
            (Some(key), _) => key.verify(parsed.algorithm, message, signature)?,
            (None, Some(seen)) if !keys_fetched => {
                return Err(Unverified::Wait(WaitFor::Keys(Arc::clone(source), seen)));
            }
            (None, _) => return Err(JwtFailure::Key.into()),
        }
        Ok(valid_until)
    }
}
