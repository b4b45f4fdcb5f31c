//! Bodies pass as they come, in both directions, and break off honestly.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, eventually};

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
    assert!(begun(&gateway, "/p").receive_chunk().is_err());
}

/// A client that has the head of an answer: in so short a time it may not have come.
fn begun(gateway: &TestGateway, path: &str) -> Client {
    let mut client = Client::connect(gateway.http());
    eventually("an answer begins", || {
        client = Client::connect(gateway.http());
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n"));
        client.receive_head().expect("a head").0 == 200
    });
    client
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

/// Events come when there are some: a time limit that cuts other answers off does not cut these.
#[test]
fn a_stream_of_events_may_be_silent() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let backend = Backend::start(move |exchange| {
        let kind = if exchange.head.contains("/events") {
            "text/event-stream"
        } else {
            "text/plain"
        };
        exchange.write(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
        ));
        if kind == "text/plain" {
            // Waits for the gateway to give up.
            let _ = exchange.connection.receive_chunk();
            exchange.close = true;
            return;
        }
        let _ = released
            .lock()
            .expect("one stream")
            .recv_timeout(crate::support::PATIENCE);
        exchange.write("3\r\ntwo\r\n0\r\n\r\n");
    });
    let mut impatient = api("/p", &backend.url());
    if let Some(endpoint) = &mut impatient.endpoints.production {
        endpoint.timeout_ms = 50;
    }
    let gateway = GatewayBuilder::new(vec![impatient]).start();
    let ask = |path: &str| {
        let mut client = begun(&gateway, path);
        assert_eq!(client.receive_chunk().expect("a chunk").as_deref(), Some("one"));
        client
    };
    let mut events = ask("/p/events");
    // Each takes the whole time limit.
    for _ in 0..3 {
        assert!(ask("/p/other").receive_chunk().is_err());
    }
    release.send(()).expect("the backend waits");
    assert_eq!(events.receive_chunk().expect("a chunk").as_deref(), Some("two"));
    assert_eq!(events.receive_chunk().expect("the end"), None);
}

/// Trailers pass both ways where both sides of HTTP/1.1 have said so; none of them says what a header may not.
#[test]
fn trailers_pass_both_ways() {
    use std::io::BufRead;
    let backend = Backend::start_after_head(|exchange| {
        while let Ok(Some(_)) = exchange.connection.receive_chunk() {}
        // The last chunk's line is gone; what follows is trailers up to an empty line.
        exchange.write(
            "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
        );
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\nTE: trailers\r\n\r\n");
    let _ = client;
    let mut client = Client::connect(gateway.http());
    client.send(
        "POST /p HTTP/1.1\r\nHost: gateway\r\nTE: trailers\r\nTrailer: X-Asked, X-JWT-Assertion\r\nTransfer-Encoding: chunked\r\n\r\n\
         2\r\nhi\r\n0\r\nX-Asked: 1\r\nX-JWT-Assertion: forged\r\n\r\n",
    );
    assert_eq!(client.receive_head().expect("a head").0, 200);
    assert_eq!(client.receive_chunk().expect("a chunk").as_deref(), Some("ok"));
    let mut rest = String::new();
    for _ in 0..3 {
        client.stream.read_line(&mut rest).expect("a line");
    }
    assert_eq!(rest.to_ascii_lowercase(), "0\r\nx-sum: 7\r\n\r\n");
}

/// The client is told to go on when the backend reads, and not when the gateway refuses.
#[test]
fn a_body_is_asked_for_when_somebody_reads_it() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let ask = |path: &str| {
        let mut client = Client::connect(gateway.http());
        client.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        ));
        let status = client.receive_head().expect("a head").0;
        (client, status)
    };
    assert_eq!(ask("/none").1, 404);
    let (mut client, status) = ask("/p");
    assert_eq!(status, 100);
    client.send("hi");
    let answer = client.receive().expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(answer.body.ends_with("\nhi"), "{}", answer.body);
    assert!(!answer.body.to_ascii_lowercase().contains("expect"), "{}", answer.body);
}

/// What describes a representation passes as it is, in both directions.
#[test]
fn compression_ranges_and_validators_are_nobody_elses_business() {
    let backend = Backend::start(|exchange| {
        let head = exchange.head.to_ascii_lowercase();
        assert!(
            head.contains("accept-encoding: br, gzip\r\n") && head.contains("range: bytes=0-3\r\n"),
            "{head}"
        );
        exchange.write(
            "HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\nETag: W/\"1\"\r\nContent-Range: bytes 0-3/9\r\n\
             Vary: Accept-Encoding\r\nContent-Length: 4\r\n\r\n",
        );
        if !head.starts_with("head ") {
            exchange.write("\u{1}\u{2}zz");
        }
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    for method in ["GET", "HEAD"] {
        let mut client = Client::connect(gateway.http());
        client.send(&format!(
            "{method} /p HTTP/1.1\r\nHost: gateway\r\nAccept-Encoding: br, gzip\r\nRange: bytes=0-3\r\n\r\n"
        ));
        let (status, headers) = client.receive_head().expect("a head");
        assert_eq!(status, 206);
        for (name, value) in [
            ("content-encoding", "gzip"),
            ("etag", "W/\"1\""),
            ("content-range", "bytes 0-3/9"),
            ("content-length", "4"),
        ] {
            assert!(
                headers.contains(&(name.into(), value.into())),
                "{method} {name} {headers:?}"
            );
        }
    }
}
