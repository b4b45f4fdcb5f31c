//! Limits on bytes end what has no end of its own, while it runs.

use crate::support::{
    Backend, Client, GatewayBuilder, Http2Backend, Stream, TestGateway, api, eventually, http2_over, on_runtime,
    respond,
};
use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use mgw_bundle::config::{Api, Policy, PolicyRef, Quota};
use std::convert::Infallible;
use std::error::Error;
use std::io::Read;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

const LIMIT: u64 = 100_000;
const PART: usize = 64 * 1024;
/// Far more than the limit and all buffers on the way.
const PARTS: usize = 512;

/// Nearly all of the limit.
const SPENT: usize = 99_000;

const IN_FLIGHT: &str = "mgw_requests_in_flight";
const REFUSED: &str = r#"mgw_refusals_total{reason="api_quota",code="900800"}"#;
const ABORTED: &str = r#"mgw_requests_total{api="p",version="1.0",method="GET",status="aborted"}"#;

/// A gateway with one API whose callers have [`LIMIT`] bytes a year.
fn limited(mut api: Api, compat: bool) -> TestGateway {
    api.policy = Some(PolicyRef {
        name: "Bytes".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![api]);
    if compat {
        builder = builder.set("compat", "micro-gw-3.2");
    }
    builder.config.policies.resource = vec![Policy {
        name: "Bytes".into(),
        quota: Quota::Bandwidth {
            bytes: LIMIT,
            window_ms: 365 * 24 * 60 * 60 * 1000,
        },
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    }];
    builder.start()
}

/// Answers in parts, without saying how many there will be.
fn events() -> Backend {
    Backend::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        let part = "x".repeat(PART);
        for _ in 0..PARTS {
            exchange.write(&format!("{PART:x}\r\n{part}\r\n"));
        }
        exchange.write("0\r\n\r\n");
    })
}

/// Reads an answer in chunks; returns how much came, and whether it came to its end.
fn read(gateway: &TestGateway) -> (usize, bool) {
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(client.receive_head().expect("a head").0, 200);
    let mut length = 0;
    loop {
        match client.receive_chunk() {
            Ok(Some(chunk)) => length += chunk.len(),
            Ok(None) => return (length, true),
            Err(_) => return (length, false),
        }
    }
}

#[test]
fn an_endless_answer_is_cut_off() {
    let backend = events();
    let gateway = limited(api("/p", &backend.url()), false);
    let (length, whole) = read(&gateway);
    assert!(!whole && length < PARTS * PART / 4, "{length} {whole}");
    eventually("it is accounted for", || gateway.metric(ABORTED) == Some(1.0));
    assert_eq!(gateway.metric(REFUSED), Some(1.0));
    assert_eq!(gateway.get("/p").status, 429);
}

#[test]
fn what_has_an_end_comes_to_it() {
    let backend = Backend::start(|exchange| {
        let body = "x".repeat(PARTS * PART);
        exchange.write(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    });
    let gateway = limited(api("/p", &backend.url()), false);
    assert_eq!(gateway.get("/p").body.len(), PARTS * PART);
    assert_eq!(gateway.get("/p").status, 429);
}

#[test]
fn micro_gw_had_answers_finish() {
    let backend = events();
    let gateway = limited(api("/p", &backend.url()), true);
    assert_eq!(read(&gateway), (PARTS * PART, true));
    assert_eq!(gateway.get("/p").status, 429);
}

/// A backend of two paths: `/spend` nearly uses the limit up, and every other answer uses the rest up with its last byte.
fn at_the_limit() -> Backend {
    Backend::start(|exchange| {
        if exchange.head.starts_with("GET /spend ") {
            return respond(exchange, 200, &"x".repeat(SPENT));
        }
        // Charged for the first time when all of it has passed.
        let part = "x".repeat(PART);
        exchange.write(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{PART:x}\r\n{part}\r\n0\r\n\r\n"
        ));
    })
}

/// Leaves less of the limit than one part.
fn spend(gateway: &TestGateway) {
    assert_eq!(gateway.get("/p/spend").body.len(), SPENT);
    eventually("it is charged", || gateway.metric(IN_FLIGHT) == Some(0.0));
}

#[test]
fn an_answer_whose_last_bytes_use_the_limit_up_is_whole() {
    let backend = at_the_limit();
    let gateway = limited(api("/p", &backend.url()), false);
    spend(&gateway);
    assert_eq!(read(&gateway), (PART, true));
    eventually("it is charged", || gateway.get("/p").status == 429);
}

/// Nothing is answered meanwhile. A length without measure is no better than none.
#[test]
fn an_endless_upload_is_refused() {
    let plain = Backend::start_after_head(|exchange| {
        let _ = std::io::copy(&mut exchange.connection.stream, &mut std::io::sink());
        exchange.close = true;
    });
    let http2 = streaming();
    for api in [api("/p", &plain.url()), streaming_api(&http2)] {
        for framing in ["Transfer-Encoding: chunked", "Content-Length: 9000000000000000000"] {
            let gateway = limited(api.clone(), false);
            let mut client = Client::connect(gateway.http());
            client.send(&format!("POST /p/wait HTTP/1.1\r\nHost: gateway\r\n{framing}\r\n\r\n"));
            let part = format!("{PART:x}\r\n{}\r\n", "x".repeat(PART));
            client.send(&part);
            client.send(&part);
            assert_eq!(client.receive().expect("an answer").status, 429, "{framing}");
            assert_eq!(gateway.metric(REFUSED), Some(1.0));
            eventually("the backend is free", || gateway.metric(IN_FLIGHT) == Some(0.0));
        }
    }
}

