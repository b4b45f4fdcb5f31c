//! Trailers. Receivers may take them for headers, so none says what a header may not, and none speaks of a hop that is not
//! the receiver's: HTTP/2 sends no message with such a field (RFC 9113 section 8.2.2).

use crate::forwarding;
use http::{HeaderMap, HeaderName};

/// Fields that say how a message is framed, routed or read (RFC 9110 section 6.5.1): too late in a trailer.
const FRAMING: [&str; 15] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields of the gateway's own word, and credentials of every client.
const OWN: [&str; 6] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "via",
    "x-correlation-id",
    "x-jwt-assertion",
];

/// The further fields that no client may say to the backends of one resource. Built with the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Protected(Vec<HeaderName>);

impl Protected {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n HeaderName>) -> Self {
        let mut names: Vec<HeaderName> = names.into_iter().cloned().collect();
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        Self(names)
    }

    /// Leaves only what a client may say.
    pub(super) fn clean(&self, trailers: &mut HeaderMap) {
        remove(trailers, |name| {
            let known = FRAMING.iter().chain(&OWN).any(|known| is_like(name, known));
            known || forwarding::is_of_hop(name) || self.0.iter().any(|own| is_like(name, own.as_str()))
        });
    }
}

/// Leaves only what a backend may say.
pub(super) fn clean_answer(trailers: &mut HeaderMap) {
    remove(trailers, |name| FRAMING.contains(&name.as_str()));
}

fn remove(trailers: &mut HeaderMap, is_refused: impl Fn(&HeaderName) -> bool) {
    while let Some(name) = trailers.keys().find(|name| is_refused(name)).cloned() {
        trailers.remove(name);
    }
}

/// Whether application servers that hand headers over as variables take both for the same name.
fn is_like(name: &HeaderName, known: &str) -> bool {
    let hyphenated = |byte: u8| if byte == b'_' { b'-' } else { byte };
    name.as_str().bytes().map(hyphenated).eq(known.bytes().map(hyphenated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn left(names: &[&'static str], clean: impl Fn(&mut HeaderMap)) -> Vec<String> {
        let named = names.iter().map(|name| HeaderName::from_static(name));
        let mut trailers: HeaderMap = named.map(|name| (name, HeaderValue::from_static("1"))).collect();
        clean(&mut trailers);
        let mut left: Vec<String> = trailers.keys().map(ToString::to_string).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn nobody_pretends_by_trailers() {
        let names = [
            "grpc-status",
            "x-checksum",
            "x-jwt-assertion",
            "x_jwt_assertion",
            "x-own",
            "x_own",
            "x-key_of-api",
            "x-forwarded-for",
            "x_forwarded-for",
            "x-forwarded",
            "x-real-ip",
            "x_real_ip",
            "forwarded",
            "via",
            "authorization",
            "cookie",
        ];
        let own = ["x-own", "x-key-of_api"].map(HeaderName::from_static);
        let protected = Protected::new(&own);
        assert_eq!(
            left(&names, |trailers| protected.clean(trailers)),
            ["grpc-status", "x-checksum"]
        );
    }

    #[test]
    fn the_hop_is_nothing_for_trailers() {
        let names = [&FRAMING[..], &["grpc-message", "x-own"]].concat();
        let expected = ["grpc-message", "x-own"];
        assert_eq!(left(&names, |trailers| Protected::default().clean(trailers)), expected);
        assert_eq!(left(&names, clean_answer), expected);
        assert_eq!(left(&["set-cookie"], clean_answer), ["set-cookie"]);
    }
}
