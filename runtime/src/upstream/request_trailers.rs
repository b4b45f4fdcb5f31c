//! Trailers of requests: backends may take them for headers, so nothing comes in by them that headers may not say.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, PROXY_AUTHORIZATION};

/// Headers of the gateway's own word.
const OWN: [&str; 3] = ["x-jwt-assertion", "x-correlation-id", "forwarded"];

/// Leaves only what a client may say.
pub(super) fn clean(trailers: &mut HeaderMap, own: &HeaderName) {
    let refused: Vec<HeaderName> = trailers.keys().filter(|name| is_refused(name, own)).cloned().collect();
    for name in refused {
        trailers.remove(name);
    }
}

fn is_refused(name: &HeaderName, own: &HeaderName) -> bool {
    if [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION].contains(name) {
        return true;
    }
    // As application servers write them.
    let hyphenated = name.as_str().replace('_', "-");
    OWN.contains(&hyphenated.as_str()) || hyphenated == own.as_str() || hyphenated.starts_with("x-forwarded-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn nobody_pretends_by_trailers() {
        let names = [
            "grpc-status",
            "x-checksum",
            "x-jwt-assertion",
            "x_jwt_assertion",
            "x-own",
            "x-forwarded-for",
            "authorization",
            "cookie",
        ];
        let mut trailers: HeaderMap = names
            .iter()
            .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1")))
            .collect();
        clean(&mut trailers, &HeaderName::from_static("x-own"));
        let mut left: Vec<&str> = trailers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["grpc-status", "x-checksum"]);
    }
}
