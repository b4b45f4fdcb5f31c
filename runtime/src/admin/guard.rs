//! Keeps web pages away from what only operators may see and do.
//!
//! A page in a browser on this machine can send requests here. It cannot send a JSON content type without asking first,
//! which the gateway does not grant; where the page's host name was made to lead here, the browser need not ask, but tells
//! its origin with everything that changes something, and the page's host name always.

use super::answer::{Answer, error};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::time::Duration;

/// Largest body, in bytes.
const MAX_BODY: usize = 1 << 20;
/// For a whole body.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Returns the body of a request that changes something; `what` says what pages may not do.
pub(super) async fn submitted(request: Request<Incoming>, what: &str, types: &[&str]) -> Result<Bytes, Answer> {
    if let Some(refused) = refuse_page(request.headers(), what) {
        return Err(refused);
    }
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| types.iter().any(|known| kind.starts_with(known))) {
        let text = format!("the content type has to be {}", types.join(" or "));
        return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text));
    }
    let body = tokio::time::timeout(BODY_TIME, Limited::new(request.into_body(), MAX_BODY).collect()).await;
    match body {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        _ => Err(error(
            StatusCode::BAD_REQUEST,
            "the body is incomplete or larger than 1 MiB",
        )),
    }
}

/// Refuses a request that comes from a page of another origin.
pub(super) fn refuse_page(headers: &HeaderMap, what: &str) -> Option<Answer> {
    let from_page = headers.contains_key(ORIGIN);
    from_page.then(|| error(StatusCode::FORBIDDEN, &format!("web pages may not {what}")))
}

/// Refuses a request over the loopback interface that names another host: a page's, whose name was made to lead here.
pub(super) fn refuse_other_host(headers: &HeaderMap, local: Option<IpAddr>) -> Option<Answer> {
    if !local.is_some_and(|local| local.to_canonical().is_loopback()) {
        return None;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let known = host.is_some_and(is_of_this_machine);
    (!known).then(|| error(StatusCode::FORBIDDEN, "name this host by its address, or as localhost"))
}

/// An address or `localhost`, with a port or without.
fn is_of_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(':') => name,
        Some((name, _)) if name.ends_with(']') => name,
        _ => host,
    };
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_this_machine() {
        for (host, expected) in [
            ("localhost", true),
            ("LocalHost:9797", true),
            ("127.0.0.1:9797", true),
            ("10.0.0.1", true),
            ("[::1]:9797", true),
            ("[::1]", true),
            ("::1", true),
            ("evil.example.com", false),
            ("evil.example.com:9797", false),
            ("127.0.0.1.evil.example.com", false),
            ("localhost.evil.example.com", false),
            ("", false),
        ] {
            assert_eq!(is_of_this_machine(host), expected, "{host}");
        }
    }
}
