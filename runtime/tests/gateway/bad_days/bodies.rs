//! Answers that break off in their body, and answers that come before the request is complete.

use super::{following, following_each, logged, one};
use crate::support::{Client, GatewayBuilder, eventually};
use mgw_fixtures::faulty::{Gate, Step};

#[test]
fn an_answer_that_breaks_off_is_no_whole_answer() {
    let part = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n";
    for (name, text, end, reason) in [
        ("reset", part, Step::Reset, "broke_off"),
        ("ended early", part, Step::Close, "broke_off"),
        ("chunks ended early", chunk, Step::Close, "broke_off"),
        (
            "chunks garbled",
            &*format!("{chunk}zz\r\n"),
            Step::ReadToEnd,
            "broke_off",
        ),
        ("stalled", part, Step::ReadToEnd, "stalled"),
        ("chunks stalled", chunk, Step::ReadToEnd, "stalled"),
    ] {
        let gate = Gate::default();
        let backend = following(vec![
            Step::ReadRequest,
            Step::write(text),
            Step::Wait(gate.clone()),
            end,
        ]);
        // The head has to come in that time too.
        let timeout_ms = if reason == "stalled" { 2000 } else { 60_000 };
        let logged = logged(GatewayBuilder::new(vec![one(&backend, |endpoint| {
            endpoint.timeout_ms = timeout_ms;
        })]));
        let mut client = Client::connect(logged.gateway.http());
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        assert_eq!(client.receive_head().expect("a head").0, 200, "{name}");
        gate.open();
        let mut rest = Vec::new();
        // Reads to the end of the connection, in order or not: there is no last chunk.
        let _ = std::io::Read::read_to_end(&mut client.stream, &mut rest);
        assert!(
            !String::from_utf8_lossy(&rest).contains("0\r\n\r\n"),
            "{name}: {rest:?}"
        );
        assert!(rest.len() < 100, "{name}");
        logged.says(&format!(" fault=backend reason={reason}"));
        logged.counts(reason, 1);
        assert_eq!(backend.seen().heads.len(), 1, "{name}: the answer had begun");
    }
}

#[test]
fn a_length_that_is_said_twice_is_passed_on_once() {
    let backend = following(vec![
        Step::ReadRequest,
        Step::write("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok"),
    ]);
    let gateway = GatewayBuilder::new(vec![one(&backend, |_| {})]).start();
    let answer = gateway.get("/p");
    let lengths = answer.headers.iter().filter(|(name, _)| name == "content-length");
    let lengths: Vec<&str> = lengths.map(|(_, value)| value.as_str()).collect();
    assert_eq!((answer.body.as_str(), &*lengths), ("ok", &["2"][..]));
}

#[test]
fn an_early_answer_is_passed_on_and_ends_the_upload() {
    let backend = following_each(vec![
        vec![
            Step::ReadHead,
            Step::ReadBody(4),
            Step::answer(413, "too much"),
            Step::ReadToEnd,
        ],
        vec![Step::ReadRequest, Step::answer(200, "ok"), Step::Again],
    ]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |_| {})]));
    let mut client = Client::connect(logged.gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000\r\n\r\nhalf");
    let response = client.receive().expect("the early answer");
    assert_eq!((response.status, response.body.as_str()), (413, "too much"));
    eventually("the connection to the backend is closed", || {
        backend.seen().ended_by_peer == 1
    });
    assert_eq!(logged.gateway.get("/p").body, "ok");
    assert_eq!(
        backend.seen().connections,
        2,
        "what is left of a request is not sent as another"
    );
    logged.says(" 413 8 ");
}

/// The same for an answer without a body, whose connection is free at once.
#[test]
fn an_early_answer_without_body_does_not_free_its_connection() {
    let empty = "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n";
    let backend = following_each(vec![
        vec![Step::ReadHead, Step::write(empty), Step::ReadToEnd],
        vec![Step::ReadRequest, Step::answer(200, "ok"), Step::Again],
    ]);
    let gateway = GatewayBuilder::new(vec![one(&backend, |_| {})]).cores(1).start();
    let mut client = Client::connect(gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    assert_eq!(client.receive().expect("the early answer").status, 401);
    eventually("the connection to the backend is closed", || {
        backend.seen().ended_by_peer == 1
    });
    assert_eq!(gateway.get("/p").body, "ok");
}

#[test]
fn a_whole_upload_keeps_its_connection() {
    let backend = following(vec![Step::ReadRequest, Step::answer(200, "ok"), Step::Again]);
    let gateway = GatewayBuilder::new(vec![one(&backend, |_| {})]).cores(1).start();
    for request in [
        super::POST,
        "POST /p HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        super::POST,
    ] {
        assert_eq!(Client::once(gateway.http(), request).body, "ok");
    }
    assert_eq!(backend.seen().connections, 1);
}
