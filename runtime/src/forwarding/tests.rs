use super::*;
use crate::config::Sources;

const PEER: HeaderValue = HeaderValue::from_static("192.0.2.1");

fn forwarding(settings: &str) -> Forwarding {
    let sources = Sources {
        file: Some(("micro-gw.conf", settings)),
        ..Sources::default()
    };
    Forwarding::compile(&RuntimeConfig::load(sources).expect("the settings are valid").0)
}

fn hop(trusted: bool) -> Hop<'static> {
    static PEER_TEXT: std::sync::LazyLock<HeaderValue> = std::sync::LazyLock::new(|| PEER);
    Hop {
        peer: &PEER_TEXT,
        trusted,
        tls: true,
        host: Some(HeaderValue::from_static("api.example:8443")),
        version: Version::HTTP_11,
    }
}

/// The headers that a backend gets, one `name: value` a line, sorted.
fn sent(settings: &str, trusted: bool, received: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for (name, value) in received {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    forwarding(settings).apply(&mut headers, &hop(trusted));
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    lines.sort();
    lines
}

/// What somebody sends who wants to be somebody else.
const CLAIMS: [(&str, &str); 8] = [
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-for", "198.51.100.4"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-host", "public.example"),
    ("x-forwarded-port", "80"),
    ("x-real-ip", "203.0.113.9"),
    ("x_forwarded_for", "203.0.113.9"),
    ("forwarded", "for=203.0.113.9"),
];

#[test]
fn nobody_but_a_trusted_proxy_is_believed() {
    assert_eq!(
        sent("", false, &CLAIMS),
        [
            "x-forwarded-for: 192.0.2.1",
            "x-forwarded-host: api.example:8443",
            "x-forwarded-proto: https"
        ]
    );
    assert_eq!(
        sent("", true, &CLAIMS),
        [
            "x-forwarded-for: 203.0.113.9, 198.51.100.4, 192.0.2.1",
            "x-forwarded-host: public.example",
            "x-forwarded-port: 80",
            "x-forwarded-proto: http",
            "x-real-ip: 203.0.113.9"
        ]
    );
}

#[test]
fn the_operator_chooses_the_headers() {
    let forwarded = "[forwarding]\nheaders = \"forwarded\"";
    let own = "for=192.0.2.1;host=\"api.example:8443\";proto=https";
    assert_eq!(sent(forwarded, false, &CLAIMS), [format!("forwarded: {own}")]);
    assert_eq!(
        sent(forwarded, true, &CLAIMS),
        [format!("forwarded: for=203.0.113.9, {own}")]
    );
    let both = "[forwarding]\nheaders = \"both\"";
    assert_eq!(sent(both, false, &[]).len(), 4);
    let none = "[forwarding]\nheaders = \"none\"";
    assert_eq!(sent(none, true, &CLAIMS), [""; 0]);
    let untouched = "[forwarding]\nheaders = \"untouched\"";
    let compat = "compat = \"micro-gw-3.2\"";
    for settings in [untouched, compat] {
        assert_eq!(sent(settings, false, &CLAIMS).len(), CLAIMS.len(), "{settings}");
        assert_eq!(sent(settings, false, &[]), [""; 0], "{settings}");
    }
    let set = "compat = \"micro-gw-3.2\"\n[forwarding]\nheaders = \"x-forwarded\"";
    assert_eq!(sent(set, false, &[]).len(), 3);
}

#[test]
fn via_is_appended_to_what_is_there() {
    let via = "[forwarding]\nheaders = \"untouched\"\nvia = \"edge-1\"";
    assert_eq!(
        sent(via, false, &[("via", "1.0 proxy")]),
        ["via: 1.0 proxy", "via: 1.1 edge-1"]
    );
    assert!(!forwarding("").is_loop(&HeaderMap::new()));
}

#[test]
fn a_name_that_cannot_stand_in_via_is_refused() {
    for name in ["a b", "a,b", "a(b)", "é", &"a".repeat(65)] {
        let text = format!("[forwarding]\nvia = \"{name}\"");
        let sources = Sources {
            file: Some(("micro-gw.conf", &text)),
            ..Sources::default()
        };
        assert!(RuntimeConfig::load(sources).is_err(), "{name}");
    }
}
