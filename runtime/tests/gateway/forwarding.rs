//! What reaches the backend, and what comes back.

use crate::support::{Backend, Client, GatewayBuilder, api, respond};

#[test]
fn path_query_and_body_arrive_as_sent() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/shop/1.0", &format!("{}/base/", backend.url()))]).start();
    let response = Client::once(
        gateway.http(),
        "POST /shop/1.0/p%65ts;v=1/caf%C3%A9/?a=%20&b HTTP/1.1\r\nHost: gateway\r\nContent-Length: 5\r\n\r\nhello",
    );
    assert_eq!(response.status, 200);
    assert!(
        response
            .body
            .starts_with("POST /base/p%65ts;v=1/caf%C3%A9/?a=%20&b HTTP/1.1\r\n"),
        "{}",
        response.body
    );
    assert!(response.body.ends_with("\nhello"), "{}", response.body);
}

/// The HTTP library takes methods that seldom have a body for such that have none, when its length is not known.
#[test]
fn bodies_of_unknown_length_arrive_with_every_method() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    for method in ["GET", "POST"] {
        let request = format!(
            "{method} /p/x HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        );
        let response = Client::once(gateway.http(), &request);
        assert!(response.body.ends_with("\nhello"), "{}", response.body);
    }
}

#[test]
fn only_end_to_end_headers_cross() {
    let backend = Backend::start(|exchange| {
        let head = exchange.head.clone();
        exchange.write(&format!(
            "HTTP/1.1 201 Created\r\nContent-Length: {}\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
             Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: backend\r\n\r\n{head}",
            head.len()
        ));
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let response = Client::once(
        gateway.http(),
        "GET /p/x HTTP/1.1\r\nHost: gateway\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n\
         Upgrade: h2c\r\nAuthorization: Bearer secret\r\nX-JWT-Assertion: forged\r\nX-Forwarded-For: 192.0.2.1\r\n\
         User-Agent: me\r\nX-Correlation-ID: abc-1\r\n\r\n",
    );
    assert_eq!(response.status, 201);
    let seen = response.body.to_ascii_lowercase();
    for present in [
        "x-forwarded-for: 127.0.0.1",
        "user-agent: me",
        "x-correlation-id: abc-1",
    ] {
        assert!(seen.contains(present), "{present} in {seen}");
    }
    assert!(seen.contains(&format!("host: {}\r\n", backend.address)), "{seen}");
    for absent in [
        "x-mine",
        "te:",
        "upgrade",
        "authorization",
        "secret",
        "x-jwt-assertion",
        "via",
        "connection:",
    ] {
        assert!(!seen.contains(absent), "{absent} in {seen}");
    }
    assert_eq!(response.header("server"), Some("backend"));
    assert_eq!(response.header("x-hop"), None);
    assert_eq!(response.header("keep-alive"), None);
    assert_eq!(response.header("x-correlation-id"), Some("abc-1"));
    let cookies: Vec<_> = response
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .collect();
    assert_eq!(cookies.len(), 2);
}

#[test]
fn head_answers_have_no_body_and_keep_their_length() {
    let backend = Backend::start(|exchange| exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"));
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    for _ in 0..2 {
        client.send("HEAD /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        let (status, headers) = client.receive_head().expect("a head");
        assert_eq!(status, 200);
        assert!(headers.contains(&("content-length".into(), "42".into())), "{headers:?}");
    }
}

#[test]
fn credentials_for_the_backend_come_from_the_operator() {
    let backend = Backend::echo();
    let api = api("/p", &backend.url());
    let id = api.id.clone();
    let gateway = GatewayBuilder::new(vec![api])
        .set(&format!("{id}_prod_basic_username"), "user")
        .set(&format!("{id}_prod_basic_password"), "pass")
        .start();
    let response = gateway.get("/p");
    assert!(
        response
            .body
            .to_ascii_lowercase()
            .contains("authorization: basic dxnlcjpwyxnz"),
        "{}",
        response.body
    );
}

#[test]
fn an_override_replaces_the_url() {
    let backend = Backend::named("overridden");
    let api = api("/p", "http://192.0.2.1:1");
    let id = api.id.clone();
    let gateway = GatewayBuilder::new(vec![api])
        .set(&format!("{id}_prod_endpoint_0"), &backend.url())
        .start();
    assert_eq!(gateway.get("/p").body, "overridden");
}

#[test]
fn backend_connections_are_reused() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).cores(1).start();
    let mut client = Client::connect(gateway.http());
    for _ in 0..50 {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        assert_eq!(client.receive().expect("a response").body, "ok");
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn expectations_are_answered_by_the_gateway() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.receive_head().expect("an interim response").0, 100);
    client.send("hi");
    let response = client.receive().expect("a response");
    assert_eq!(response.status, 200);
    assert!(response.body.ends_with("\nhi"));
    assert!(
        !response.body.to_ascii_lowercase().contains("expect"),
        "{}",
        response.body
    );
}

#[test]
fn backend_statuses_pass_unchanged() {
    let backend = Backend::start(|exchange| {
        let status = exchange
            .head
            .split(['/', ' '])
            .nth(2)
            .and_then(|status| status.parse().ok());
        respond(exchange, status.unwrap_or(500), "body");
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    for status in [302, 401, 404, 429, 500, 503] {
        let response = gateway.get(&format!("/p/{status}"));
        assert_eq!((response.status, response.body.as_str()), (status, "body"));
        assert_eq!(response.header("www-authenticate"), None);
    }
}
