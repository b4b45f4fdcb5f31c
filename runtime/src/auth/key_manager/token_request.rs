//! Requests to a token endpoint (RFC 6749).

use super::body;
use crate::config::{ClientPlacement, OAuthClient};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokio::time::{Instant, timeout_at};

/// Largest answer of a token endpoint.
const MAX_ANSWER: usize = 65_536;

/// What a token endpoint answers.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    #[serde(deserialize_with = "secret")]
    pub(super) access_token: SecretString,
    #[serde(default)]
    token_type: Option<String>,
    /// Seconds.
    #[serde(default)]
    pub(super) expires_in: Option<u64>,
    #[serde(default, deserialize_with = "optional_secret")]
    pub(super) refresh_token: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(SecretString::from))
}

impl TokenAnswer {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let answer: Self = serde_json::from_slice(body).ok()?;
        let token = answer.access_token.expose_secret();
        let bearer = answer
            .token_type
            .as_deref()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        (bearer && !token.is_empty() && HeaderValue::from_str(token).is_ok()).then_some(answer)
    }
}

/// Asks for a token. `None`: there is none, for whatever reason; the log tells.
pub(super) async fn fetch(
    http: &Client,
    client: &OAuthClient,
    grant: &[(&str, &str)],
    deadline: Instant,
) -> Option<TokenAnswer> {
    let mut form = grant.to_vec();
    if let Some(scopes) = &client.scopes {
        form.push(("scope", scopes));
    }
    let mut request = http
        .post(client.token_url.clone())
        .header(ACCEPT, HeaderValue::from_static("application/json"));
    match client.placement {
        ClientPlacement::Header => request = request.basic_auth(&client.id, Some(client.secret.expose_secret())),
        ClientPlacement::IdOnly => form.push(("client_id", &client.id)),
        ClientPlacement::Body => {
            form.push(("client_id", &client.id));
            form.push(("client_secret", client.secret.expose_secret()));
        }
    }
    let asked = async {
        let response = request.form(&form).send().await.ok()?;
        Some((response.status(), body(response, MAX_ANSWER).await?))
    };
    match timeout_at(deadline, asked).await.ok().flatten() {
        Some((StatusCode::OK, body)) => {
            let answer = TokenAnswer::read(&body);
            if answer.is_none() {
                tracing::warn!("the answer of the token endpoint holds no bearer token");
            }
            answer
        }
        Some((status, _)) => {
            tracing::warn!(status = status.as_u16(), "the token endpoint gave the gateway no token");
            None
        }
        None => {
            tracing::warn!("the token endpoint could not be asked");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_usable_bearer_tokens_are_taken() {
        for (body, good) in [
            (r#"{"access_token":"a"}"#, true),
            (r#"{"access_token":"a","token_type":"BEARER","expires_in":5}"#, true),
            (r#"{"access_token":"a","refresh_token":null}"#, true),
            (r#"{"access_token":""}"#, false),
            (r#"{"access_token":"a\nb"}"#, false),
            (r#"{"access_token":"a","token_type":"mac"}"#, false),
            (r#"{"access_token":"a","expires_in":-1}"#, false),
            (r#"{"error":"invalid_grant"}"#, false),
            ("[]", false),
            ("", false),
        ] {
            assert_eq!(TokenAnswer::read(body.as_bytes()).is_some(), good, "{body}");
        }
    }
}
