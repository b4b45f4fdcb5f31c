//! Messages whose parts come when there is something to say.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Types of messages that may be silent for long without anything being wrong.
const TYPES: [&[u8]; 3] = [b"text/event-stream", b"application/grpc", b"multipart/x-mixed-replace"];

/// Whether silence in the middle of the message means nothing.
pub(super) fn is_endless(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        TYPES.iter().any(|known| {
            kind.get(..known.len())
                .is_some_and(|kind| kind.eq_ignore_ascii_case(known))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn streams_are_told_by_their_type() {
        for (kind, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("application/grpc+proto", true),
            ("multipart/x-mixed-replace; boundary=x", true),
            ("text/plain", false),
            ("text/event", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            assert_eq!(is_endless(&headers), expected, "{kind}");
        }
        assert!(!is_endless(&HeaderMap::new()));
    }
}
