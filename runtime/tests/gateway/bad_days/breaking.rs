//! Circuit breakers.

use super::{answering, following, following_each, logged, one, with};
use crate::support::{Client, GatewayBuilder, eventually};
use mgw_bundle::config::{CircuitBreaker, EndpointKind};
use mgw_fixtures::faulty::{Gate, Step};

fn breaker(volume: u32, reset_ms: u64) -> Option<CircuitBreaker> {
    Some(CircuitBreaker {
        failure_threshold: 0.5,
        reset_ms,
        statuses: vec![503],
        request_volume: volume,
        window_ms: 3_600_000,
        bucket_ms: 60_000,
    })
}

/// Longer than any test.
const HOUR: u64 = 3_600_000;

#[test]
fn an_open_circuit_answers_at_once() {
    let backend = answering(503, "busy");
    let builder = || {
        GatewayBuilder::new(vec![one(&backend, |endpoint| {
            endpoint.circuit_breaker = breaker(5, HOUR)
        })])
    };
    let logged = logged(builder());
    for _ in 0..5 {
        assert_eq!(logged.gateway.get("/p").body, "busy");
    }
    let response = logged.gateway.get("/p");
    assert_eq!(response.status, 503);
    assert!(response.body.contains("101503"), "{}", response.body);
    let retry_after = response
        .header("retry-after")
        .and_then(|value| value.parse::<u64>().ok());
    assert!(
        retry_after.is_some_and(|seconds| (3_000..=3_601).contains(&seconds)),
        "{retry_after:?}"
    );
    assert_eq!(backend.seen().heads.len(), 5);
    logged.says(" fault=gateway reason=circuit_open");
    logged.counts("circuit_open", 1);
    logged.counts("status", 5);
    let labels = format!(
        r#"{{api="p:1.0",endpoint="{}",key_type="PRODUCTION",target="{}"}}"#,
        mgw_bundle::api_id("p", "1.0"),
        backend.url()
    );
    assert_eq!(logged.gateway.metric(&format!("mgw_circuit_closed{labels}")), Some(0.0));
    assert_eq!(
        logged.gateway.metric(&format!("mgw_circuit_opened_total{labels}")),
        Some(1.0)
    );

    let asking = "GET /backends HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let shown = Client::once(logged.gateway.admin(), asking).body;
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let target = serde_json::json!({"url": backend.url(), "circuit": "open"});
    assert_eq!(shown["endpoints"][0]["targets"], serde_json::json!([target]), "{shown}");

    // What was learnt outlives a new bundle that says the same of the endpoint, and not one that says something else.
    logged
        .gateway
        .running
        .reload(&builder().bundle())
        .expect("a good bundle");
    assert!(logged.gateway.get("/p").header("retry-after").is_some());
    let changed = GatewayBuilder::new(vec![one(&backend, |endpoint| {
        endpoint.circuit_breaker = breaker(6, HOUR)
    })]);
    logged.gateway.running.reload(&changed.bundle()).expect("a good bundle");
    assert_eq!(logged.gateway.get("/p").body, "busy");
}

#[test]
fn in_compat_mode_an_open_circuit_is_500() {
    let backend = answering(503, "busy");
    let api = one(&backend, |endpoint| endpoint.circuit_breaker = breaker(1, HOUR));
    let gateway = GatewayBuilder::new(vec![api]).set("compat", "micro-gw-3.2").start();
    assert_eq!(gateway.get("/p").status, 503);
    let response = gateway.get("/p");
    assert_eq!((response.status, response.header("retry-after")), (500, None));
    assert!(response.body.contains("101503"), "{}", response.body);
}

#[test]
fn one_request_at_a_time_finds_out_whether_the_backend_is_back() {
    let gate = Gate::default();
    let backend = following_each(vec![
        vec![Step::ReadRequest, Step::Reset],
        vec![
            Step::ReadRequest,
            Step::Wait(gate.clone()),
            Step::answer(200, "back"),
            Step::Again,
        ],
    ]);
    let gateway = GatewayBuilder::new(vec![one(&backend, |endpoint| endpoint.circuit_breaker = breaker(1, 0))]).start();
    assert_eq!(gateway.get("/p").status, 502);
    // Open for no more than a moment; the first request after it is held at the backend.
    let address = gateway.http();
    let probe = std::thread::spawn(move || {
        loop {
            let response = Client::get(address, "/p");
            if response.status != 503 {
                return response.body;
            }
        }
    });
    eventually("a request passes", || backend.seen().heads.len() == 2);
    for _ in 0..10 {
        assert_eq!(gateway.get("/p").status, 503, "only one finds out");
    }
    assert_eq!(backend.seen().heads.len(), 2);
    gate.open();
    assert_eq!(probe.join().expect("an answer"), "back");
    for _ in 0..10 {
        assert_eq!(gateway.get("/p").body, "back");
    }
}

/// A client that goes away while its request finds out leaves that to the next.
#[test]
fn a_client_that_goes_away_does_not_keep_the_circuit_half_open() {
    let backend = following_each(vec![
        vec![Step::ReadRequest, Step::Reset],
        vec![Step::ReadRequest, Step::ReadToEnd],
        vec![Step::ReadRequest, Step::answer(200, "back"), Step::Again],
    ]);
    let gateway = GatewayBuilder::new(vec![one(&backend, |endpoint| endpoint.circuit_breaker = breaker(1, 0))]).start();
    assert_eq!(gateway.get("/p").status, 502);
    // Each client waits for an answer or for the backend to have its request, and goes away.
    while backend.seen().heads.len() < 2 {
        let mut client = Client::connect(gateway.http());
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        client.stream.get_ref().set_nonblocking(true).expect("a socket");
        eventually("it is answered or passed", || {
            let answered = client.stream.get_ref().peek(&mut [0]).is_ok();
            answered || backend.seen().heads.len() == 2
        });
    }
    eventually("the next finds out", || gateway.get("/p").body == "back");
}

#[test]
fn requests_go_round_a_backend_whose_circuit_is_open() {
    let down = following(vec![Step::ReadRequest, Step::Reset]);
    let up = answering(200, "up");
    let api = with(EndpointKind::LoadBalance, &[down.url(), up.url()], |endpoint| {
        endpoint.circuit_breaker = breaker(2, HOUR);
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    for _ in 0..20 {
        assert_eq!(gateway.get("/p").body, "up");
    }
    assert_eq!(down.seen().heads.len(), 2);
    // POST is safe there too: it does not reach the broken one.
    for _ in 0..4 {
        assert_eq!(Client::once(gateway.http(), super::POST).body, "up");
    }
}

/// A request counts once, whatever its retries: the breaker stands outside of them.
#[test]
fn retries_count_as_one_request() {
    let backend = answering(503, "busy");
    let api = one(&backend, |endpoint| {
        endpoint.circuit_breaker = breaker(3, HOUR);
        endpoint.retry = Some(super::retries(2, &[503]));
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    for _ in 0..3 {
        assert_eq!(gateway.get("/p").body, "busy");
    }
    assert_eq!(backend.seen().heads.len(), 9);
    assert!(gateway.get("/p").header("retry-after").is_some());
}
