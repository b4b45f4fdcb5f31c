//! Credentials from their description.

use super::description::{Header, Key, Token};
use crate::forged_tokens::rs256;
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use mgw_fixtures::keys::{KeyAlgorithm, SigningKey};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// `iss` of tokens unless a case says otherwise.
const ISSUER: &str = "https://idp.example.com/oauth2/token";
/// `iss` of API keys unless a case says otherwise.
const API_KEY_ISSUER: &str = "https://localhost:9095/apikey";

static KEYS: LazyLock<[SigningKey; 3]> =
    LazyLock::new(|| std::array::from_fn(|_| SigningKey::generate(KeyAlgorithm::Rs256).expect("a key can be made")));

/// The key of a signer; the same for all cases of a run.
pub fn key(who: Key) -> &'static SigningKey {
    let [issuer, api_keys, stranger] = &*KEYS;
    match who {
        Key::Issuer => issuer,
        Key::ApiKeys => api_keys,
        Key::Stranger => stranger,
    }
}

pub fn make(name: &str, token: &Token) -> String {
    if let Some(text) = &token.text {
        return text.clone();
    }
    if let Some(basic) = &token.basic {
        return STANDARD.encode(basic);
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let now = i64::try_from(now).expect("before the year 292277026596");
    let issuer = match token.key {
        Key::ApiKeys => API_KEY_ISSUER,
        Key::Issuer | Key::Stranger => ISSUER,
    };
    let mut claims = Map::new();
    for (claim, value) in [
        ("iss", json!(issuer)),
        ("sub", json!("ana")),
        ("iat", json!(now.min(now + token.expires_in))),
        ("exp", json!(now + token.expires_in)),
        ("jti", json!(name)),
    ] {
        if !token.without.iter().any(|left_out| left_out == claim) {
            claims.insert(claim.to_owned(), value);
        }
    }
    for (claim, value) in &token.claims {
        let value = serde_json::to_value(value).expect("TOML without dates is JSON");
        claims.insert(claim.clone(), value);
    }
    let (key, claims) = (key(token.key), Value::Object(claims));
    match token.header {
        Header::KeyId => key.sign(&claims).expect("the key can sign"),
        Header::Thumbprint => with_thumbprint(key, &claims, &URL_SAFE_NO_PAD),
        Header::PaddedThumbprint => with_thumbprint(key, &claims, &URL_SAFE),
    }
}

/// A token that names its key by a certificate's thumbprint alone.
fn with_thumbprint(key: &SigningKey, claims: &Value, base64: &GeneralPurpose) -> String {
    // A thumbprint that no certificate has: it is for finding a key, and must not admit.
    let header = json!({"typ": "JWT", "alg": "RS256", "x5t": URL_SAFE.encode("0".repeat(40))});
    let message = format!(
        "{}.{}",
        base64.encode(header.to_string()),
        base64.encode(claims.to_string())
    );
    let signature = base64.encode(rs256(key, message.as_bytes()));
    format!("{message}.{signature}")
}
