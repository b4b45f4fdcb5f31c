//! Reads of what backends and token endpoints say, for the fuzz targets.

use super::challenge::Challenge;
use super::token_answer;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

/// A demand for credentials, or the answer of a token endpoint.
pub fn credentials_answer(bytes: &[u8]) {
    let _ = token_answer::read(StatusCode::OK, bytes);
    let _ = token_answer::read(StatusCode::BAD_REQUEST, bytes);
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let headers: HeaderMap = [(WWW_AUTHENTICATE, value)].into_iter().collect();
        let _ = Challenge::of(&headers);
    }
}
