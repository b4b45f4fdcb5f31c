//! The first phase: what is wrong with a request whatever API it is for.

use super::answer::{Answer, Answered};
use super::headers;
use super::host;
use super::phase::Phase;
use super::websocket;
use crate::refusal::Refusal;
use crate::server::ClientBody;
use crate::snapshot::Snapshot;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method};
use http_body::Body as _;

/// Checks sizes and form, and answers `/health`.
pub(super) fn check(snapshot: &Snapshot, parts: &Parts, body: &ClientBody) -> Option<Answered> {
    let refuse = |refusal| Some(Answered::refused(Phase::Listener, refusal));
    if parts.method == Method::CONNECT && !websocket::is_extended_connect(parts) {
        return refuse(Refusal::BadRequest);
    }
    let uri = &parts.uri;
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > snapshot.limits.uri {
        return refuse(Refusal::UriTooLong);
    }
    if headers::size(&parts.headers) > snapshot.limits.headers {
        return refuse(Refusal::HeadersTooLarge);
    }
    // The server has checked that there is one length at the most and that it is a number.
    if body.size_hint().lower() > snapshot.limits.body {
        return refuse(Refusal::BodyTooLarge);
    }
    if !says_its_length(&parts.headers, body.size_hint().exact()) || !is_coded_plainly(&parts.headers) {
        return refuse(Refusal::BadRequest);
    }
    if !host::is_sound(parts) {
        return refuse(Refusal::BadRequest);
    }
    if snapshot.forwarding.is_loop(&parts.headers) {
        return refuse(Refusal::Loop);
    }
    let path = uri.path();
    if path == "/health" || path.starts_with("/health/") {
        if parts.method == Method::CONNECT {
            // Success would say that a WebSocket is open.
            return refuse(Refusal::BadRequest);
        }
        return Some(Answered::new(Phase::Listener, Answer::Health));
    }
    None
}

/// Whether `Content-Length` is absent, or there once with the length that the body has. A backend that believed another
/// length would take the next request on its connection for the rest of this one, or wait for what never comes.
fn says_its_length(headers: &HeaderMap, body: Option<u64>) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else {
        return true;
    };
    let stated = length.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    stated.is_some() && stated == body && lengths.next().is_none()
}

/// Whether `Transfer-Encoding` is absent or says `chunked`. What else it said would be lost on the way: it concerns one hop
/// only, and the gateway undoes no other coding.
fn is_coded_plainly(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_stated_length_is_the_body_s() {
        for (lengths, body, fits) in [
            (&[][..], Some(0), true),
            (&[], None, true),
            (&["0"], Some(0), true),
            (&["5"], Some(5), true),
            (&["5"], Some(0), false),
            (&["5"], Some(6), false),
            (&["5"], None, false),
            (&["5", "5"], Some(5), false),
            (&["5, 5"], Some(5), false),
            (&["-5"], Some(5), false),
            (&["x"], Some(0), false),
        ] {
            let mut headers = HeaderMap::new();
            for length in lengths {
                headers.append(CONTENT_LENGTH, HeaderValue::from_static(length));
            }
            assert_eq!(says_its_length(&headers, body), fits, "{lengths:?} {body:?}");
        }
    }
}
