//! A token taken apart. Nothing in here is trusted before its signature is.

use super::{JwtFailure, base64url};
use crate::config::Algorithm;
use crate::strict_json;
use serde_json::{Map, Value};

/// Longest `kid`.
const MAX_KEY_ID: usize = 256;

/// A compact JWS whose parts are well-formed.
#[derive(Debug)]
pub(crate) struct Token {
    /// The algorithm that the header names.
    pub(crate) algorithm: Algorithm,
    /// The key that the header names.
    pub(crate) key_id: Option<String>,
    /// The claims.
    pub(crate) claims: Map<String, Value>,
    /// Length of the text that is signed: header and claims as received.
    signed: usize,
    signature: Vec<u8>,
    padded: bool,
}

/// Returns whether a bearer token has the three parts of a JWT; anything else is opaque.
pub(crate) fn looks_like_jwt(token: &str) -> bool {
    memchr::memchr_iter(b'.', token.as_bytes()).count() == 2
}

impl Token {
    /// Takes a token apart and checks everything about its form.
    pub(crate) fn parse(text: &str, max_bytes: usize) -> Result<Self, JwtFailure> {
        if text.len() > max_bytes {
            return Err(JwtFailure::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwtFailure::Encoding);
        };
        let decode = |part| base64url::decode(part).ok_or(JwtFailure::Encoding);
        let (algorithm, key_id) = read_header(&decode(header)?)?;
        let padded = [header, claims, signature].into_iter().any(base64url::is_padded);
        Ok(Self {
            algorithm,
            key_id,
            signed: header.len() + 1 + claims.len(),
            claims: strict_json::parse(&decode(claims)?).ok_or(JwtFailure::Json)?,
            signature: decode(signature)?,
            padded,
        })
    }

    /// Returns whether any part carries base64 padding.
    pub(crate) fn is_padded(&self) -> bool {
        self.padded
    }

    /// Returns the signed text of `text`, from which this token was parsed.
    pub(crate) fn signed<'a>(&self, text: &'a str) -> &'a [u8] {
        text.as_bytes().get(..self.signed).unwrap_or_default()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Reads algorithm and key id.
///
/// Keys or addresses of keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never used: whoever forges a token writes
/// them. Extensions that change what is signed are refused.
fn read_header(bytes: &[u8]) -> Result<(Algorithm, Option<String>), JwtFailure> {
    let header = strict_json::parse(bytes).ok_or(JwtFailure::Json)?;
    if header.contains_key("crit")
        || header.contains_key("b64")
        || header.contains_key("enc")
        || header.contains_key("zip")
    {
        return Err(JwtFailure::Header);
    }
    match header.get("typ") {
        None => {}
        Some(Value::String(kind)) => {
            let kind = kind.to_ascii_lowercase();
            if !matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt") {
                return Err(JwtFailure::Header);
            }
        }
        Some(_) => return Err(JwtFailure::Header),
    }
    let algorithm = match header.get("alg") {
        Some(Value::String(name)) => Algorithm::named(name).ok_or(JwtFailure::Algorithm)?,
        _ => return Err(JwtFailure::Algorithm),
    };
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) if !id.is_empty() && id.len() <= MAX_KEY_ID => Some(id.clone()),
        Some(_) => return Err(JwtFailure::Header),
    };
    Ok((algorithm, key_id))
}
