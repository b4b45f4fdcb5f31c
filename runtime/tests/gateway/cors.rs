//! Cross-origin requests.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api};
use mgw_bundle::config::Cors;

fn start(backend: &Backend) -> TestGateway {
    let mut api = api("/p", &backend.url());
    api.cors = Some(Cors {
        allow_origins: vec!["http://www.m3.com".into()],
        allow_methods: vec!["GET".into()],
        allow_headers: vec!["authorization".into(), "x-a".into()],
        expose_headers: vec!["X-CUSTOM-HEADER".into()],
        allow_credentials: false,
        max_age_seconds: None,
    });
    GatewayBuilder::new(vec![api]).start()
}

fn ask(gateway: &TestGateway, method: &str, path: &str, headers: &str) -> crate::support::Response {
    Client::once(
        gateway.http(),
        &format!("{method} {path} HTTP/1.1\r\nHost: gateway\r\n{headers}\r\n"),
    )
}

#[test]
fn granted_origins_are_echoed_on_every_answer() {
    let backend = Backend::named("ok");
    let gateway = start(&backend);
    for (method, status) in [("GET", 200), ("PUT", 405)] {
        let response = ask(&gateway, method, "/p", "Origin: http://www.m3.com\r\n");
        assert_eq!(response.status, status);
        assert_eq!(
            response.header("access-control-allow-origin"),
            Some("http://www.m3.com")
        );
        assert_eq!(
            response.header("access-control-expose-headers"),
            Some("X-CUSTOM-HEADER")
        );
        assert_eq!(response.header("access-control-allow-credentials"), None);
    }
    let response = ask(&gateway, "GET", "/p", "Origin: http://abc.com\r\n");
    assert_eq!(
        (response.status, response.header("access-control-allow-origin")),
        (200, None)
    );
}

#[test]
fn preflights_are_answered_without_the_backend() {
    let backend = Backend::named("ok");
    let gateway = start(&backend);
    let asks = "Origin: http://www.m3.com\r\nAccess-Control-Request-Method: GET\r\n";
    let granted = ask(
        &gateway,
        "OPTIONS",
        "/p/x",
        &format!("{asks}Access-Control-Request-Headers: Authorization, X-A\r\n"),
    );
    assert_eq!((granted.status, granted.body.as_str()), (200, ""));
    assert_eq!(granted.header("access-control-allow-origin"), Some("http://www.m3.com"));
    assert_eq!(granted.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(
        granted.header("access-control-allow-headers"),
        Some("Authorization, X-A")
    );
    assert_eq!(granted.header("access-control-max-age"), None);
    assert_eq!(granted.header("allow"), None);

    for headers in [
        format!("{asks}Access-Control-Request-Headers: x-b\r\n"),
        asks.replace("GET", "POST"),
        asks.replace("www.m3", "abc"),
    ] {
        let refused = ask(&gateway, "OPTIONS", "/p/x", &headers);
        assert_eq!(refused.status, 200);
        assert_eq!(refused.header("access-control-allow-origin"), None);
        assert!(refused.header("allow").is_some());
    }
    assert!(backend.heads().is_empty());
}
