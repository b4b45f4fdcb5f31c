//! Entry points of the fuzz targets into the readers of credentials.

use super::basic::NameAndPassword;
use super::credential::{Credential, query_parameter};
use super::jwks::KeySet;
use super::jwt::{Token, looks_like_jwt};
use super::key_manager::key_validation::parse;
use super::revocation::Revocations;
use crate::config::Algorithm;
use crate::tls::decode_certificate_header;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

pub use super::key_manager::fuzzing::key_manager_answer;

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

/// Reads an authorisation header, also as that of a client's certificate and as a query. A bearer token is one word of what was
/// sent.
pub fn credentials(bytes: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        match Credential::read(&headers, &AUTHORIZATION) {
            Credential::Bearer(token) => {
                assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(memchr::memmem::find(bytes, token.as_bytes()).is_some());
            }
            Credential::Basic(encoded) => {
                if let Ok(credential) = NameAndPassword::decode(encoded) {
                    assert!(!credential.name.is_empty() && !credential.name.contains(':'));
                }
            }
            Credential::Absent | Credential::Other | Credential::Ambiguous => {}
        }
    }
    if let Some(certificates) = decode_certificate_header(bytes) {
        assert!(certificates.iter().all(|der| mgw_keystore::Validity::of(der).is_some()));
    }
    let _ = query_parameter(std::str::from_utf8(bytes).ok(), "apikey");
}
