//! Which requests are sent again, and which never are.

use super::{FAILOVERS, POST, RETRIES, answering, following, following_each, logged, one, retries, with};
use crate::support::{Client, GatewayBuilder, TestGateway, eventually};
use mgw_bundle::config::{Endpoint, EndpointKind, Method};
use mgw_fixtures::faulty::{FaultyBackend, Step};

/// A gateway that offers PUT and PATCH beside what tests have.
fn gateway(backend: &FaultyBackend, change: impl FnOnce(&mut Endpoint)) -> TestGateway {
    let mut api = one(backend, change);
    for method in [Method::Put, Method::Patch] {
        api.resources.push(crate::support::open("/*", method));
    }
    GatewayBuilder::new(vec![api]).cores(1).start()
}

fn ask(gateway: &TestGateway, method: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!("{method} /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: {length}\r\n\r\n{body}");
    let response = Client::once(gateway.http(), &request);
    (response.status, response.body)
}

/// Scripts that fail each in its way after the request was read.
fn failing() -> Vec<(&'static str, Vec<Step>, u16)> {
    vec![
        ("reset", vec![Step::ReadRequest, Step::Reset], 502),
        ("closed", vec![Step::ReadRequest, Step::Close], 502),
        (
            "closed within the head",
            vec![Step::ReadRequest, Step::write("HTTP/1.1 2"), Step::Close],
            502,
        ),
        ("silent", vec![Step::ReadRequest, Step::ReadToEnd], 504),
        (
            "busy",
            vec![Step::ReadRequest, Step::answer(503, "busy"), Step::Close],
            503,
        ),
    ]
}

