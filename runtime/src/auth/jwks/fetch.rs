//! One bounded HTTP fetch of a key set.

use crate::asking::Asking;
use crate::config::JwksSettings;
use crate::unreached;
use reqwest::Client;
use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;

/// Redirects that are followed, on the same host only.
const MAX_REDIRECTS: usize = 3;

/// Makes the client for one issuer.
pub(super) fn client(settings: &JwksSettings, asking: &Asking) -> Result<Client, String> {
    let same_host = Policy::custom(|attempt| {
        let first = attempt.previous().first();
        let stays = first.is_some_and(|first| {
            first.host() == attempt.url().host()
                && first.scheme() == attempt.url().scheme()
                && first.port_or_known_default() == attempt.url().port_or_known_default()
        });
        if stays && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    let builder = asking.client()?;
    let builder = builder
        .timeout(settings.timeout)
        .redirect(same_host)
        .pool_max_idle_per_host(1);
    builder.build().map_err(|error| error.to_string())
}

/// Fetches the document. Errors are constant texts: they go to logs, and an attacker may shape what servers say.
pub(super) async fn fetch(client: &Client, settings: &JwksSettings) -> Result<Vec<u8>, &'static str> {
    let request = client
        .get(settings.url.clone())
        .header(ACCEPT, "application/jwk-set+json, application/json");
    let mut response = request.send().await.map_err(|error| unreached::why(&error))?;
    if response.status() != reqwest::StatusCode::OK {
        return Err("the server answered with an error");
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| "the answer was cut short")? {
        if body.len() + chunk.len() > settings.max_bytes {
            return Err("the answer is too large");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
