//! Several backends: which one gets a request, and what happens when some fail.

use super::{FAILOVERS, POST, answering, following, with};
use crate::support::{Client, GatewayBuilder, TestGateway, eventually};
use mgw_bundle::config::{Balance, CredentialPlace, EndpointAuth, EndpointKind, HashKey};
use mgw_fixtures::faulty::{FaultyBackend, Gate, Step};
use std::collections::{BTreeMap, BTreeSet};

fn named(names: &[&str]) -> Vec<FaultyBackend> {
    names.iter().map(|name| answering(200, name)).collect()
}

fn urls(backends: &[FaultyBackend]) -> Vec<String> {
    backends.iter().map(FaultyBackend::url).collect()
}

fn asked_as(gateway: &TestGateway, user: &str) -> String {
    let request = format!("GET /p HTTP/1.1\r\nHost: gateway\r\nX-User: {user}\r\n\r\n");
    Client::once(gateway.http(), &request).body
}

#[test]
fn a_key_stays_with_its_backend_and_moves_only_when_it_is_gone() {
    let backends = named(&["a", "b", "c"]);
    let hashed = |urls: &[String]| {
        let api = with(EndpointKind::LoadBalance, urls, |endpoint| {
            endpoint.balance = Balance::ConsistentHash(HashKey::Header("x-user".into()));
        });
        GatewayBuilder::new(vec![api]).start()
    };
    let gateway = hashed(&urls(&backends));
    let users: Vec<String> = (0..60).map(|number| format!("user-{number}")).collect();
    let homes: BTreeMap<&String, String> = users.iter().map(|user| (user, asked_as(&gateway, user))).collect();
    for name in ["a", "b", "c"] {
        assert!(homes.values().filter(|home| *home == name).count() > 5, "{homes:?}");
    }
    for (user, home) in &homes {
        assert_eq!(asked_as(&gateway, user), *home, "the same backend every time");
    }
    // Another gateway agrees, and one without `c` moves only what was there.
    let fewer = hashed(&urls(&backends[..2]));
    for (user, home) in &homes {
        let now = asked_as(&fewer, user);
        assert!(now == *home || home == "c", "{user} moved from {home} to {now}");
    }
}

/// The gateway's own credentials stand in the same header on the way to the backend.
#[test]
fn keys_are_made_of_what_clients_sent() {
    let backends = named(&["a", "b"]);
    let api = with(EndpointKind::LoadBalance, &urls(&backends), |endpoint| {
        endpoint.name = Some("shop".into());
        endpoint.balance = Balance::ConsistentHash(HashKey::Header("x-user".into()));
        endpoint.auth = Some(EndpointAuth::ApiKey {
            place: CredentialPlace::Header("x-user".into()),
        });
    });
    let gateway = GatewayBuilder::new(vec![api])
        .set("shop_prod_api_key", "canary")
        .start();
    let homes: BTreeSet<String> = (0..60).map(|user| asked_as(&gateway, &user.to_string())).collect();
    assert_eq!(homes, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}

#[test]
fn keys_of_a_backend_that_is_down_find_another() {
    let up = answering(200, "up");
    let down = FaultyBackend::refusing().expect("a free port");
    let api = with(EndpointKind::LoadBalance, &[down.url(), up.url()], |endpoint| {
        endpoint.balance = Balance::ConsistentHash(HashKey::Header("x-user".into()));
    });
    let gateway = GatewayBuilder::new(vec![api]).start();
    for number in 0..20 {
        assert_eq!(asked_as(&gateway, &number.to_string()), "up");
    }
}

#[test]
fn the_backend_with_the_fewest_requests_gets_the_next() {
    let gate = Gate::default();
    let slow = following(vec![
        Step::ReadRequest,
        Step::Wait(gate.clone()),
        Step::answer(200, "slow"),
        Step::Again,
    ]);
    let fast = answering(200, "fast");
    let api = with(EndpointKind::LoadBalance, &[slow.url(), fast.url()], |endpoint| {
        endpoint.balance = Balance::LeastOutstanding;
    });
    let gateway = GatewayBuilder::new(vec![api]).start();
    let mut held = Vec::new();
    // One request hangs at the slow backend sooner or later; from then on all others go to the fast one.
    while slow.seen().heads.is_empty() {
        let mut client = Client::connect(gateway.http());
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        eventually("a backend has the request", || {
            slow.seen().heads.len() + fast.seen().heads.len() > held.len()
        });
        held.push(client);
    }
    for _ in 0..30 {
        assert_eq!(gateway.get("/p").body, "fast");
    }
    assert_eq!(slow.seen().heads.len(), 1);
    gate.open();
    for mut client in held {
        assert_eq!(client.receive().expect("an answer").status, 200);
    }
    eventually("the slow one is used again", || gateway.get("/p").body == "slow");
}

#[test]
fn failover_leaves_a_backend_that_is_silent() {
    let silent = following(vec![Step::ReadRequest, Step::ReadToEnd]);
    let up = answering(200, "up");
    let api = with(EndpointKind::Failover, &[silent.url(), up.url()], |endpoint| {
        endpoint.timeout_ms = 300;
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    // What cannot be repeated fails, and the next request begins with the other backend all the same.
    assert_eq!(Client::once(gateway.http(), POST).status, 504);
    // Unless the machine stalls for as long, which the other backend is not to blame for either.
    eventually("it begins with the other", || {
        Client::once(gateway.http(), POST).body == "up"
    });
    eventually("and stays there", || {
        (0..2).all(|_| Client::once(gateway.http(), POST).body == "up")
    });
}

#[test]
fn failover_passes_on_the_last_answer_and_micro_gw_its_own() {
    let backends = [answering(501, "one"), answering(503, "two")];
    let api = || with(EndpointKind::Failover, &urls(&backends), |_| {});
    let gateway = GatewayBuilder::new(vec![api()]).cores(1).start();
    let response = gateway.get("/p");
    assert_eq!((response.status, response.body.as_str()), (503, "two"));
    assert_eq!(gateway.metric(FAILOVERS), Some(1.0));
    let compat = GatewayBuilder::new(vec![api()]).set("compat", "micro-gw-3.2").start();
    let response = compat.get("/p");
    assert_eq!(response.status, 500);
    assert!(response.body.contains("101503"), "{}", response.body);
}

/// Connections of answers that nobody wanted are kept all the same.
#[test]
fn failing_over_costs_no_connection() {
    let down = answering(503, "down");
    let up = answering(200, "up");
    let api = with(EndpointKind::LoadBalance, &[down.url(), up.url()], |endpoint| {
        endpoint.retry = Some(super::retries(1, &[503]));
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    for _ in 0..20 {
        assert_eq!(gateway.get("/p").body, "up");
    }
    assert_eq!(down.seen().heads.len(), 10);
    assert_eq!(down.seen().connections, 1);
}
