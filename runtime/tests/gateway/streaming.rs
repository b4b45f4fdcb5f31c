//! Bodies pass as they come, in both directions, and break off honestly.

use crate::support::{Backend, Client, GatewayBuilder, api, eventually};

#[test]
fn both_directions_stream_at_the_same_time() {
    // Answers with the head at once, then returns every chunk as it comes.
    let backend = Backend::start_after_head(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while let Ok(Some(chunk)) = exchange.connection.receive_chunk() {
            exchange.write(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
        }
        exchange.write("0\r\n\r\n");
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(client.receive_head().expect("a head").0, 200);
    for part in ["one", "two", "three"] {
        client.send(&format!("{:x}\r\n{part}\r\n", part.len()));
        assert_eq!(client.receive_chunk().expect("a chunk").as_deref(), Some(part));
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.receive_chunk().expect("the end"), None);
}

#[test]
fn back_pressure_reaches_the_backend() {
    const PART: usize = 64 * 1024;
    let backend = Backend::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let part = "x".repeat(PART);
        // Far more than all buffers on the way hold together.
        for _ in 0..4096 {
            exchange.write(&format!("{PART:x}\r\n{part}\r\n"));
        }
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(client.receive_head().expect("a head").0, 200);
    let memory = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:").map(str::to_owned));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok())
            .unwrap_or(0)
    };
    // The client reads nothing: the gateway must stop reading too. Other answers still get through meanwhile.
    for _ in 0..50 {
        assert_eq!(gateway.get("/health").status, 200);
    }
    assert!(memory() < 200 * 1024, "{} kB", memory());
    let received = client.receive_chunk().expect("a chunk");
    assert!(received.is_some());
}

#[test]
fn an_answer_that_breaks_off_is_not_completed() {
    let backend = Backend::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert!(client.receive().is_err());
    eventually("the request is counted as aborted", || {
        gateway.metric(r#"mgw_requests_total{api="p",version="1.0",method="GET",status="aborted"}"#) == Some(1.0)
    });
}

/// The coding counts: a length beside it neither cuts the answer off nor keeps the client waiting.
#[test]
fn a_length_beside_a_coding_is_dropped() {
    let backend = Backend::start(|exchange| {
        exchange
            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n");
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let response = gateway.get("/p");
    assert_eq!(
        (response.body.as_str(), response.header("content-length")),
        ("abcd", None)
    );
}

#[test]
fn an_answer_that_stalls_is_broken_off() {
    let backend = Backend::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
        // Waits for the gateway to give up.
        let _ = exchange.connection.receive_chunk();
        exchange.close = true;
    });
    let mut slow = api("/p", &backend.url());
    if let Some(endpoint) = &mut slow.endpoints.production {
        endpoint.timeout_ms = 50;
    }
    let gateway = GatewayBuilder::new(vec![slow]).start();
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert!(client.receive().is_err());
}

#[test]
fn a_client_that_goes_away_frees_the_backend() {
    let backend = Backend::start_after_head(|exchange| {
        // Ends with an error when the gateway closes the connection.
        while let Ok(Some(_)) = exchange.connection.receive_chunk() {}
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    eventually("the backend sees the request", || backend.heads().len() == 1);
    drop(client);
    eventually("the request ends", || {
        gateway.metric("mgw_requests_in_flight") == Some(0.0)
    });
}
