//! Issuing of API keys to the gateway's own users.

use super::backend_jwt::Signer;
use super::basic::NameAndPassword;
use super::credential::Credential;
use super::passwords::Passwords;
use super::services::{ServiceRequest, text};
use crate::config::{ApiKeyIssuer as Settings, IssuedApi};
use crate::refusal::{About, Challenge, Challenges, Refusal};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Issues API keys.
#[derive(Debug)]
pub(super) struct ApiKeyIssuer {
    settings: Settings,
    signer: Signer,
    passwords: Arc<Passwords>,
    challenges: Challenges,
}

impl ApiKeyIssuer {
    pub(super) fn new(settings: &Settings, signer: Signer, passwords: Arc<Passwords>, compat: bool) -> Self {
        let accepted = Challenge {
            basic: true,
            ..Challenge::default()
        };
        Self {
            settings: settings.clone(),
            signer,
            passwords,
            challenges: Challenges::build(&accepted, compat),
        }
    }

    /// Returns the challenge for a refusal, where HTTP asks for one.
    pub(super) fn challenge(&self, refusal: Refusal) -> Option<&HeaderValue> {
        self.challenges.of(refusal, About::Other)
    }

    /// Answers with a key for the user whose credentials the request carries.
    pub(super) async fn issue(&self, request: &ServiceRequest, now_ms: u64) -> Result<Response<Bytes>, Refusal> {
        let encoded = match Credential::read(&request.headers, &http::header::AUTHORIZATION) {
            Credential::Basic(encoded) => encoded,
            Credential::Absent => return Err(Refusal::MissingCredentials),
            _ => return Err(Refusal::WrongScheme),
        };
        let credential = NameAndPassword::decode(encoded)?;
        let user = credential.name.clone();
        // Always off the request threads: issuing is rare and guessing must not be cheap.
        match Arc::clone(&self.passwords).verify(credential).await {
            Some(true) => {}
            Some(false) => return Err(Refusal::WrongPassword),
            None => return Err(Refusal::Unavailable),
        }
        let claims = self.claims(&user, requested(&request.body), now_ms / 1000);
        Ok(match self.signer.sign(&claims) {
            Some(key) => text(StatusCode::OK, "text/plain", key),
            None => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "application/json",
                "{\"error\":\"error occurred while generating API Key token\"}",
            ),
        })
    }

    fn claims(&self, user: &str, requested: Option<u64>, now: u64) -> Map<String, Value> {
        let configured = self.settings.validity_seconds;
        let life = requested
            .filter(|&asked| configured.is_none_or(|most| asked < most))
            .or(configured);
        let mut claims = Map::new();
        claims.insert("sub".to_owned(), user.into());
        claims.insert("iss".to_owned(), self.settings.issuer.as_str().into());
        claims.insert("jti".to_owned(), uuid::Uuid::new_v4().to_string().into());
        claims.insert("iat".to_owned(), now.into());
        if let Some(life) = life {
            claims.insert("exp".to_owned(), now.saturating_add(life).into());
        }
        claims.insert("keytype".to_owned(), "PRODUCTION".into());
        claims.insert("allowedAPIs".to_owned(), allowed(&self.settings.apis));
        claims
    }
}

/// Returns the life that the client asks for, in seconds.
fn requested(body: &[u8]) -> Option<u64> {
    let asked: Value = serde_json::from_slice(body).ok()?;
    asked.get("validityTime")?.as_u64().filter(|&seconds| seconds > 0)
}

fn allowed(apis: &[IssuedApi]) -> Value {
    let entries = apis.iter().flat_map(|api| {
        api.versions
            .iter()
            .map(|version| json!({"name": api.name, "version": version}))
    });
    Value::Array(entries.collect())
}
