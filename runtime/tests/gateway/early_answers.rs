//! Answers that come before the client has sent its body, over HTTP/2: the client may go on sending for a while.

use crate::support::{Backend, GatewayBuilder, api, on_runtime};
use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, SendStream};
use http::{Request, StatusCode};
use std::future::poll_fn;
use std::net::SocketAddr;

/// More than a client may send unasked, and less than is read away.
const LARGE: usize = 3 * 1024 * 1024;
/// More than is read away and what a client may send unasked.
const ENDLESS: usize = 32 * 1024 * 1024;
const PIECE: usize = 16 * 1024;

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let (client, connection) = h2::client::handshake(stream).await.expect("it speaks HTTP/2");
    tokio::spawn(connection);
    client.ready().await.expect("room for a stream")
}

/// Takes a whole answer before anything of the body is sent.
async fn answered(client: &mut SendRequest<Bytes>, path: &str, status: StatusCode) -> SendStream<Bytes> {
    let request = Request::post(format!("http://gateway{path}"));
    let request = request.body(()).expect("a request");
    let (answer, body) = client.send_request(request, false).expect("a stream");
    let (head, mut text) = answer.await.expect("an answer").into_parts();
    assert_eq!(head.status, status);
    while let Some(part) = text.data().await {
        part.expect("the answer is whole");
    }
    assert!(text.is_end_stream());
    body
}

/// What the gateway does at the end of an answer has been done when it has answered another request.
async fn another(client: &mut SendRequest<Bytes>) {
    let request = Request::get("http://gateway/health").body(()).expect("a request");
    let (answer, _) = client.send_request(request, true).expect("a stream");
    assert_eq!(answer.await.expect("an answer").status(), StatusCode::OK);
}

/// Sends so many bytes as far as there is room made for them; how many that were.
async fn send(body: &mut SendStream<Bytes>, length: usize) -> usize {
    let mut sent = 0;
    while sent < length {
        body.reserve_capacity(PIECE.min(length - sent));
        let Some(Ok(room)) = poll_fn(|context| body.poll_capacity(context)).await else {
            return sent;
        };
        let room = room.min(length - sent);
        if body.send_data(Bytes::from(vec![0; room]), false).is_err() {
            return sent;
        }
        sent += room;
    }
    sent
}

#[test]
fn a_body_is_taken_that_comes_after_its_answer() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).start();
    let address = gateway.http();
    on_runtime(async {
        let mut client = connect(address).await;
        let mut body = answered(&mut client, "/nothing", StatusCode::NOT_FOUND).await;
        another(&mut client).await;
        let sent = body.send_data(Bytes::from_static(b"abc"), true);
        sent.expect("the stream is there still");
        let mut body = answered(&mut client, "/nothing", StatusCode::NOT_FOUND).await;
        assert_eq!(send(&mut body, LARGE).await, LARGE);
        body.send_data(Bytes::new(), true).expect("the stream is there still");
        another(&mut client).await;
    });
}

#[test]
fn what_a_backend_does_not_want_is_taken_too() {
    let backend = Backend::start_after_head(|exchange| {
        exchange.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let address = gateway.http();
    on_runtime(async {
        let mut client = connect(address).await;
        let mut body = answered(&mut client, "/p", StatusCode::FORBIDDEN).await;
        another(&mut client).await;
        assert_eq!(send(&mut body, LARGE).await, LARGE);
        body.send_data(Bytes::new(), true).expect("the stream is there still");
    });
}

#[test]
fn nobody_sends_without_end_after_an_answer() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).start();
    let address = gateway.http();
    on_runtime(async {
        let mut client = connect(address).await;
        let mut body = answered(&mut client, "/nothing", StatusCode::NOT_FOUND).await;
        let sent = send(&mut body, ENDLESS).await;
        assert!((LARGE..ENDLESS).contains(&sent), "{sent}");
        let reason = poll_fn(|context| body.poll_reset(context)).await;
        assert_eq!(reason.expect("the connection is there still"), Reason::NO_ERROR);
        another(&mut client).await;
    });
}
