//! The opening handshake of WebSocket: what a client asks, and what a backend has to answer (RFC 6455 section 4, RFC 8441).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use hyper::ext::Protocol;

/// What every key is hashed with.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const VERSION_13: HeaderValue = HeaderValue::from_static("13");

/// Whether a request asks for a WebSocket by the `CONNECT` of HTTP/2.
pub(in crate::proxy) fn is_extended_connect(parts: &Parts) -> bool {
    parts.method == Method::CONNECT
        && parts.version == Version::HTTP_2
        && parts
            .extensions
            .get::<Protocol>()
            .is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"))
}

/// Whether a request asks for a WebSocket in a way that the gateway speaks.
pub(in crate::proxy) fn is_asked_for(parts: &Parts) -> bool {
    let headers = &parts.headers;
    if !is_only(headers, &SEC_WEBSOCKET_VERSION, |version| version == "13") {
        return false;
    }
    if parts.method == Method::CONNECT {
        return is_extended_connect(parts);
    }
    parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && names(headers, &CONNECTION, "upgrade")
        && names(headers, &UPGRADE, "websocket")
        && is_only(headers, &SEC_WEBSOCKET_KEY, is_key)
        && !headers.contains_key(CONTENT_LENGTH)
}

/// Completes the head for the backend, which is asked by HTTP/1.1 whatever the client speaks. Returns the key that the answer
/// must fit; `None`: there is none and none can be made.
pub(super) fn ask(headers: &mut HeaderMap) -> Option<HeaderValue> {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
    headers.insert(SEC_WEBSOCKET_VERSION, VERSION_13);
    if let Some(key) = headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).cloned() {
        // Nothing has seen to it that a client of HTTP/2, which needs none, sends one only.
        headers.insert(SEC_WEBSOCKET_KEY, key.clone());
        return Some(key);
    }
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).ok()?;
    let key = HeaderValue::try_from(STANDARD.encode(random)).ok()?;
    headers.insert(SEC_WEBSOCKET_KEY, key.clone());
    Some(key)
}

/// Whether the head of a backend's 101 agrees to a WebSocket under this key.
pub(super) fn is_agreed(headers: &HeaderMap, key: &HeaderValue) -> bool {
    names(headers, &UPGRADE, "websocket") && is_only(headers, &SEC_WEBSOCKET_ACCEPT, |accept| *accept == accepting(key))
}

/// Completes the head of the answer for the client. A length has no place there (RFC 9110 section 8.6), and a stream of HTTP/2 that
/// announced one would be reset.
pub(super) fn agree(headers: &mut HeaderMap, version: Version) {
    headers.remove(CONTENT_LENGTH);
    if version == Version::HTTP_2 {
        headers.remove(SEC_WEBSOCKET_ACCEPT);
    } else {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }
}

/// Says what a resource wants that is a WebSocket.
pub(super) fn demand(headers: &mut HeaderMap, version: Version) {
    if version < Version::HTTP_2 {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }
    headers.insert(SEC_WEBSOCKET_VERSION, VERSION_13);
}

fn accepting(key: &HeaderValue) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key.as_bytes(), MAGIC].concat());
    STANDARD.encode(digest.as_ref())
}

fn is_key(key: &HeaderValue) -> bool {
    STANDARD.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == 16)
}

/// Whether a field is there once with a value that will do.
fn is_only(headers: &HeaderMap, name: &HeaderName, fits: impl Fn(&HeaderValue) -> bool) -> bool {
    let mut values = headers.get_all(name).iter();
    values.next().is_some_and(fits) && values.next().is_none()
}

/// Whether a list names a token.
fn names(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        let mut parts = value.as_bytes().split(|byte| *byte == b',');
        parts.any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::get("/chat");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("it is one").into_parts().0
    }

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn a_handshake_is_asked_for_completely_or_not_at_all() {
        assert!(is_asked_for(&request(&GOOD)));
        for (missing, (name, _)) in GOOD.iter().enumerate() {
            let mut some = GOOD.to_vec();
            some.remove(missing);
            assert!(!is_asked_for(&request(&some)), "without {name}");
        }
        for (name, value) in [
            ("sec-websocket-version", "8"),
            ("sec-websocket-key", "c2hvcnQ="),
            ("sec-websocket-key", "no base64"),
            ("upgrade", "h2c"),
        ] {
            let other = GOOD.map(|(known, good)| (known, if known == name { value } else { good }));
            assert!(!is_asked_for(&request(&other)), "{name}: {value}");
        }
        for more in [("content-length", "3"), ("sec-websocket-version", "13")] {
            let more = [&GOOD[..], &[more]].concat();
            assert!(!is_asked_for(&request(&more)), "{more:?}");
        }
        let mut post = request(&GOOD);
        post.method = Method::POST;
        assert!(!is_asked_for(&post));
        let mut old = request(&GOOD);
        old.version = Version::HTTP_10;
        assert!(!is_asked_for(&old));
    }

    /// The example of RFC 6455 section 1.3.
    #[test]
    fn backends_have_to_know_the_key() {
        let mut headers = request(&GOOD).headers;
        let key = ask(&mut headers).expect("there is one");
        let answer = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_static(accept));
            headers
        };
        assert!(is_agreed(&answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), &key));
        assert!(!is_agreed(&answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOq="), &key));
        assert!(!is_agreed(&HeaderMap::new(), &key));
    }

    #[test]
    fn an_open_web_socket_has_no_length() {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("2"));
            agree(&mut headers, version);
            assert!(!headers.contains_key(CONTENT_LENGTH), "{version:?}");
        }
    }

    #[test]
    fn a_key_is_made_where_the_client_needs_none() {
        let mut headers = HeaderMap::new();
        let key = ask(&mut headers).expect("one can be made");
        assert!(is_key(&key));
        assert_eq!(headers[SEC_WEBSOCKET_KEY], key);
        assert_ne!(ask(&mut HeaderMap::new()), Some(key.clone()));
        headers.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(ask(&mut headers), Some(key));
        assert_eq!(
            headers.get_all(SEC_WEBSOCKET_KEY).iter().count(),
            1,
            "backends refuse two"
        );
    }
}
