//! The key manager: what it says about opaque tokens, by introspection or by its older key validation service.

mod claim_source;
mod connection;
mod credentials;
mod failures;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod introspector;
mod kept_token;
pub(super) mod key_validation;
mod opaque_tokens;
mod token_kind;
mod token_request;

pub(super) use claim_source::{ClaimSource, FAILED_LIFE_MS, UserClaims};
pub(super) use introspector::{Answer, Introspector};
pub(super) use opaque_tokens::OpaqueTokens;
pub(super) use token_kind::is_access_token;

use reqwest::Response;

/// Reads an answer's body up to `limit` bytes.
async fn body(mut response: Response, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > limit {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}
