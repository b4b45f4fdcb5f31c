//! Header changes between the two hops. What backends are told about the client's is the matter of `forwarding`.

use crate::auth::Strip;
use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
/// The gateway's token for backends; a client's copy would be believed there.
const JWT_ASSERTION: HeaderName = HeaderName::from_static("x-jwt-assertion");

/// How many names in `Connection` are followed.
const NAMED_HEADERS: usize = 32;

/// Removes what concerns the client's hop only, and the caller's credentials.
pub(super) fn prepare_request(headers: &mut HeaderMap, version: Version, strip: &Strip, backend_jwt: &HeaderName) {
    remove_hop_by_hop(headers);
    headers.remove(EXPECT);
    headers.remove(HOST);
    headers.remove(PROXY_AUTHORIZATION);
    headers.remove(JWT_ASSERTION);
    if *backend_jwt != JWT_ASSERTION {
        headers.remove(backend_jwt);
    }
    for name in &strip.headers {
        headers.remove(name);
    }
    remove_look_alikes(headers, &strip.headers, backend_jwt);
    if version == Version::HTTP_2 {
        join_cookies(headers);
    }
}

/// Removes `X_JWT_Assertion` and the like: application servers that hand headers over as variables (CGI, WSGI, PHP) write
/// a hyphen and an underscore the same way.
fn remove_look_alikes(headers: &mut HeaderMap, stripped: &[HeaderName], backend_jwt: &HeaderName) {
    let is_like = |name: &HeaderName, protected: &HeaderName| {
        let (name, protected) = (name.as_str().bytes(), protected.as_str().bytes());
        let hyphenated = |byte: u8| if byte == b'_' { b'-' } else { byte };
        name.map(hyphenated).eq(protected.map(hyphenated))
    };
    let assertion = JWT_ASSERTION;
    let mut found = Vec::new();
    for name in headers.keys() {
        if memchr::memchr(b'_', name.as_str().as_bytes()).is_some() {
            let mut protected = [&assertion, backend_jwt].into_iter().chain(stripped);
            if protected.any(|protected| is_like(name, protected)) {
                found.push(name.clone());
            }
        }
    }
    for name in found {
        headers.remove(name);
    }
}

/// Removes what concerns the backend's hop only.
pub(super) fn prepare_response(headers: &mut HeaderMap) {
    // The coding says where the body ended; a length beside it would cut the answer off, or make the client wait.
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    remove_hop_by_hop(headers);
    headers.remove(PROXY_AUTHENTICATE);
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        remove_named_in_connection(headers);
        headers.remove(CONNECTION);
    }
    headers.remove(KEEP_ALIVE);
    headers.remove(PROXY_CONNECTION);
    headers.remove(TE);
    headers.remove(TRANSFER_ENCODING);
    headers.remove(UPGRADE);
}

/// `Connection` almost always says `keep-alive` or `close`, which needs no list of names.
fn remove_named_in_connection(headers: &mut HeaderMap) {
    let mut named = Vec::new();
    for value in headers.get_all(CONNECTION) {
        for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let usual = name.eq_ignore_ascii_case(b"keep-alive") || name.eq_ignore_ascii_case(b"close");
            if !usual
                && named.len() < NAMED_HEADERS
                && let Ok(name) = HeaderName::from_bytes(name)
                // How long the body is belongs to the message, whatever a client claims.
                && name != CONTENT_LENGTH
            {
                named.push(name);
            }
        }
    }
    for name in named {
        headers.remove(name);
    }
}

/// HTTP/2 may split `Cookie`; HTTP/1.1 knows one line only.
fn join_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(COOKIE).iter();
    let (Some(first), Some(second)) = (cookies.next(), cookies.next()) else {
        return;
    };
    let mut joined = first.as_bytes().to_vec();
    for cookie in std::iter::once(second).chain(cookies) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(cookie.as_bytes());
    }
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(COOKIE, joined);
    }
}

/// Returns the query without the parameters that carry the caller's keys; `None` when nothing has to go.
pub(super) fn strip_query(query: &str, names: &[String]) -> Option<String> {
    // Read as keys are read, or one in an unusual spelling would be accepted and stay.
    let is_named = |pair: &&str| {
        let read = url::form_urlencoded::parse(pair.as_bytes()).next();
        read.is_some_and(|(name, _)| names.iter().any(|secret| *secret == name))
    };
    if !query.split('&').any(|pair| is_named(&pair)) {
        return None;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_named(pair)).collect();
    Some(kept.join("&"))
}

/// Bytes of all header fields as HTTP/1.1 writes them.
pub(super) fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    fn names(map: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_end_to_end_headers_reach_the_backend() {
        let mut headers = map(&[
            ("host", "gateway"),
            ("connection", "keep-alive, X-Hop"),
            ("connection", "x-other, content-length"),
            ("x-hop", "1"),
            ("x-other", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic eA=="),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
            ("x-jwt-assertion", "forged"),
            ("x-backend", "forged"),
            ("x_jwt_assertion", "forged"),
            ("x-jwt_assertion", "forged"),
            ("x_backend", "forged"),
            ("x_other_header", "1"),
            ("authorization", "Bearer secret"),
            ("content-length", "3"),
            ("x-forwarded-for", "192.0.2.1"),
            ("user-agent", "curl"),
        ]);
        let strip = Strip {
            headers: vec![http::header::AUTHORIZATION],
            query: Vec::new(),
        };
        prepare_request(
            &mut headers,
            Version::HTTP_11,
            &strip,
            &HeaderName::from_static("x-backend"),
        );
        assert_eq!(
            names(&headers),
            [
                "content-length",
                "trailer",
                "user-agent",
                "x-forwarded-for",
                "x_other_header"
            ]
        );
    }

    #[test]
    fn split_cookies_are_joined() {
        let mut headers = map(&[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")]);
        prepare_request(&mut headers, Version::HTTP_2, &Strip::default(), &JWT_ASSERTION);
        assert_eq!(headers.get_all(COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
    }

    #[test]
    fn keys_are_cut_out_of_queries() {
        let names = ["apikey".to_owned(), "api key".to_owned()];
        for (query, stripped) in [
            ("a=1&apikey=x&b=2", Some("a=1&b=2")),
            ("apikey=x", Some("")),
            ("%61pikey=x&a", Some("a")),
            ("api+key=x&a", Some("a")),
            ("api%20key=x&a", Some("a")),
            ("a=apikey", None),
            ("apikeys=1", None),
        ] {
            assert_eq!(strip_query(query, &names).as_deref(), stripped, "{query}");
        }
    }
}