#[test]
fn an_upload_that_fits_ends_no_answer_while_it_runs() {
    let backend = Backend::start_after_head(|exchange| {
        if exchange.head.starts_with("GET /others ") {
            return respond(exchange, 200, &"x".repeat(5000));
        }
        if exchange.head.starts_with("GET ") {
            return respond(exchange, 200, "");
        }
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n");
        let mut body = vec![0; SPENT];
        if exchange.connection.stream.read_exact(&mut body).is_ok() {
            exchange.write("4\r\ndone\r\n0\r\n\r\n");
        }
    });
    let gateway = limited(api("/p", &backend.url()), false);
    let mut client = Client::connect(gateway.http());
    client.send(&format!(
        "POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: {SPENT}\r\n\r\n"
    ));
    assert_eq!(client.receive_head().expect("a head").0, 200);
    assert_eq!(client.receive_chunk().expect("a chunk").as_deref(), Some("begun"));
    assert_eq!(gateway.get("/p/others").status, 200);
    client.send(&"x".repeat(SPENT - 1));
    eventually("the limit is used up", || gateway.get("/p").status == 429);
    client.send("x");
    assert_eq!(client.receive_chunk().expect("a chunk").as_deref(), Some("done"));
    assert_eq!(client.receive_chunk().expect("an end"), None);
}

/// A backend that answers without an end, or reads without one, and says nothing; see the paths.
fn streaming() -> Http2Backend {
    Http2Backend::start(|mut stream| async move {
        match stream.request.uri().path() {
            "/wait" => drop(stream.receive().await),
            "/spend" => stream.answer(vec![b'x'; SPENT]),
            _ => talk(stream).await,
        }
    })
}

async fn talk(mut stream: Stream) {
    let grpc = stream.request.headers().get("content-type").cloned();
    let mut head = Response::new(());
    head.headers_mut()
        .extend(grpc.map(|kind| (http::header::CONTENT_TYPE, kind)));
    let Ok(mut answer) = stream.respond.send_response(head, false) else {
        return;
    };
    match stream.request.uri().path() {
        "/listen" => return drop(stream.receive().await),
        "/whole" => {
            let _ = answer.send_data(vec![0; PART - 100].into(), false);
            let _ = answer.send_data(vec![0; 100].into(), false);
            let status = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
            let _ = answer.send_trailers(HeaderMap::from_iter([status]));
            return;
        }
        _ => {}
    }
    loop {
        answer.reserve_capacity(PART);
        let room = std::future::poll_fn(|context| answer.poll_capacity(context)).await;
        let Some(Ok(room)) = room else { return };
        if answer.send_data(vec![0; room].into(), false).is_err() {
            return;
        }
    }
}

fn streaming_api(backend: &Http2Backend) -> Api {
    let mut api = api("/p", &backend.url());
    if let Some(endpoint) = &mut api.endpoints.production {
        endpoint.protocol = mgw_bundle::config::BackendProtocol::Http2;
    }
    api
}

/// So many bytes, and then neither more nor an end.
struct Unended(usize);

impl Body for Unended {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::take(&mut self.0) {
            0 => Poll::Pending,
            length => Poll::Ready(Some(Ok(Frame::data(vec![0; length].into())))),
        }
    }
}

/// What a client of HTTP/2 gets: the bytes, the trailers, and why the stream was reset, if it was.
fn call(address: SocketAddr, path: &str, kind: &str, body: Unended) -> (usize, HeaderMap, Option<Reason>) {
    on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let mut sender = http2_over(stream).await;
        let request = Request::post(format!("http://gateway{path}"))
            .header("content-type", kind)
            .body(body)
            .expect("a request");
        let mut answer = sender.send_request(request).await.expect("an answer");
        let (mut length, mut trailers) = (0, HeaderMap::new());
        while let Some(frame) = answer.body_mut().frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => length += data.len(),
                Ok(Err(frame)) => trailers = frame.into_trailers().unwrap_or_default(),
                Err(error) => {
                    let cause = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
                    return (length, trailers, cause.and_then(h2::Error::reason));
                }
            }
        }
        (length, trailers, None)
    })
}

#[test]
fn streams_of_http2_are_reset_and_calls_of_grpc_are_told() {
    for (path, kind, body) in [
        ("/p/talk", "text/event-stream", 0),
        ("/p/talk", "application/grpc", 0),
        // Here it is the client who has no end.
        ("/p/listen", "application/grpc", 4 * PART),
    ] {
        let backend = streaming();
        let gateway = limited(streaming_api(&backend), false);
        let (_, trailers, reset) = call(gateway.http(), path, kind, Unended(body));
        if kind == "application/grpc" {
            assert_eq!(trailers["grpc-status"], "8", "{path}");
            assert_eq!(trailers["grpc-message"], "Message throttled out", "{path}");
        } else {
            assert_eq!(reset, Some(Reason::ENHANCE_YOUR_CALM));
        }
        assert_eq!(gateway.metric(REFUSED), Some(1.0), "{path}");
    }
}

#[test]
fn a_call_whose_last_bytes_use_the_limit_up_has_its_own_trailers() {
    let backend = streaming();
    let gateway = limited(streaming_api(&backend), false);
    spend(&gateway);
    let (length, trailers, _) = call(gateway.http(), "/p/whole", "application/grpc", Unended(0));
    assert_eq!(
        (length, &trailers["grpc-status"]),
        (PART, &HeaderValue::from_static("0"))
    );
    eventually("it is charged", || gateway.get("/p/spend").status == 429);
}
