//! 404, 405, OPTIONS and paths that are refused.

use crate::support::{Backend, Client, GatewayBuilder, api, open};
use mgw_bundle::config::{ApiState, Method};

fn builder(backend: &Backend) -> GatewayBuilder {
    let mut pets = api("/pets", &backend.url());
    pets.resources = vec![
        open("/{id}", Method::Get),
        open("/{id}", Method::Post),
        open("/admin", Method::Delete),
    ];
    GatewayBuilder::new(vec![pets])
}

fn ask(gateway: &crate::support::TestGateway, method: &str, path: &str) -> crate::support::Response {
    Client::once(
        gateway.http(),
        &format!("{method} {path} HTTP/1.1\r\nHost: gateway\r\n\r\n"),
    )
}

#[test]
fn unknown_paths_and_methods_are_answered_as_text() {
    let backend = Backend::named("ok");
    let gateway = builder(&backend).start();
    let response = gateway.get("/nowhere;a=1?x=1");
    assert_eq!(response.status, 404);
    assert_eq!(response.header("content-type"), Some("text/plain"));
    assert_eq!(response.body, "no matching service found for path : /nowhere;a=1");
    let response = gateway.get("/pets/a;m=1/b?x=1");
    assert_eq!(response.status, 404);
    assert_eq!(
        response.body,
        "no matching resource found for path : /pets/a/b?x=1 , method : GET"
    );
    let response = ask(&gateway, "PUT", "/pets/1");
    assert_eq!((response.status, response.body.as_str()), (405, "method not allowed"));
    assert_eq!(response.header("allow"), Some("GET, POST, HEAD"));
    let response = ask(&gateway, "TRACE", "/pets/1");
    assert_eq!(
        (response.status, response.header("allow")),
        (405, Some("GET, POST, HEAD"))
    );
    assert!(backend.heads().is_empty());
}

