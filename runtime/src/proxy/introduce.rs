//! The token that introduces a caller to the backend.

use super::witness::{Question, Witness};
use crate::auth::{BackendToken, Caller};
use crate::snapshot::Snapshot;
use http::HeaderValue;

/// Returns the token for API number `api`. Waits only when claims about the user have to be fetched for it.
pub(super) async fn introduce(
    snapshot: &Snapshot,
    caller: &Caller,
    api: u32,
    now_ms: u64,
    witness: &mut impl Witness,
) -> Option<HeaderValue> {
    let authenticator = &snapshot.authenticator;
    let token = match authenticator.backend_jwt(caller, api, now_ms, None) {
        BackendToken::Fetch(fetch) if witness.may_ask(Question::Claims) => {
            let fetched = fetch.fetched().await;
            authenticator.backend_jwt(caller, api, now_ms, Some(fetched))
        }
        settled => settled,
    };
    match token {
        BackendToken::Ready(value) => Some(value),
        BackendToken::None | BackendToken::Fetch(_) => None,
    }
}
