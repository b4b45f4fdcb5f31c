//! HTTP/2 towards backends: shared connections, which of them are kept, and what passes over them.

use crate::support::{
    Backend, Client, GatewayBuilder, Http2Backend, PATIENCE, Pki, TestGateway, TlsBackend, api, eventually, http2_api,
    http2_over, on_runtime, serving,
};
use http::HeaderMap;
use mgw_fixtures::ports::free_port;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Barrier;

/// Sends `count` requests at a time, each on a connection of its own, and returns the statuses.
fn at_once(gateway: &TestGateway, count: usize) -> Vec<u16> {
    let mut clients: Vec<Client> = (0..count).map(|_| Client::connect(gateway.http())).collect();
    for client in &mut clients {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    }
    let mut receive = clients.iter_mut().map(Client::receive);
    receive
        .by_ref()
        .map(|answer| answer.expect("an answer").status)
        .collect()
}

/// Answers nobody before `count` requests are there.
fn together(count: usize) -> impl Fn(crate::support::Stream) -> futures_util::future::BoxFuture<'static, ()> {
    let barrier = Arc::new(Barrier::new(count));
    move |mut stream| {
        let barrier = Arc::clone(&barrier);
        Box::pin(async move {
            barrier.wait().await;
            stream.answer("ok");
        })
    }
}

#[test]
fn a_burst_shares_one_connection() {
    let backend = Http2Backend::start(together(40));
    let gateway = serving(&backend).start();
    assert_eq!(at_once(&gateway, 40), [200; 40]);
    assert_eq!(backend.connections(), 1);
    assert!(
        backend
            .requests()
            .iter()
            .all(|request| *request == format!("GET {}/", backend.url())),
        "{:?}",
        backend.requests()
    );
}

#[test]
fn a_connection_carries_no_more_than_is_set() {
    let backend = Http2Backend::start(together(12));
    let gateway = serving(&backend)
        .set("httpClients.poolConfig.maxActiveStreamsPerConnection", "5")
        .start();
    assert_eq!(at_once(&gateway, 12), [200; 12]);
    assert_eq!(backend.connections(), 3);
}

#[test]
fn what_the_backend_admits_is_kept_to() {
    // The server itself refuses what is beyond two, without anybody hearing of the request.
    let backend = Http2Backend::admitting(2, |mut stream| async move {
        tokio::task::yield_now().await;
        stream.answer("ok");
    });
    let gateway = serving(&backend).start();
    assert_eq!(at_once(&gateway, 20), [200; 20]);
    assert_eq!(backend.requests().len(), 20, "none was refused and sent again");
}

#[test]
fn a_silent_connection_gets_no_more_requests() {
    let backend = Http2Backend::start(|mut stream| async move {
        if stream.number == 0 {
            std::future::pending::<()>().await;
        }
        stream.answer("ok");
    });
    let mut impatient = http2_api("/p", &backend.url());
    if let Some(endpoint) = &mut impatient.endpoints.production {
        endpoint.timeout_ms = 50;
    }
    let gateway = GatewayBuilder::new(vec![impatient]).cores(1).start();
    assert_eq!(gateway.get("/p").status, 504);
    // So short a time may pass for others too.
    eventually("others are answered", || gateway.get("/p").status == 200);
    assert!(backend.connections() >= 2);
    eventually("the silent one is closed", || backend.open_connections() == 1);
}

/// Whatever ends requests before their own time: a connection that says nothing at all is left after a while.
#[test]
fn a_connection_that_is_silent_for_several_requests_gets_no_more() {
    let backend = Http2Backend::start(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    });
    let mut impatient = http2_api("/p", &backend.url());
    if let Some(endpoint) = &mut impatient.endpoints.production {
        endpoint.timeout_ms = 300;
        endpoint.total_timeout_ms = Some(100);
    }
    let gateway = GatewayBuilder::new(vec![impatient]).cores(1).start();
    let began = Instant::now();
    let mut sent = 0;
    while backend.connections() < 2 {
        assert!(sent < 20, "requests go to a connection that is gone");
        assert_eq!(gateway.get("/p").status, 504);
        sent += 1;
    }
    let silence = began.elapsed();
    assert!(
        silence >= Duration::from_millis(300),
        "{silence:?}: a request that is given up early says nothing"
    );
}

#[test]
fn connections_that_admit_no_request_are_not_kept() {
    let backend = Http2Backend::admitting(0, |mut stream| async move { stream.answer("ok") });
    let gateway = serving(&backend).start();
    let mut leaving = Client::connect(gateway.http());
    leaving.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    eventually("the backend is connected", || backend.open_connections() == 1);
    drop(leaving);
    eventually("it is closed", || backend.open_connections() == 0);
}

