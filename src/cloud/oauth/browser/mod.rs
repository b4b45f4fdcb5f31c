//! The authorisation code grant in the user's browser: PKCE, and an answer that comes to this machine.

mod answer;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod listener;
mod opener;

pub(crate) use listener::Listener;
pub(crate) use opener::open_in_browser;

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

/// A request that the browser is sent with, and what its answer is checked against.
#[derive(Debug)]
pub(crate) struct Authorization {
    /// Where the browser goes.
    pub(crate) url: Url,
    /// What the answer has to repeat.
    pub(crate) state: String,
    /// Proves at the token endpoint that the code was ours to ask for.
    pub(crate) verifier: PkceCodeVerifier,
}

impl Authorization {
    /// A request for a code. `page` is the control plane's authorisation endpoint.
    pub(crate) fn new(page: Url, client_id: &str, redirect_uri: &str, scopes: &[&str]) -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new_random();
        let mut url = page;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", state.secret())
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str());
        Self {
            url,
            state: state.secret().clone(),
            verifier,
        }
    }
}
