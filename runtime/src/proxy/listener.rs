//! The first phase: what is wrong with a request whatever API it is for.

use super::answer::{Answer, Answered};
use super::headers;
use super::phase::Phase;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use http::Method;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body::Body as _;
use hyper::body::Incoming;

/// Checks sizes and form, and answers `/health`.
pub(super) fn check(snapshot: &Snapshot, parts: &Parts, body: &Incoming) -> Option<Answered> {
    let refuse = |refusal| Some(Answered::refused(Phase::Listener, refusal));
    if parts.method == Method::CONNECT {
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
    if parts.headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return refuse(Refusal::BadRequest);
    }
    let path = uri.path();
    if path == "/health" || path.starts_with("/health/") {
        return Some(Answered::new(Phase::Listener, Answer::Health));
    }
    None
}