#[test]
fn fault_responses_are_json() {
    let backend = Backend::named("ok");
    let mut builder = builder(&backend);
    builder.config.api_fault_responses = true;
    builder.config.global_fault_responses = true;
    let gateway = builder.start();
    for (method, path, status, body) in [
        (
            "GET",
            "/nowhere",
            404,
            r#"{"code":404, "type":"Status report", "message":"Runtime Error", "description":"No matching resource found for given API Request"}"#,
        ),
        (
            "PUT",
            "/pets/1",
            405,
            r#"{"code":405, "type":"Status report", "message":"Runtime Error", "description":"Method not allowed for given API resource"}"#,
        ),
    ] {
        let response = ask(&gateway, method, path);
        assert_eq!((response.status, response.body.as_str()), (status, body));
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
    assert_eq!(ask(&gateway, "PUT", "/pets/1").header("allow"), Some("GET, POST, HEAD"));
}

#[test]
fn unknown_paths_and_methods_are_answered_in_the_format_that_is_asked_for() {
    let backend = Backend::named("ok");
    let ask = |gateway: &crate::support::TestGateway, path: &str, header: &str| {
        Client::once(
            gateway.http(),
            &format!("PUT {path} HTTP/1.1\r\nHost: gateway\r\n{header}\r\n\r\n"),
        )
    };
    let gateway = builder(&backend).start();
    for (path, status) in [("/nowhere", 404), ("/pets/1/2", 404), ("/pets/1", 405)] {
        for (header, kind, start) in [
            ("Accept: application/json", "application/json", "{\"code\":"),
            ("Accept: application/xml", "application/xml", "<"),
            ("Accept: */*", "text/plain", ""),
            // No call of gRPC: those are posted by HTTP/2.
            ("Content-Type: application/grpc", "text/plain", ""),
        ] {
            let response = ask(&gateway, path, header);
            assert_eq!(
                (response.status, response.header("content-type")),
                (status, Some(kind)),
                "{path} {header}"
            );
            assert!(response.body.starts_with(start), "{path} {header} {}", response.body);
            assert_eq!(response.header("allow").is_some(), status == 405, "{path} {header}");
        }
    }
    let gateway = builder(&backend).set("compat", "micro-gw-3.2").start();
    let response = ask(&gateway, "/pets/1", "Accept: application/json");
    assert_eq!(
        (
            response.status,
            response.header("content-type"),
            response.header("allow")
        ),
        (405, Some("text/plain"), None)
    );
    // Among its answers in JSON there was one that named the methods.
    let mut builder = builder(&backend).set("compat", "micro-gw-3.2");
    builder.config.api_fault_responses = true;
    let response = ask(&builder.start(), "/pets/1", "Accept: application/xml");
    assert_eq!(
        (
            response.status,
            response.header("content-type"),
            response.header("allow")
        ),
        (405, Some("application/json"), Some("GET, POST"))
    );
}

#[test]
fn head_goes_where_get_goes() {
    let backend = Backend::named("ok");
    let gateway = builder(&backend).start();
    let mut client = Client::connect(gateway.http());
    client.send("HEAD /pets/1 HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(client.receive_head().expect("a head").0, 200);
    assert!(backend.heads()[0].starts_with("HEAD /1 "), "{:?}", backend.heads());
    let gateway = builder(&backend).set("compat", "micro-gw-3.2").start();
    let mut client = Client::connect(gateway.http());
    client.send("HEAD /pets/1 HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(client.receive_head().expect("a head").0, 405);
    assert_eq!(backend.heads().len(), 1);
}

#[test]
fn every_form_of_template_reaches_its_backend() {
    let backend = Backend::named("ok");
    let mut maps = api("/maps", &backend.url());
    maps.resources = [
        "/tiles/{z}/{x},{y}.png",
        "/report.{year}-{month}.{format}",
        "/{from}-{to}",
        "/files*",
    ]
    .map(|template| open(template, Method::Get))
    .into();
    let gateway = GatewayBuilder::new(vec![maps]).start();
    for path in [
        "/tiles/3/4,5.png",
        "/tiles/3/4%2c5.png",
        "/report.2026-11.pdf",
        "/a-b",
        "/files",
        "/files-of-2026/a/b",
    ] {
        assert_eq!(gateway.get(&format!("/maps{path}")).status, 200, "{path}");
        let seen = backend.heads();
        assert!(
            seen.last()
                .is_some_and(|head| head.starts_with(&format!("GET {path} "))),
            "{path}: {seen:?}"
        );
    }
    for path in ["/tiles/3/4,.png", "/report.2026", "/a-", "/file"] {
        assert_eq!(gateway.get(&format!("/maps{path}")).status, 404, "{path}");
    }
}

#[test]
fn undeclared_options_are_answered_by_the_gateway() {
    let backend = Backend::named("ok");
    let gateway = builder(&backend).start();
    for (path, allow) in [
        ("/pets/1", "GET, POST, HEAD, OPTIONS"),
        ("/pets/admin", "GET, POST, DELETE, HEAD, OPTIONS"),
        ("/pets", "GET, POST, DELETE, HEAD, OPTIONS"),
    ] {
        let response = ask(&gateway, "OPTIONS", path);
        assert_eq!((response.status, response.body.as_str()), (200, ""), "{path}");
        assert_eq!(response.header("allow"), Some(allow), "{path}");
    }
    assert_eq!(ask(&gateway, "OPTIONS", "/pets/1/2").status, 404);
    assert!(backend.heads().is_empty());
}

#[test]
fn paths_that_backends_could_read_differently_are_refused() {
    let backend = Backend::named("ok");
    let gateway = builder(&backend).start();
    for path in [
        "/pets/../pets/1",
        "/pets/%2e%2e",
        "/pets/x%2F..%2Fadmin",
        "/pets/..;/admin",
        "//pets/1",
        "/pets//1",
    ] {
        let response = gateway.get(path);
        assert_eq!(response.status, 400, "{path}");
        assert!(!response.body.contains(path), "{path}");
    }
    // An encoded literal does not get around the literal's own resource.
    assert_eq!(ask(&gateway, "DELETE", "/pets/%61dmin").status, 200);
    assert_eq!(backend.heads().len(), 1);
    assert!(backend.heads()[0].starts_with("DELETE /%61dmin "));
}

#[test]
fn health_is_answered_by_every_listener() {
    let backend = Backend::named("ok");
    let gateway = builder(&backend).start();
    for address in [gateway.http(), gateway.admin()] {
        let response = Client::get(address, "/health");
        assert_eq!(
            (response.status, response.body.as_str()),
            (200, r#"{"status":"healthy"}"#)
        );
    }
    assert_eq!(ask(&gateway, "POST", "/health/x").status, 200);
}

#[test]
fn blocked_apis_and_other_transports_are_not_served() {
    let backend = Backend::named("ok");
    let mut blocked = api("/blocked", &backend.url());
    blocked.state = ApiState::Blocked;
    let mut secure = api("/secure", &backend.url());
    secure.transports.http = false;
    let gateway = GatewayBuilder::new(vec![blocked, secure]).start();
    let response = gateway.get("/blocked");
    assert_eq!(response.status, 403);
    assert!(response.body.contains("900907"), "{}", response.body);
    assert_eq!(gateway.get("/secure").status, 404);
    assert!(backend.heads().is_empty());
}

#[test]
fn sandbox_only_apis_refuse_production_keys() {
    let mut sandbox = api("/p", "http://192.0.2.1");
    sandbox.endpoints.sandbox = sandbox.endpoints.production.take();
    let gateway = GatewayBuilder::new(vec![sandbox]).start();
    let response = gateway.get("/p");
    assert_eq!(response.status, 403);
    assert_eq!(
        response.body,
        r#"{"ERROR_CODE":"900901", "ERROR_MESSAGE":"Production key offered to the API with no production endpoint"}"#
    );
}
