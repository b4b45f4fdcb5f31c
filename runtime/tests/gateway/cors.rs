//! Cross-origin requests.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, open};
use mgw_bundle::config::{Cors, Method};

fn start(backend: &Backend) -> TestGateway {
    let mut ruled = api("/p", &backend.url());
    ruled.resources.push(open("/own", Method::Options));
    ruled
        .resources
        .sort_by(|a, b| (&a.template, a.method).cmp(&(&b.template, b.method)));
    ruled.cors = Some(Cors {
        allow_origins: vec!["http://www.m3.com".into()],
        allow_methods: vec!["GET".into()],
        allow_headers: vec!["authorization".into(), "x-a".into()],
        expose_headers: vec!["X-CUSTOM-HEADER".into()],
        allow_credentials: false,
        max_age_seconds: None,
    });
    GatewayBuilder::new(vec![ruled, api("/free", &backend.url())]).start()
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

/// A backend that lets every page read everything with the user's credentials.
#[test]
fn backends_have_no_say_where_there_are_rules() {
    const SAID: [(&str, &str); 5] = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-Secret"),
        ("access-control-allow-methods", "PUT"),
        ("access-control-max-age", "60"),
    ];
    let backend = Backend::start(|exchange| {
        let said: String = SAID
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        exchange.write(&format!("HTTP/1.1 200 OK\r\n{said}Content-Length: 2\r\n\r\nok"));
    });
    let gateway = start(&backend);
    let told = |method: &str, path: &str, headers: &str| {
        let response = ask(&gateway, method, path, headers);
        assert_eq!((response.status, response.body.as_str()), (200, "ok"));
        SAID.map(|(name, _)| response.header(name).map(str::to_owned))
    };
    let texts = |texts: [Option<&str>; 5]| texts.map(|text| text.map(str::to_owned));
    let (methods, age) = (Some("PUT"), Some("60"));
    let granted = texts([Some("http://www.m3.com"), None, Some("X-CUSTOM-HEADER"), methods, age]);
    let nothing = texts([None, None, None, methods, age]);
    assert_eq!(told("GET", "/p", "Origin: http://www.m3.com\r\n"), granted);
    assert_eq!(told("GET", "/p", "Origin: http://abc.com\r\n"), nothing);
    assert_eq!(told("GET", "/p", ""), nothing);
    // An operation of its own: which methods a page may use there is for the backend to say, which pages is not.
    assert_eq!(told("OPTIONS", "/p/own", "Origin: http://www.m3.com\r\n"), granted);
    assert_eq!(told("OPTIONS", "/p/own", "Origin: http://abc.com\r\n"), nothing);
    // Without rules everything is for the backend to say.
    let all = SAID.map(|(_, value)| Some(value.to_owned()));
    assert_eq!(told("GET", "/free", "Origin: http://abc.com\r\n"), all);
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
