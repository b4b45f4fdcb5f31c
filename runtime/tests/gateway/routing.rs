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
    assert_eq!(response.header("allow"), Some("GET, POST"));
    let response = ask(&gateway, "TRACE", "/pets/1");
    assert_eq!((response.status, response.header("allow")), (405, Some("GET, POST")));
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
    assert_eq!(ask(&gateway, "PUT", "/pets/1").header("allow"), Some("GET, POST"));
}

#[test]
fn undeclared_options_are_answered_by_the_gateway() {
    let backend = Backend::named("ok");
    let gateway = builder(&backend).start();
    for (path, allow) in [
        ("/pets/1", "GET, POST, OPTIONS"),
        ("/pets/admin", "GET, POST, DELETE, OPTIONS"),
        ("/pets", "GET, POST, DELETE, OPTIONS"),
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
