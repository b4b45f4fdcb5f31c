//! The sending side of a connection, whichever HTTP version it speaks.

use super::http2::Stream;
use super::request_body::RequestBody;
use hyper::client::conn::http1;

/// A way to send one request.
#[derive(Debug)]
pub(super) enum Sender {
    /// A whole connection.
    Http1(http1::SendRequest<RequestBody>),
    /// A place on a shared one.
    Http2(Stream),
}
