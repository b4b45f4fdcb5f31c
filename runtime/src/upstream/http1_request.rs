//! Requests in the form of HTTP/1.1.

use super::request_body::RequestBody;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request};
use http_body::Body as _;

/// Says how a body of unknown length ends, where the library would leave out the body: with methods that seldom have one.
pub(super) fn prepare(request: &mut Request<RequestBody>) {
    let is_seldom = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_endless = !request.body().is_end_stream() && request.body().size_hint().exact().is_none();
    if is_seldom && is_endless && !request.headers().contains_key(CONTENT_LENGTH) {
        let chunked = HeaderValue::from_static("chunked");
        request.headers_mut().insert(TRANSFER_ENCODING, chunked);
    }
}