#[test]
fn idempotent_requests_are_retried_and_others_are_not() {
    for (name, script, status) in failing() {
        for (method, body, repeats) in [
            ("GET", "", true),
            ("HEAD", "", true),
            ("PUT", "text", true),
            ("POST", "text", false),
            ("POST", "", false),
            ("PATCH", "text", false),
        ] {
            let works = vec![Step::ReadRequest, Step::answer(200, ""), Step::Again];
            let backend = following_each(vec![script.clone(), works]);
            // Where silence is told by the time, a machine that stalls makes more of it: further attempts follow.
            let is_silent = name == "silent";
            let gateway = gateway(&backend, |endpoint| {
                endpoint.timeout_ms = if is_silent { 300 } else { 60_000 };
                endpoint.retry = Some(retries(if is_silent { 1000 } else { 1 }, &[503]));
            });
            let request = format!(
                "{method} /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let mut client = Client::connect(gateway.http());
            client.send(&request);
            let (found, _) = client.receive_head().expect("a head");
            assert_eq!(found, if repeats { 200 } else { status }, "{name} {method}");
            let seen = backend.seen();
            let counted = gateway.metric(RETRIES).unwrap_or(0.0);
            let repeated = if repeats { 1 } else { 0 };
            if is_silent && repeats {
                assert!(counted >= 1.0 && seen.heads.len() > 1, "{name} {method}");
            } else {
                assert_eq!(
                    (seen.heads.len(), counted),
                    (1 + repeated, repeated as f64),
                    "{name} {method}"
                );
            }
            assert!(
                seen.bodies.iter().all(|seen| seen == body.as_bytes()),
                "{name} {method}"
            );
        }
    }
}

#[test]
fn authors_may_have_every_method_retried() {
    let backend = following_each(vec![
        vec![Step::ReadRequest, Step::Reset],
        vec![Step::ReadRequest, Step::answer(503, ""), Step::Again],
    ]);
    let gateway = gateway(&backend, |endpoint| {
        let mut retry = retries(2, &[503]);
        retry.unsafe_methods = true;
        endpoint.retry = Some(retry);
    });
    assert_eq!(
        ask(&gateway, "POST", "once or twice").0,
        503,
        "the last answer is passed on"
    );
    let seen = backend.seen();
    assert_eq!(seen.heads.len(), 3);
    assert!(seen.bodies.iter().all(|body| body == b"once or twice"), "{seen:?}");
}

/// Safety does not depend on the mode: micro-gw repeated every method.
#[test]
fn compat_mode_is_no_less_safe() {
    let backend = following(vec![Step::ReadRequest, Step::answer(503, "busy"), Step::Again]);
    let api = one(&backend, |endpoint| endpoint.retry = Some(retries(2, &[503])));
    let gateway = GatewayBuilder::new(vec![api]).set("compat", "micro-gw-3.2").start();
    assert_eq!(Client::once(gateway.http(), POST).body, "busy");
    assert_eq!(backend.seen().heads.len(), 1);
    assert_eq!(gateway.get("/p").body, "busy");
    assert_eq!(backend.seen().heads.len(), 4);
}

/// A request of which nothing was sent is safe whatever its method and length.
#[test]
fn what_was_not_sent_goes_to_the_next_backend() {
    let refusing = FaultyBackend::refusing().expect("a free port");
    let working = answering(200, "ok");
    let body = "x".repeat(200_000);
    for kind in [EndpointKind::LoadBalance, EndpointKind::Failover] {
        let api = with(kind, &[refusing.url(), working.url()], |_| {});
        let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
        for _ in 0..4 {
            assert_eq!(ask(&gateway, "POST", &body), (200, "ok".into()), "{kind:?}");
        }
        let failovers = gateway.metric(FAILOVERS);
        assert!(failovers.is_some_and(|count| count >= 1.0), "{kind:?} {failovers:?}");
    }
    assert!(working.seen().bodies.iter().all(|seen| *seen == body.as_bytes()));
}

#[test]
fn bodies_are_repeated_as_long_as_they_are_kept() {
    for (length, kept, repeats) in [
        (1000, "1000", true),
        (1001, "1000", false),
        (200_000, "1000000", true),
        (1, "0", false),
    ] {
        let backend = following_each(vec![
            vec![Step::ReadRequest, Step::Reset],
            vec![Step::ReadRequest, Step::answer(200, "ok"), Step::Again],
        ]);
        let mut api = one(&backend, |endpoint| endpoint.retry = Some(retries(1, &[])));
        api.resources.push(crate::support::open("/*", Method::Put));
        let gateway = GatewayBuilder::new(vec![api])
            .cores(1)
            .set("httpClients.repeatableBodySize", kept)
            .start();
        let body = "x".repeat(length);
        let (status, _) = ask(&gateway, "PUT", &body);
        assert_eq!(status, if repeats { 200 } else { 502 }, "{length} {kept}");
        let seen = backend.seen();
        assert!(seen.bodies.iter().all(|seen| seen.len() == length), "{length} {kept}");
    }
}

/// The answer comes before the request is complete; the next attempt gets what had come, and then the rest.
#[test]
fn a_body_that_is_still_coming_is_repeated_and_goes_on() {
    let backend = following_each(vec![
        vec![
            Step::ReadHead,
            Step::ReadBody(4),
            Step::answer(503, "busy"),
            Step::ReadToEnd,
        ],
        vec![
            Step::ReadHead,
            Step::ReadBody(4),
            Step::ReadBody(4),
            Step::answer(200, "ok"),
        ],
    ]);
    let mut api = one(&backend, |endpoint| endpoint.retry = Some(retries(1, &[503])));
    api.resources.push(crate::support::open("/*", Method::Put));
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    let mut client = Client::connect(gateway.http());
    client.send("PUT /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 8\r\n\r\nhalf");
    eventually("the second attempt has the first half", || {
        backend.seen().bodies.len() == 2
    });
    eventually("the first connection is closed", || backend.seen().ended_by_peer == 1);
    client.send("rest");
    assert_eq!(client.receive().expect("an answer").body, "ok");
    assert_eq!(backend.seen().bodies, [b"half", b"half", b"rest"]);
}

/// A backend that closes an idle connection at the moment of reuse: repeated at once where that is safe, also without a
/// policy, and never otherwise.
#[test]
fn connections_that_close_at_the_moment_of_reuse() {
    for (method, body, repeats) in [("GET", "", true), ("PUT", "text", true), ("POST", "text", false)] {
        let backend = following_each(vec![
            vec![
                Step::ReadRequest,
                Step::answer(200, "first"),
                Step::ReadRequest,
                Step::Reset,
            ],
            vec![Step::ReadRequest, Step::answer(200, "second"), Step::Again],
        ]);
        let gateway = gateway(&backend, |_| {});
        assert_eq!(gateway.get("/p").body, "first");
        let (status, text) = ask(&gateway, method, body);
        if repeats {
            assert_eq!((status, text.as_str()), (200, "second"), "{method}");
        } else {
            assert_eq!(status, 502, "{method}");
        }
        assert_eq!(backend.seen().heads.len(), if repeats { 3 } else { 2 }, "{method}");
    }
}

#[test]
fn nothing_is_repeated_once_the_answer_has_begun() {
    let backend = following(vec![
        Step::ReadRequest,
        Step::write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart"),
        Step::Reset,
    ]);
    let gateway = gateway(&backend, |endpoint| endpoint.retry = Some(retries(3, &[200, 503])));
    // The status 200 is retried; what breaks off is the last answer, which is passed on.
    let mut client = Client::connect(gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    let _ = client.receive();
    assert_eq!(backend.seen().heads.len(), 4);
}

#[test]
fn retries_stay_within_their_budget() {
    let backend = answering(503, "busy");
    let api = one(&backend, |endpoint| {
        let mut retry = retries(1, &[503]);
        retry.budget_percent = 1;
        endpoint.retry = Some(retry);
    });
    let logged = logged(GatewayBuilder::new(vec![api]));
    for _ in 0..50 {
        assert_eq!(logged.gateway.get("/p").status, 503);
    }
    // The floor of ten; the budget would have come back had this taken ten seconds.
    let retried = logged.gateway.metric(RETRIES).expect("some were");
    let over = logged
        .gateway
        .metric(r#"mgw_backend_retries_over_budget_total{api="p",version="1.0"}"#)
        .expect("some were not");
    assert_eq!(retried + over, 50.0);
    assert!(retried >= 10.0 && over > 0.0, "{retried} {over}");
    assert_eq!(backend.seen().heads.len(), 50 + retried as usize);
}

#[test]
fn all_attempts_together_have_their_time() {
    let backend = following(vec![Step::ReadRequest, Step::ReadToEnd]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |endpoint| {
        endpoint.timeout_ms = 200;
        endpoint.total_timeout_ms = Some(500);
        endpoint.retry = Some(retries(1000, &[]));
    })]));
    let response = logged.gateway.get("/p");
    assert_eq!(response.status, 504);
    assert!(response.body.contains("101504"), "{}", response.body);
    eventually("the backend has a request", || !backend.seen().heads.is_empty());
    assert!(backend.seen().heads.len() <= 4, "{:?}", backend.seen());
    logged.says(" fault=backend reason=total_timeout");
    logged.counts("total_timeout", 1);
}

#[test]
fn a_wait_beyond_the_time_is_not_begun() {
    let backend = answering(503, "busy");
    let logged = logged(
        GatewayBuilder::new(vec![one(&backend, |endpoint| {
            endpoint.total_timeout_ms = Some(59_000);
            let mut retry = retries(3, &[503]);
            (retry.interval_ms, retry.max_interval_ms) = (60_000, 60_000);
            endpoint.retry = Some(retry);
        })])
        .set("compat", "micro-gw-3.2"),
    );
    // Without jitter the wait is a minute: the answer at hand is passed on.
    assert_eq!(logged.gateway.get("/p").body, "busy");
    assert_eq!(backend.seen().heads.len(), 1);
    assert_eq!(logged.gateway.metric(RETRIES), None);
}
