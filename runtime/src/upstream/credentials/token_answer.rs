//! What a token endpoint answers (RFC 6749, sections 5.1 and 5.2).

use super::token::TokenError;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use std::time::Duration;

/// Of tokens whose end nobody tells.
const UNTOLD: Duration = Duration::from_secs(300);
/// Of tokens that would live longer.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Longest token, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// A token as it was given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// `Bearer` and the token.
    pub(super) header: HeaderValue,
    pub(super) lifetime: Duration,
}

/// Reads an answer.
pub(super) fn read(status: StatusCode, body: &[u8]) -> Result<Given, TokenError> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        #[serde(default)]
        token_type: Option<String>,
        #[serde(default)]
        expires_in: Option<Seconds>,
    }
    // Some write it as a text.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(f64),
        Text(String),
    }
    if !status.is_success() {
        return Err(refusal(status, body));
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|_| TokenError::Unreadable)?;
    let is_bearer = answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !is_bearer {
        return Err(TokenError::OtherType);
    }
    let token = answer.access_token;
    if token.is_empty() || token.len() > MAX_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Unreadable);
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| TokenError::Unreadable)?;
    header.set_sensitive(true);
    let seconds = match answer.expires_in {
        Some(Seconds::Number(seconds)) => Some(seconds),
        Some(Seconds::Text(text)) => text.trim().parse().ok(),
        None => None,
    };
    let told = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 1.0);
    let lifetime = told.map_or(UNTOLD, |seconds| {
        Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64()))
    });
    Ok(Given { header, lifetime })
}

/// What the endpoint says is wrong, in our words.
fn refusal(status: StatusCode, body: &[u8]) -> TokenError {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let said = serde_json::from_slice::<Refusal>(body).map(|refusal| refusal.error);
    match said.as_deref() {
        Ok("invalid_client" | "unauthorized_client") => TokenError::Client,
        Ok("invalid_scope") => TokenError::Scope,
        Ok("unsupported_grant_type") => TokenError::Grant,
        _ if status == StatusCode::UNAUTHORIZED => TokenError::Client,
        _ => TokenError::Status(status.as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let given =
            |body: &str| read(StatusCode::OK, body.as_bytes()).map(|given| (given.header, given.lifetime.as_secs()));
        let header = HeaderValue::from_static("Bearer abc");
        for (body, seconds) in [
            (
                r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#,
                3600,
            ),
            (r#"{"access_token":"abc","token_type":"bearer","expires_in":"60"}"#, 60),
            (r#"{"access_token":"abc","expires_in":59.5,"scope":"x"}"#, 59),
            (r#"{"access_token":"abc"}"#, UNTOLD.as_secs()),
            (r#"{"access_token":"abc","expires_in":-1}"#, UNTOLD.as_secs()),
            (r#"{"access_token":"abc","expires_in":1e300}"#, LONGEST.as_secs()),
            (r#"{"access_token":"abc","expires_in":"soon"}"#, UNTOLD.as_secs()),
        ] {
            assert_eq!(given(body), Ok((header.clone(), seconds)), "{body}");
        }
        for (body, error) in [
            ("", TokenError::Unreadable),
            ("{}", TokenError::Unreadable),
            (r#"{"access_token":""}"#, TokenError::Unreadable),
            (r#"{"access_token":"a b"}"#, TokenError::Unreadable),
            (r#"{"access_token":"a\r\nb"}"#, TokenError::Unreadable),
            (r#"{"access_token":"abc","token_type":"mac"}"#, TokenError::OtherType),
        ] {
            assert_eq!(given(body), Err(error), "{body}");
        }
        assert!(read(StatusCode::OK, br#"{"access_token":"abc"}"#).is_ok_and(|given| given.header.is_sensitive()));
    }

    #[test]
    fn refusals_say_what_to_look_at() {
        for (status, body, error) in [
            (400, r#"{"error":"invalid_client"}"#, TokenError::Client),
            (401, "", TokenError::Client),
            (400, r#"{"error":"invalid_scope"}"#, TokenError::Scope),
            (400, r#"{"error":"unsupported_grant_type"}"#, TokenError::Grant),
            (500, "<html>", TokenError::Status(500)),
            (302, "", TokenError::Status(302)),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(read(status, body.as_bytes()), Err(error), "{body}");
        }
    }
}
