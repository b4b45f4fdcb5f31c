//! Shutting down without losing a request.

use crate::support::{Backend, Client, GatewayBuilder, PATIENCE, api, eventually, respond};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn running_requests_finish_and_new_ones_find_nobody() {
    let (release, released) = channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let backend = Backend::start(move |exchange| {
        let _ = released.lock().expect("one request").recv_timeout(PATIENCE);
        respond(exchange, 200, "finished");
    });
    let gateway = Arc::new(GatewayBuilder::new(vec![api("/p", &backend.url())]).start());
    let (http, admin) = (gateway.http(), gateway.admin());
    let mut running = Client::connect(http);
    running.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    eventually("the backend sees the request", || backend.heads().len() == 1);
    let mut idle = Client::connect(http);
    idle.send("GET /health HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(idle.receive().expect("a response").status, 200);

    let draining = std::thread::spawn({
        let gateway = Arc::clone(&gateway);
        move || gateway.running.drain(PATIENCE)
    });
    eventually("the gateway is not ready", || {
        Client::get(admin, "/ready").status == 503
    });
    assert!(Client::get(admin, "/ready").body.contains("draining"));
    eventually("nobody listens", || TcpStream::connect(http).is_err());
    assert!(idle.is_closed());

    release.send(()).expect("the backend waits");
    let response = running.receive().expect("a response");
    assert_eq!((response.status, response.body.as_str()), (200, "finished"));
    assert!(running.is_closed());
    assert_eq!(draining.join().expect("it drains").aborted, 0);
    assert!(TcpStream::connect(admin).is_err());
}

#[test]
fn the_deadline_cuts_what_does_not_end() {
    let backend = Backend::start(|exchange| {
        let _ = exchange.connection.receive_chunk();
        exchange.close = true;
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let mut running = Client::connect(gateway.http());
    running.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    eventually("the backend sees the request", || backend.heads().len() == 1);
    assert_eq!(gateway.running.drain(Duration::from_millis(50)).aborted, 1);
    assert!(running.is_closed());
}

#[test]
fn answers_during_the_drain_close_the_connection() {
    let (release, released) = channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let backend = Backend::start(move |exchange| {
        let _ = released.lock().expect("one request").recv_timeout(PATIENCE);
        respond(exchange, 200, "finished");
    });
    let gateway = Arc::new(GatewayBuilder::new(vec![api("/p", &backend.url())]).start());
    let mut running = Client::connect(gateway.http());
    running.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    eventually("the backend sees the request", || backend.heads().len() == 1);
    let draining = std::thread::spawn({
        let gateway = Arc::clone(&gateway);
        move || gateway.running.drain(PATIENCE)
    });
    eventually("nobody listens", || TcpStream::connect(gateway.http()).is_err());
    release.send(()).expect("the backend waits");
    let response = running.receive().expect("a response");
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(draining.join().expect("it drains").aborted, 0);
}

/// Connections that were made before the listener closed are served, not reset.
#[test]
fn queued_connections_are_served() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let http = gateway.http();
    let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(http)).collect();
    for client in &mut clients {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    }
    let draining = std::thread::spawn(move || gateway.running.drain(PATIENCE));
    for client in &mut clients {
        assert_eq!(client.receive().expect("a response").status, 200);
    }
    assert_eq!(draining.join().expect("it drains").aborted, 0);
}