#[test]
fn idle_connections_are_closed() {
    let backend = Http2Backend::start(|mut stream| async move { stream.answer("ok") });
    let gateway = serving(&backend)
        .set("httpClients.poolConfig.idleTimeout", "50")
        .start();
    assert_eq!(gateway.get("/p").status, 200);
    eventually("it is closed", || backend.open_connections() == 0);
    assert_eq!(gateway.metric("mgw_backend_connections_idle"), Some(0.0));
    assert_eq!(gateway.get("/p").status, 200);
}

#[test]
fn a_client_that_does_not_read_stops_nobody_else() {
    const LARGE: usize = 64 * 1024 * 1024;
    let backend = Http2Backend::start(|mut stream| async move {
        let large = stream.request.uri().path().ends_with("/large");
        stream.answer(vec![b'x'; if large { LARGE } else { 2 }]);
    });
    let gateway = serving(&backend).start();
    let mut slow: Vec<Client> = (0..4).map(|_| Client::connect(gateway.http())).collect();
    for client in &mut slow {
        client.send("GET /p/large HTTP/1.1\r\nHost: gateway\r\n\r\n");
        assert_eq!(client.receive_head().expect("a head").0, 200);
    }
    for _ in 0..20 {
        assert_eq!(gateway.get("/p").body, "xx");
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn a_client_that_goes_away_ends_its_stream_only() {
    let ended = Arc::new(AtomicUsize::new(0));
    let backend = Http2Backend::start({
        let ended = Arc::clone(&ended);
        move |mut stream| {
            let ended = Arc::clone(&ended);
            async move {
                if stream.number == 0 {
                    let reset = std::future::poll_fn(|context| stream.respond.poll_reset(context)).await;
                    assert_eq!(reset.ok(), Some(h2::Reason::CANCEL));
                    ended.fetch_add(1, SeqCst);
                } else {
                    stream.answer("ok");
                }
            }
        }
    });
    let gateway = serving(&backend).start();
    let mut leaving = Client::connect(gateway.http());
    leaving.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    eventually("the backend has the request", || backend.requests().len() == 1);
    drop(leaving);
    eventually("the backend is told", || ended.load(SeqCst) == 1);
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(backend.connections(), 1);
}

#[test]
fn bodies_and_trailers_pass_both_ways() {
    use bytes::Bytes;
    use http_body_util::{BodyExt, StreamBody};
    use hyper::body::Frame;
    let backend = Http2Backend::start(|mut stream| async move {
        let (body, trailers) = stream.receive().await;
        let mut answered = HeaderMap::new();
        answered.insert("x-length", body.len().into());
        answered.insert("x-sum", trailers["x-sum"].clone());
        stream.answer_with_trailers(http::Response::new(()), "done", answered);
    });
    let gateway = serving(&backend).start();
    let address = gateway.http();
    on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let mut sender = http2_over(stream).await;
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "42".parse().expect("a value"));
        let part = || Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b'x'; 100_000])));
        let parts = (0..10).map(move |_| part()).chain([Ok(Frame::trailers(trailers))]);
        let body = StreamBody::new(futures_util::stream::iter(parts));
        let request = http::Request::post("http://gateway/p").body(body).expect("a request");
        let answer = tokio::time::timeout(PATIENCE, sender.send_request(request));
        let answer = answer.await.expect("in time").expect("an answer");
        assert_eq!(answer.status(), 200);
        let collected = answer.into_body().collect().await.expect("a body");
        let trailers = collected.trailers().cloned().expect("trailers");
        assert_eq!(
            (&trailers["x-length"], &trailers["x-sum"]),
            (&"1000000".parse().expect("a value"), &"42".parse().expect("a value"))
        );
        assert_eq!(collected.to_bytes(), "done");
    });
}

/// What HTTP/1.1 can say in trailers and HTTP/2 cannot, and what headers may not say, is left behind.
#[test]
fn trailers_say_nothing_of_hops_and_credentials() {
    let backend = Http2Backend::start(|mut stream| async move {
        let (body, trailers) = stream.receive().await;
        let mut names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        let told = format!("{} {}", body.len(), names.join(" "));
        stream.answer(told);
    });
    let gateway = serving(&backend).start();
    for name in [
        "Connection",
        "Transfer-Encoding",
        "TE",
        "Keep-Alive",
        "X_Real_IP",
        "X_JWT_Assertion",
    ] {
        let answer = Client::once(
            gateway.http(),
            &format!(
                "POST /p HTTP/1.1\r\nHost: gateway\r\nTrailer: {name}, X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n\
                 2\r\nhi\r\n0\r\n{name}: x\r\nX-Sum: 7\r\n\r\n"
            ),
        );
        assert_eq!((answer.status, answer.body.as_str()), (200, "2 x-sum"), "{name}");
    }
    assert_eq!(backend.connections(), 1);
}

