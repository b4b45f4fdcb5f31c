//! Bounds on connections of one endpoint, and the queue before them.

use super::{following, logged, with};
use crate::support::{Client, GatewayBuilder, eventually};
use mgw_bundle::config::{EndpointKind, PoolBounds};
use mgw_fixtures::faulty::{Gate, Step};

const GET: &str = "GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n";

fn bounds(wait_ms: u64) -> Option<PoolBounds> {
    Some(PoolBounds {
        max_active: Some(1),
        wait_ms: Some(wait_ms),
        ..PoolBounds::default()
    })
}

#[test]
fn requests_wait_in_a_queue_of_bounded_length() {
    let gate = Gate::default();
    let backend = following(vec![
        Step::ReadRequest,
        Step::Wait(gate.clone()),
        Step::answer(200, "ok"),
        Step::Again,
    ]);
    let api = with(EndpointKind::Single, &[backend.url()], |endpoint| {
        endpoint.pool = bounds(60_000)
    });
    let logged = logged(GatewayBuilder::new(vec![api]).set("httpClients.poolConfig.maxWaitingRequests", "1"));
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(logged.gateway.http());
        client.send(GET);
        clients.push(client);
    }
    eventually("one is under way and one waits", || {
        backend.seen().heads.len() == 1 && logged.gateway.metric("mgw_requests_in_flight") == Some(2.0)
    });
    let refused = logged.gateway.get("/p");
    assert_eq!(refused.status, 503, "the queue is full");
    assert!(refused.body.contains("101503"), "{}", refused.body);
    logged.says(" fault=gateway reason=busy");
    logged.counts("busy", 1);
    gate.open();
    for mut client in clients {
        assert_eq!(client.receive().expect("an answer").body, "ok");
    }
    assert_eq!(backend.seen().heads.len(), 2);
    assert_eq!(backend.seen().connections, 1);
}

/// The place is free when the answer has been passed on, and not before.
#[test]
fn an_answer_holds_its_place_to_its_end() {
    let gate = Gate::default();
    let backend = following(vec![
        Step::ReadRequest,
        Step::write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha"),
        Step::Wait(gate.clone()),
        Step::write("lf"),
        Step::Again,
    ]);
    let api = with(EndpointKind::Single, &[backend.url()], |endpoint| {
        endpoint.pool = bounds(0)
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    let mut first = Client::connect(gateway.http());
    first.send(GET);
    assert_eq!(first.receive_head().expect("a head").0, 200);
    assert_eq!(gateway.get("/p").status, 503);
    gate.open();
    eventually("the place is free", || gateway.get("/p").status == 200);
}

#[test]
fn what_finds_no_place_goes_to_the_next_backend() {
    let gate = Gate::default();
    let held = following(vec![
        Step::ReadRequest,
        Step::Wait(gate.clone()),
        Step::answer(200, "held"),
        Step::Again,
    ]);
    let free = super::answering(200, "free");
    let api = with(EndpointKind::Failover, &[held.url(), free.url()], |endpoint| {
        endpoint.pool = bounds(0)
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    let mut first = Client::connect(gateway.http());
    first.send(GET);
    eventually("the first backend is busy", || held.seen().heads.len() == 1);
    assert_eq!(gateway.get("/p").body, "free");
    gate.open();
    assert_eq!(first.receive().expect("an answer").body, "held");
}

#[test]
fn an_endpoint_that_keeps_no_connection_opens_one_for_each_request() {
    for (max_idle, connections) in [(Some(0), 5), (Some(1), 1), (None, 1)] {
        let backend = super::answering(200, "ok");
        let api = with(EndpointKind::Single, &[backend.url()], |endpoint| {
            endpoint.pool = Some(PoolBounds {
                max_idle,
                ..PoolBounds::default()
            });
        });
        let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
        for _ in 0..5 {
            assert_eq!(gateway.get("/p").body, "ok");
        }
        assert_eq!(backend.seen().connections, connections, "{max_idle:?}");
    }
}
