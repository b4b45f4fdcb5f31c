//! Backends that fail, close, or are several.

use crate::support::{Backend, GatewayBuilder, api, respond};
use mgw_bundle::config::{Api, EndpointKind, Target};
use mgw_fixtures::ports::free_port;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn several(kind: EndpointKind, urls: Vec<String>) -> Api {
    let mut api = api("/p", "http://192.0.2.1");
    if let Some(endpoint) = &mut api.endpoints.production {
        endpoint.kind = kind;
        endpoint.targets = urls.into_iter().map(Target::at).collect();
    }
    api
}

#[test]
fn an_unreachable_backend_is_503_without_its_address() {
    let port = free_port();
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://127.0.0.1:{port}"))]).start();
    let response = gateway.get("/p");
    assert_eq!(response.status, 503);
    assert_eq!(
        response.body,
        r#"{"fault":{"code":101503, "message":"Runtime Error", "description":"Error connecting to the back end"}}"#
    );
    assert!(response.header("x-correlation-id").is_some());
}

#[test]
fn micro_gw_answers_backend_failures_with_500() {
    let port = free_port();
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://127.0.0.1:{port}"))])
        .set("compat", "micro-gw-3.2")
        .start();
    let response = gateway.get("/p");
    assert_eq!(response.status, 500);
    assert!(response.body.contains("101503"));
    assert_eq!(response.header("x-correlation-id"), None);
}

#[test]
fn a_silent_backend_is_504() {
    let backend = Backend::start(|exchange| {
        let _ = exchange.connection.receive_chunk();
        exchange.close = true;
    });
    let mut silent = api("/p", &backend.url());
    if let Some(endpoint) = &mut silent.endpoints.production {
        endpoint.timeout_ms = 50;
    }
    let gateway = GatewayBuilder::new(vec![silent]).start();
    let response = gateway.get("/p");
    assert_eq!(response.status, 504);
    assert!(response.body.contains("101504"), "{}", response.body);
}

#[test]
fn what_is_not_http_is_502() {
    for answer in [
        "garbage\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let backend = Backend::start(move |exchange| {
            exchange.write(answer);
            exchange.close = true;
        });
        let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
        let response = gateway.get("/p");
        assert_eq!(response.status, 502, "{answer:?}");
        assert!(response.body.contains("101503"), "{}", response.body);
    }
}

#[test]
fn large_answers_are_refused() {
    let backend = Backend::start(|exchange| {
        let value = "a".repeat(9000);
        exchange.write(&format!("HTTP/1.1 200 OK\r\nX-A: {value}\r\nContent-Length: 0\r\n\r\n"));
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    assert_eq!(gateway.get("/p").status, 502);
}

/// Closes without a word after every answer: the gateway finds out at the worst moment.
#[test]
fn connections_that_backends_close_cost_no_request() {
    let backend = Backend::start(|exchange| {
        respond(exchange, 200, "ok");
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).cores(1).start();
    for _ in 0..100 {
        let response = gateway.get("/p");
        assert_eq!((response.status, response.body.as_str()), (200, "ok"));
    }
    assert_eq!(backend.heads().len(), 100);
}

/// Takes a request on a reused connection and closes: repeated on a new connection when that is safe, and only then.
#[test]
fn only_safe_requests_are_repeated() {
    let backend = Backend::start({
        let seen = AtomicUsize::new(0);
        move |exchange| match seen.fetch_add(1, Ordering::SeqCst) {
            1 => exchange.close = true,
            _ => respond(exchange, 200, "ok"),
        }
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).cores(1).start();
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(
        gateway.get("/p").status,
        200,
        "the second was dropped, its repetition answered"
    );
    assert_eq!(backend.heads().len(), 3);

    let backend = Backend::start({
        let seen = AtomicUsize::new(0);
        move |exchange| match seen.fetch_add(1, Ordering::SeqCst) {
            1 => exchange.close = true,
            _ => respond(exchange, 200, "ok"),
        }
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).cores(1).start();
    assert_eq!(gateway.get("/p").status, 200);
    let post = "POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(crate::support::Client::once(gateway.http(), post).status, 502);
    assert_eq!(backend.heads().len(), 2, "a POST may have had its effect");
}

#[test]
fn load_is_balanced_over_reachable_backends() {
    let (one, two) = (Backend::named("one"), Backend::named("two"));
    let unreachable = format!("http://127.0.0.1:{}", free_port());
    let urls = vec![one.url(), unreachable, two.url()];
    let gateway = GatewayBuilder::new(vec![several(EndpointKind::LoadBalance, urls)]).start();
    let bodies: Vec<String> = (0..30).map(|_| gateway.get("/p").body).collect();
    let ones = bodies.iter().filter(|body| *body == "one").count();
    let twos = bodies.iter().filter(|body| *body == "two").count();
    assert_eq!(ones + twos, 30, "{bodies:?}");
    assert!(ones >= 10 && twos >= 10, "{bodies:?}");
}

#[test]
fn failover_stays_with_what_works() {
    let calls = Arc::new(AtomicUsize::new(0));
    let failing = Backend::start({
        let calls = Arc::clone(&calls);
        move |exchange| {
            calls.fetch_add(1, Ordering::SeqCst);
            respond(exchange, 503, "down");
        }
    });
    let working = Backend::named("up");
    let urls = vec![failing.url(), working.url()];
    let gateway = GatewayBuilder::new(vec![several(EndpointKind::Failover, urls)]).start();
    for _ in 0..5 {
        assert_eq!(gateway.get("/p").body, "up");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn when_all_fail_the_last_answer_is_returned() {
    let failing = |status| Backend::start(move |exchange| respond(exchange, status, "down"));
    let (one, two) = (failing(501), failing(504));
    let gateway = GatewayBuilder::new(vec![several(EndpointKind::Failover, vec![one.url(), two.url()])]).start();
    let response = gateway.get("/p");
    assert_eq!((response.status, response.body.as_str()), (504, "down"));
}

#[test]
fn a_client_that_stalls_is_told_so_and_not_the_backend_blamed() {
    let backend = Backend::start(|exchange| respond(exchange, 200, "ok"));
    let mut impatient = api("/p", &backend.url());
    if let Some(endpoint) = &mut impatient.endpoints.production {
        endpoint.timeout_ms = 50;
    }
    let gateway = GatewayBuilder::new(vec![impatient]).start();
    let mut client = crate::support::Client::connect(gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\nhalf");
    assert_eq!(client.receive().expect("a response").status, 408);
}

#[test]
fn requests_wait_for_a_place_when_connections_are_bounded() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let backend = Backend::start(move |exchange| {
        if exchange.head.contains("/held") {
            let _ = released
                .lock()
                .expect("one request")
                .recv_timeout(crate::support::PATIENCE);
        }
        respond(exchange, 200, "ok");
    });
    let builder = |wait: &str| {
        GatewayBuilder::new(vec![api("/p", &backend.url())])
            .cores(1)
            .set("httpClients.poolConfig.maxActiveConnections", "1")
            .set("httpClients.poolConfig.waitTimeInMillis", wait)
    };
    let gateway = builder("50").start();
    let mut held = crate::support::Client::connect(gateway.http());
    held.send("GET /p/held HTTP/1.1\r\nHost: gateway\r\n\r\n");
    crate::support::eventually("the backend is busy", || backend.heads().len() == 1);
    assert_eq!(gateway.get("/p").status, 503);
    release.send(()).expect("the backend waits");
    assert_eq!(held.receive().expect("a response").status, 200);
    crate::support::eventually("a place is free", || gateway.get("/p").status == 200);
}
