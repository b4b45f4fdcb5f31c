//! Origins as browsers write them (RFC 6454, section 6.2): scheme, host, and the port where it is not the usual one.

use url::{Origin, Url};

/// Why no page ever has an origin that is listed, as the end of a sentence about it, and what to do. `None`: one may have it; `*` stands
/// for all of them.
pub(crate) fn never_sent(listed: &str) -> Option<(&'static str, String)> {
    const EXAMPLE: &str = "Write scheme, host and port as browsers do, like `https://shop.example:8443`.";
    if listed == "*" {
        return None;
    }
    if listed.eq_ignore_ascii_case("null") {
        let remedy = "Remove it: pages without an origin of their own, which anybody can make, are never let in.";
        return Some(("is never granted", remedy.to_owned()));
    }
    let Some((scheme, rest)) = listed.split_once("://") else {
        return Some(("has no scheme, so it belongs to no page", EXAMPLE.to_owned()));
    };
    if rest.contains('*') {
        let why = "belongs to no page: `*` stands for every origin, and for no part of one";
        return Some((why, "List the origins that are meant, one by one.".to_owned()));
    }
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let sent = match Url::parse(listed).map(|url| url.origin()) {
        Ok(origin @ Origin::Tuple(..)) if is_web => origin.ascii_serialization(),
        // Origins of extensions and apps, whose hosts nobody rewrites.
        Ok(_) if !is_web && !rest.is_empty() => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let host = rest.get(..end).unwrap_or(rest);
            format!("{}://{host}", scheme.to_ascii_lowercase())
        }
        _ => return Some(("belongs to no page", EXAMPLE.to_owned())),
    };
    (sent != listed).then(|| {
        let why = "belongs to no page: browsers write it without path, usual port and upper case";
        (why, format!("Write `{sent}`."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_write_is_told_from_what_they_do_not() {
        for origin in [
            "*",
            "https://shop.example",
            "http://localhost:3000",
            "https://shop.example:8443",
            "https://xn--bcher-kva.example",
            "http://[::1]:8080",
            "http://127.0.0.1",
            "chrome-extension://ABCdef",
            "capacitor://localhost",
        ] {
            assert_eq!(never_sent(origin), None, "{origin}");
        }
        for (origin, remedy) in [
            ("https://shop.example/", "Write `https://shop.example`."),
            ("https://shop.example/a?b#c", "Write `https://shop.example`."),
            ("HTTP://A.example", "Write `http://a.example`."),
            ("https://shop.example:443", "Write `https://shop.example`."),
            ("http://shop.example:80", "Write `http://shop.example`."),
            ("https://ana@shop.example", "Write `https://shop.example`."),
            ("http://127.1", "Write `http://127.0.0.1`."),
            ("capacitor://localhost/", "Write `capacitor://localhost`."),
            ("https://*.b.example", "List the origins that are meant, one by one."),
            ("https://shop.example:*", "List the origins that are meant, one by one."),
            ("https://shop.example:99999", "Write scheme, host and port"),
            ("https://", "Write scheme, host and port"),
            ("app://", "Write scheme, host and port"),
            ("shop.example", "Write scheme, host and port"),
            ("https:shop.example", "Write scheme, host and port"),
            ("null", "Remove it: "),
        ] {
            let (_, told) = never_sent(origin).unwrap_or_else(|| panic!("{origin}"));
            assert!(told.starts_with(remedy), "{origin}: {told}");
        }
    }
}
