//! Answers that come before the client has sent its body, over HTTP/1.1: the client may go on sending for a while.

use crate::support::{Backend, Client, GatewayBuilder, api};
use std::io::Write;
use std::net::SocketAddr;

/// More than what sockets hold by themselves, and less than is read away.
const LARGE: usize = 7 * 1024 * 1024;
/// More than is read away and what sockets hold.
const ENDLESS: usize = 64 * 1024 * 1024;
const PIECE: usize = 16 * 1024;

/// Takes a whole answer before anything of the body is sent.
fn answered(address: SocketAddr, path: &str, head: &str, status: u16) -> Client {
    let mut client = Client::connect(address);
    client.send(&format!("POST {path} HTTP/1.1\r\nHost: gateway\r\n{head}\r\n"));
    assert_eq!(client.receive().expect("an answer").status, status);
    client
}

/// Sends so many bytes, until the peer takes no more; how many that were.
fn send(client: &mut Client, length: usize) -> usize {
    let piece = [0; PIECE];
    let mut sent = 0;
    while sent < length {
        if client.stream.get_mut().write_all(&piece).is_err() {
            return sent;
        }
        sent += PIECE;
    }
    sent
}

/// The connection takes another request.
fn goes_on(client: &mut Client) {
    client.send("GET /health HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(client.receive().expect("another answer").status, 200);
}

#[test]
fn a_body_is_taken_that_comes_after_its_answer() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).start();
    let length = format!("Content-Length: {LARGE}\r\n");
    let mut client = answered(gateway.http(), "/nothing", &length, 404);
    assert_eq!(send(&mut client, LARGE), LARGE);
    goes_on(&mut client);

    let mut client = answered(gateway.http(), "/nothing", "Transfer-Encoding: chunked\r\n", 404);
    client.send(&format!("{LARGE:x}\r\n"));
    assert_eq!(send(&mut client, LARGE), LARGE);
    client.send("\r\n0\r\n\r\n");
    goes_on(&mut client);
}

#[test]
fn a_body_is_taken_that_is_too_large() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")])
        .set("listenerConfig.maxEntityBodySize", "10")
        .start();
    let length = format!("Content-Length: {LARGE}\r\n");
    let mut client = answered(gateway.http(), "/p", &length, 413);
    assert_eq!(send(&mut client, LARGE), LARGE);
    goes_on(&mut client);
}

#[test]
fn what_a_backend_does_not_want_is_taken_too() {
    let backend = Backend::start_after_head(|exchange| {
        exchange.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let length = format!("Content-Length: {LARGE}\r\n");
    let mut client = answered(gateway.http(), "/p", &length, 403);
    assert_eq!(send(&mut client, LARGE), LARGE);
    goes_on(&mut client);
}

#[test]
fn nobody_sends_without_end_after_an_answer() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).start();
    let length = format!("Content-Length: {ENDLESS}\r\n");
    let mut client = answered(gateway.http(), "/nothing", &length, 404);
    let sent = send(&mut client, ENDLESS);
    assert!((LARGE..ENDLESS).contains(&sent), "{sent}");
    assert!(client.is_closed());
}

/// It would send the body if it were read.
#[test]
fn nobody_is_asked_for_a_body_after_an_answer() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).start();
    let head = "Content-Length: 10\r\nExpect: 100-continue\r\n";
    let mut client = answered(gateway.http(), "/nothing", head, 404);
    assert!(client.is_closed());
}
