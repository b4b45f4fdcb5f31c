//! Answers of the admin listener.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

/// An answer.
pub(super) type Answer = Response<Full<Bytes>>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) fn with(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    with(status, JSON, body)
}

/// An answer that says what is wrong.
pub(super) fn error(status: StatusCode, error: &str) -> Answer {
    json(status, json!({ "error": error }).to_string())
}

/// The answer to a method that means nothing here.
pub(super) fn not_allowed(allowed: &'static str) -> Answer {
    let mut response = json(StatusCode::METHOD_NOT_ALLOWED, "{}");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
