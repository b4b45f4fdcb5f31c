//! Requests that are too large, too slow or not well-formed.

use crate::support::{Backend, Client, GatewayBuilder, api, eventually};

#[test]
fn large_heads_are_refused() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("listenerConfig.maxUriLength", "100")
        .set("listenerConfig.maxHeaderSize", "1000")
        .start();
    assert_eq!(gateway.get(&format!("/p/{}", "a".repeat(97))).status, 200);
    assert_eq!(gateway.get(&format!("/p/{}", "a".repeat(98))).status, 414);
    let with = |size: usize| {
        let value = "a".repeat(size);
        Client::once(
            gateway.http(),
            &format!("GET /p HTTP/1.1\r\nHost: gateway\r\nX-A: {value}\r\n\r\n"),
        )
        .status
    };
    assert_eq!(with(900), 200);
    assert_eq!(with(1000), 431);
    assert_eq!(with(200_000), 431);
    let many: String = (0..200).map(|number| format!("a{number}: 1\r\n")).collect();
    assert_eq!(
        Client::once(gateway.http(), &format!("GET /p HTTP/1.1\r\n{many}\r\n")).status,
        431
    );
    assert_eq!(backend.heads().len(), 2);
}

#[test]
fn micro_gw_answers_large_heads_with_413() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")])
        .set("listenerConfig.maxHeaderSize", "1000")
        .set("compat", "micro-gw-3.2")
        .start();
    let value = "a".repeat(1000);
    let response = Client::once(
        gateway.http(),
        &format!("GET /p HTTP/1.1\r\nHost: gateway\r\nX-A: {value}\r\n\r\n"),
    );
    assert_eq!(response.status, 413);
}

#[test]
fn large_bodies_are_refused() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("listenerConfig.maxEntityBodySize", "10")
        .start();
    let post = |rest: &str| Client::once(gateway.http(), &format!("POST /p HTTP/1.1\r\nHost: gateway\r\n{rest}"));
    assert_eq!(post("Content-Length: 10\r\n\r\n0123456789").status, 200);
    assert_eq!(backend.heads().len(), 1);
    assert_eq!(post("Content-Length: 11\r\n\r\n01234567890").status, 413);
    assert_eq!(backend.heads().len(), 1, "a length that is too large never gets there");
    assert_eq!(
        post("Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n").status,
        413
    );
}

#[test]
fn a_slow_head_is_cut_off() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")])
        .set("listenerConfig.requestHeaderTimeout", "100")
        .start();
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: ");
    assert!(client.is_closed());
}

#[test]
fn an_idle_connection_is_closed() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("listenerConfig.idleTimeout", "100")
        .start();
    let mut unused = Client::connect(gateway.http());
    // One may be idle for too long before its request comes.
    let mut used = Client::connect(gateway.http());
    eventually("one is used", || {
        used = Client::connect(gateway.http());
        used.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        used.receive().is_ok_and(|response| response.status == 200)
    });
    assert!(used.is_closed());
    assert!(unused.is_closed());
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")])
        .set("listenerConfig.maxConnections", "2")
        .start();
    let mut kept: Vec<Client> = (0..2).map(|_| Client::connect(gateway.http())).collect();
    for client in &mut kept {
        client.send("GET /health HTTP/1.1\r\nHost: gateway\r\n\r\n");
        assert_eq!(client.receive().expect("a response").status, 200);
    }
    assert!(Client::connect(gateway.http()).is_closed());
    assert_eq!(gateway.metric("mgw_connections_refused_total"), Some(1.0));
    drop(kept);
    eventually("a free place", || gateway.metric("mgw_connections") == Some(0.0));
    assert_eq!(gateway.get("/health").status, 200);
}

#[test]
fn requests_say_for_whom_they_are() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    for (head, status) in [
        ("GET /p HTTP/1.1\r\n", 400),
        ("GET /p HTTP/1.1\r\nHost: user@gateway\r\n", 400),
        ("GET /p HTTP/1.1\r\nHost: gate way\r\n", 400),
        ("GET /p HTTP/1.1\r\nHost: gateway/p\r\n", 400),
        ("GET /p HTTP/1.1\r\nHost: gateway\r\nHost: gateway\r\n", 400),
        ("GET /p HTTP/1.1\r\nHost: gateway:80\r\n", 200),
        ("GET http://gateway/p HTTP/1.1\r\n", 200),
        ("GET /p HTTP/1.0\r\n", 200),
    ] {
        let answer = Client::once(gateway.http(), &format!("{head}\r\n"));
        assert_eq!(answer.status, status, "{head:?}");
    }
    assert_eq!(backend.heads().len(), 3);
}

#[test]
fn ambiguous_framing_is_refused_or_read_one_way() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let smuggled = "GET /p/smuggled HTTP/1.1\r\nHost: gateway\r\n\r\n";
    for framing in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 5\r\n",
        " Content-Length: 5\r\n",
    ] {
        let mut client = Client::connect(gateway.http());
        client.send(&format!(
            "POST /p HTTP/1.1\r\nHost: gateway\r\n{framing}\r\n0\r\n\r\n{smuggled}"
        ));
        if let Ok(response) = client.receive() {
            assert_eq!(response.status, 400, "{framing:?}");
        }
        assert!(client.is_closed(), "{framing:?}");
    }
    assert!(backend.heads().is_empty(), "{:?}", backend.heads());

    // Both together: the coding counts, the length goes, and what follows the last chunk is the next request.
    let mut client = Client::connect(gateway.http());
    client.send(
        "POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    );
    let response = client.receive().expect("a response");
    if response.status == 200 {
        let seen = response.body.to_ascii_lowercase();
        assert!(!seen.contains("content-length: 50"), "{seen}");
        assert!(seen.ends_with("\nhi"), "{seen}");
    } else {
        assert_eq!(response.status, 400);
    }
}

#[test]
fn what_would_be_lost_on_the_way_is_refused() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    for headers in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nHost: other\r\n",
    ] {
        let request = format!("POST /p HTTP/1.1\r\nHost: gateway\r\n{headers}\r\n0\r\n\r\n");
        assert_eq!(Client::once(gateway.http(), &request).status, 400, "{headers:?}");
    }
    assert!(backend.heads().is_empty(), "{:?}", backend.heads());
}

#[test]
fn heads_that_cannot_be_read_are_counted() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")]).start();
    assert_eq!(Client::once(gateway.http(), "GET nonsense\r\n\r\n").status, 400);
    let huge = "a".repeat(200_000);
    assert_eq!(
        Client::once(gateway.http(), &format!("GET /p HTTP/1.1\r\nX-A: {huge}\r\n\r\n")).status,
        431
    );
    eventually("both are counted", || {
        gateway.metric("mgw_malformed_requests_total") == Some(2.0)
    });
    assert_eq!(gateway.metric("mgw_requests_in_flight"), Some(0.0));
}