/// What headers may say about the caller, trailers may.
#[test]
fn trailers_follow_the_rule_for_the_callers_credentials() {
    let backend = Http2Backend::start(|mut stream| async move {
        let (_, trailers) = stream.receive().await;
        let told = format!(
            "{} {}",
            stream.request.headers().contains_key("x-token"),
            trailers.contains_key("x-token")
        );
        stream.answer(told);
    });
    for (removed, expected) in [("true", "false false"), ("false", "true true")] {
        let gateway = serving(&backend)
            .set("authConfig.authorizationHeader", "X-Token")
            .set("authConfig.removeAuthHeaderFromOutMessage", removed)
            .start();
        let answer = Client::once(
            gateway.http(),
            "POST /p HTTP/1.1\r\nHost: gateway\r\nX-Token: x\r\nTrailer: X-Token\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nhi\r\n0\r\nX-Token: x\r\n\r\n",
        );
        assert_eq!(answer.body, expected, "removed: {removed}");
    }
}

#[test]
fn tls_negotiates_http2_when_it_may() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    let modern = Http2Backend::over_tls(&pki, "backend", |mut stream| async move { stream.answer("h2") });
    let old = TlsBackend::start(&pki, "backend");
    let gateway = |http2: &str, apis| {
        GatewayBuilder::new(apis)
            .cores(1)
            .set("httpClients.sslConfig.caFile", &pki.text("ca.pem"))
            .set("httpClients.enableHttp2", http2)
            .start()
    };
    let both = gateway("true", vec![api("/modern", &modern.url()), api("/old", &old.url())]);
    assert_eq!(both.get("/modern").body, "h2");
    assert_eq!(both.get("/old").body, "nobody");
    assert_eq!(at_once_on(&both, "/old", 8), [200; 8]);
    let cautious = gateway(
        "false",
        vec![
            api("/modern", &modern.url()),
            api("/old", &old.url()),
            http2_api("/known", &modern.url()),
            http2_api("/wrong", &old.url()),
        ],
    );
    assert_eq!(cautious.get("/modern").status, 503, "it speaks nothing but HTTP/2");
    assert_eq!(cautious.get("/old").body, "nobody");
    assert_eq!(cautious.get("/known").body, "h2", "the definition says so");
    assert_eq!(cautious.get("/wrong").status, 503, "it does not speak HTTP/2");
}

/// A client's own time for a call bounds the gateway's wait.
#[test]
fn calls_of_grpc_end_in_their_time() {
    use bytes::Bytes;
    use http_body_util::Full;
    let backend = Http2Backend::start(|stream| async move {
        let headers = stream.request.headers();
        assert_eq!(
            (&headers["te"], &headers["grpc-timeout"]),
            (&"trailers".parse().expect("a value"), &"50m".parse().expect("a value"))
        );
        std::future::pending::<()>().await;
    });
    let gateway = serving(&backend).start();
    let address = gateway.http();
    on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let mut sender = http2_over(stream).await;
        let request = http::Request::post("http://gateway/p")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("grpc-timeout", "50m")
            .body(Full::new(Bytes::from_static(b"\0\0\0\0\0")))
            .expect("a request");
        let answer = tokio::time::timeout(PATIENCE, sender.send_request(request));
        let answer = answer.await.expect("in time").expect("an answer");
        let value = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!((answer.status().as_u16(), value("grpc-status")), (200, Some("4")));
        assert_eq!(value("content-type"), Some("application/grpc"));
    });
}

fn at_once_on(gateway: &TestGateway, path: &str, count: usize) -> Vec<u16> {
    let mut clients: Vec<Client> = (0..count).map(|_| Client::connect(gateway.http())).collect();
    for client in &mut clients {
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n"));
    }
    let receive = clients.iter_mut().map(Client::receive);
    receive.map(|answer| answer.expect("an answer").status).collect()
}

#[test]
fn nobody_waits_for_a_connection_that_is_not_made() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let gateway = GatewayBuilder::new(vec![http2_api("/p", &url)]).cores(1).start();
    assert_eq!(at_once(&gateway, 8), [503; 8]);
}

#[test]
fn http1_backends_are_not_taken_for_http2() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url()), http2_api("/q", &backend.url())])
        .cores(1)
        .start();
    assert_eq!(gateway.get("/p").body, "ok");
    assert_eq!(gateway.get("/q").status, 502);
    assert_eq!(gateway.get("/p").body, "ok");
}
