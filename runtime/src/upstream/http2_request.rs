//! Requests in the form of HTTP/2, and what its errors say about them.

use super::request_body::RequestBody;
use http::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{Request, Uri};
use std::error::Error;

/// Gives a request the form that HTTP/2 has: the host is part of the target. `false`: the host cannot be.
pub(super) fn prepare(request: &mut Request<RequestBody>, tls: bool) -> bool {
    // Of an attempt over HTTP/1.1.
    request.headers_mut().remove(TRANSFER_ENCODING);
    let Some(host) = request.headers_mut().remove(HOST) else {
        return false;
    };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else {
        return false;
    };
    let mut parts = Parts::default();
    parts.scheme = Some(if tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority);
    let path = std::mem::take(request.uri_mut()).into_parts().path_and_query;
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    match Uri::from_parts(parts) {
        Ok(uri) => {
            *request.uri_mut() = uri;
            true
        }
        Err(_) => false,
    }
}

/// Undoes [`prepare`], for a connection that may speak HTTP/1.1.
pub(super) fn restore(request: &mut Request<RequestBody>) {
    let parts = std::mem::take(request.uri_mut()).into_parts();
    let host = parts
        .authority
        .map(|authority| HeaderValue::try_from(authority.as_str()));
    if let Some(Ok(host)) = host {
        request.headers_mut().insert(HOST, host);
    }
    *request.uri_mut() = parts.path_and_query.map(Uri::from).unwrap_or_default();
}

/// Whether the backend said that it did nothing with the request: its stream was refused, or came after the last that a
/// backend which goes away takes (RFC 9113 section 8.7).
pub(super) fn is_refused(error: &hyper::Error) -> bool {
    cause(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// Whether one stream ended, as opposed to its connection.
pub(super) fn is_reset(error: &hyper::Error) -> bool {
    cause(error).is_some_and(h2::Error::is_reset)
}

/// Whether the request went with the task that drives its connection. That is so where it waited for its stream to open while
/// the backend went away; the library does not say for certain that nothing of it was sent.
pub(super) fn is_dropped(error: &hyper::Error) -> bool {
    error.is_user() && cause(error).is_none()
}

fn cause(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_goes_into_the_target_and_back() {
        for (path, tls, target) in [("/a?b=1", false, "http://b:8080/a?b=1"), ("/", true, "https://b:8080/")] {
            let mut request = Request::new(RequestBody::Empty);
            *request.uri_mut() = path.parse().expect("a path");
            request.headers_mut().insert(HOST, HeaderValue::from_static("b:8080"));
            assert!(prepare(&mut request, tls));
            assert_eq!(request.uri().to_string(), target);
            assert!(request.headers().is_empty());
            restore(&mut request);
            assert_eq!(request.uri().to_string(), path);
            assert_eq!(request.headers()[HOST], "b:8080");
        }
        assert!(
            !prepare(&mut Request::new(RequestBody::Empty), false),
            "nothing says whom to ask"
        );
    }
}
