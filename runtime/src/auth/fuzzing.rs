//! Entry points of the fuzz targets into the readers of credentials.

use super::jwks::KeySet;
use super::jwt::{Token, looks_like_jwt};
use super::key_manager::key_validation::parse;
use super::revocation::Revocations;
use crate::config::Algorithm;

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256];

/// Takes a token apart as the authenticator does, before any signature is checked.
pub fn token(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && looks_like_jwt(text)
        && let Ok(token) = Token::parse(text, 16 << 10)
    {
        assert!(text.as_bytes().starts_with(token.signed(text)));
    }
}

/// Reads the key set of an issuer.
pub fn key_set(bytes: &[u8]) {
    if let Ok(keys) = KeySet::parse(bytes, &ALGORITHMS, 0) {
        let _ = keys.find(None, Algorithm::Rs256);
    }
}

/// Reads an answer of the key validation service.
pub fn key_validation(bytes: &[u8]) {
    let _ = parse(bytes);
}

/// Takes a list of revocations.
pub fn revocation_list(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Revocations::new(16).apply(text, 0);
    }
}
