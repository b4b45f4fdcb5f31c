//! Every fault before an answer: its status, its code, whose fault the log says it is, and what is counted.

use super::{answering, following, logged, one};
use crate::support::{Client, GatewayBuilder, Pki, TlsBackend, api};
use mgw_fixtures::faulty::{FaultyBackend, Step};

/// Longer than a machine stalls, in milliseconds.
const LONG: u64 = 60_000;

struct Case {
    name: &'static str,
    backend: FaultyBackend,
    status: u16,
    code: &'static str,
    reason: &'static str,
}

fn case(name: &'static str, backend: FaultyBackend, status: u16, code: &'static str, reason: &'static str) -> Case {
    Case {
        name,
        backend,
        status,
        code,
        reason,
    }
}

/// Reads a request, writes this, and ends the connection as `end` says.
fn writing(text: &str, end: Step) -> FaultyBackend {
    following(vec![Step::ReadRequest, Step::write(text), end])
}

fn cases() -> Vec<Case> {
    let half_a_head = "HTTP/1.1 200 OK\r\nContent-Le";
    let large = format!(
        "HTTP/1.1 200 OK\r\nX-A: {}\r\nContent-Length: 0\r\n\r\n",
        "a".repeat(9000)
    );
    let huge = format!("HTTP/1.1 200 OK\r\nX-A: {}", "a".repeat(2 * 1024 * 1024));
    let informing = "HTTP/1.1 102 Processing\r\n\r\n".repeat(1000);
    vec![
        case(
            "refuses",
            FaultyBackend::refusing().expect("a free port"),
            503,
            "101503",
            "refused",
        ),
        case(
            "does not accept",
            FaultyBackend::not_accepting().expect("a free port"),
            504,
            "101504",
            "connect_timeout",
        ),
        case(
            "resets after the request",
            following(vec![Step::ReadRequest, Step::Reset]),
            502,
            "101503",
            "closed",
        ),
        case(
            "closes after the request",
            following(vec![Step::ReadRequest, Step::Close]),
            502,
            "101503",
            "closed",
        ),
        case(
            "resets within its head",
            writing(half_a_head, Step::Reset),
            502,
            "101503",
            "closed",
        ),
        case(
            "closes within its head",
            writing(half_a_head, Step::Close),
            502,
            "101503",
            "closed",
        ),
        case(
            "is not HTTP",
            writing("garbage\r\n\r\n", Step::Close),
            502,
            "101503",
            "malformed",
        ),
        case(
            "has two lengths",
            writing(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                Step::Close,
            ),
            502,
            "101503",
            "malformed",
        ),
        case(
            "has a length that is no number",
            writing("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nab", Step::Close),
            502,
            "101503",
            "malformed",
        ),
        case(
            "has a coding that would stay",
            writing(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                Step::Close,
            ),
            502,
            "101503",
            "malformed",
        ),
        case(
            "switches protocols",
            writing(
                "HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                Step::Close,
            ),
            502,
            "101503",
            "malformed",
        ),
        case(
            "has a large head",
            writing(&large, Step::Close),
            502,
            "101503",
            "too_large",
        ),
        case(
            "has a head without end",
            writing(&huge, Step::ReadToEnd),
            502,
            "101503",
            "too_large",
        ),
        case(
            "is silent",
            following(vec![Step::ReadRequest, Step::ReadToEnd]),
            504,
            "101504",
            "timeout",
        ),
        case(
            "stops within its head",
            writing(half_a_head, Step::ReadToEnd),
            504,
            "101504",
            "timeout",
        ),
        case(
            "only informs",
            writing(&informing, Step::ReadToEnd),
            504,
            "101504",
            "timeout",
        ),
    ]
}

/// Short of time only for the fault that shows in it: a machine that stalls makes none of the others.
fn gateway(backend: &FaultyBackend, reason: &str) -> GatewayBuilder {
    let timeout_ms = if reason == "timeout" { 300 } else { LONG };
    let connect_timeout = if reason == "connect_timeout" { 200 } else { LONG };
    let api = one(backend, |endpoint| endpoint.timeout_ms = timeout_ms);
    GatewayBuilder::new(vec![api]).set("httpClients.connectTimeout", &connect_timeout.to_string())
}

#[test]
fn every_fault_has_its_status_code_reason_and_count() {
    for Case {
        name,
        backend,
        status,
        code,
        reason,
    } in cases()
    {
        let logged = logged(gateway(&backend, reason));
        let response = logged.gateway.get("/p");
        assert_eq!(response.status, status, "{name}: {}", response.body);
        assert!(response.body.contains(code), "{name}: {}", response.body);
        assert!(
            !response.body.contains(&backend.address().port().to_string()),
            "{name} shows an address"
        );
        logged.says(&format!(" {status} "));
        logged.says("phase=upstream ms=");
        logged.says(&format!(" fault=backend reason={reason}"));
        logged.counts(reason, 1);
        assert!(backend.seen().heads.len() <= 1, "{name} got a request twice");
    }
}

/// Whether the gateway notices while it connects or when it sends is for the system to say.
#[test]
fn a_backend_that_resets_at_once_is_to_blame_all_the_same() {
    let backend = following(vec![Step::Reset]);
    let logged = logged(gateway(&backend, "closed"));
    let response = logged.gateway.get("/p");
    assert!(matches!(response.status, 502 | 503), "{}", response.status);
    assert!(response.body.contains("101503"), "{}", response.body);
    logged.says(" fault=backend reason=");
}

/// As micro-gw answered: 500 and one code for all.
#[test]
fn in_compat_mode_all_faults_are_500() {
    for Case {
        name, backend, reason, ..
    } in cases()
    {
        let gateway = gateway(&backend, reason).set("compat", "micro-gw-3.2").start();
        let response = gateway.get("/p");
        assert_eq!(response.status, 500, "{name}");
        assert!(response.body.contains("101503"), "{name}: {}", response.body);
    }
}

/// What is slow or odd and still HTTP is passed on.
#[test]
fn oddities_that_are_no_faults_are_passed_on() {
    let trickled = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".to_vec();
    for (name, script) in [
        ("trickles", vec![Step::ReadRequest, Step::Trickle(trickled)]),
        (
            "informs first",
            vec![
                Step::ReadRequest,
                Step::write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"),
                Step::answer(200, "ok"),
            ],
        ),
        (
            "says go on without being asked",
            vec![
                Step::ReadRequest,
                Step::write("HTTP/1.1 100 Continue\r\n\r\n"),
                Step::answer(200, "ok"),
            ],
        ),
        (
            "ends its answer by closing",
            vec![Step::ReadRequest, Step::write("HTTP/1.1 200 OK\r\n\r\nok"), Step::Close],
        ),
        (
            "speaks HTTP/1.0",
            vec![
                Step::ReadRequest,
                Step::write("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                Step::Close,
            ],
        ),
    ] {
        let backend = following(script);
        let gateway = GatewayBuilder::new(vec![one(&backend, |_| {})]).start();
        let response = gateway.get("/p");
        assert_eq!((response.status, response.body.as_str()), (200, "ok"), "{name}");
    }
}

/// What a backend writes behind its answer must never become the answer to another request.
#[test]
fn an_answer_that_nobody_asked_for_is_nobodys() {
    let poisoned = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    let backend = following(vec![Step::ReadRequest, Step::write(poisoned), Step::Again]);
    let gateway = GatewayBuilder::new(vec![one(&backend, |_| {})]).cores(1).start();
    let mut client = Client::connect(gateway.http());
    for _ in 0..20 {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        assert_eq!(client.receive().expect("an answer").body, "ok");
    }
    assert_eq!(backend.seen().connections, 20, "no such connection is used again");
}

#[test]
fn answers_of_backends_are_no_faults() {
    let backend = answering(503, "later");
    let logged = logged(gateway(&backend, "status"));
    let response = logged.gateway.get("/p");
    assert_eq!((response.status, response.body.as_str()), (503, "later"));
    logged.says("phase=respond");
    assert!(
        !logged.lines().iter().any(|line| line.contains("fault=")),
        "{:?}",
        logged.lines()
    );
}

/// Backends behind TLS that are not whom they should be, or say nothing that TLS knows.
#[test]
fn handshakes_fail_in_many_ways() {
    let pki = Pki::new();
    pki.signed("elsewhere", "elsewhere.test");
    pki.self_signed("stranger");
    let other_name = TlsBackend::start(&pki, "elsewhere");
    let stranger = TlsBackend::start(&pki, "stranger");
    let plain = following(vec![
        Step::write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        Step::ReadToEnd,
    ]);
    let resetting = following(vec![Step::ReadBody(5), Step::Reset]);
    let silent = following(vec![Step::ReadToEnd]);
    let trust = pki.trust_store(&["ca"]);
    let tls = |backend: &FaultyBackend| format!("https://localhost:{}", backend.address().port());
    for (name, url, status, code, reason) in [
        ("another name", other_name.url(), 503, "101503", "tls"),
        ("nobody trusts it", stranger.url(), 503, "101503", "tls"),
        ("no TLS", tls(&plain), 503, "101503", "tls"),
        ("a reset", tls(&resetting), 503, "101503", "tls"),
        ("silence", tls(&silent), 504, "101504", "connect_timeout"),
    ] {
        let connect_timeout = if reason == "connect_timeout" { 1000 } else { LONG };
        let builder = GatewayBuilder::new(vec![api("/p", &url)])
            .set("httpClients.connectTimeout", &connect_timeout.to_string())
            .set("httpClients.sslConfig.trustStorePath", &trust.to_string_lossy())
            .set("httpClients.sslConfig.trustStorePassword", Pki::PASSWORD);
        let logged = logged(builder);
        // Safe whatever the method: nothing of the request has been sent.
        let response = Client::once(logged.gateway.http(), super::POST);
        assert_eq!(response.status, status, "{name}: {}", response.body);
        assert!(response.body.contains(code), "{name}: {}", response.body);
        logged.says(&format!(" fault=backend reason={reason}"));
        logged.counts(reason, 1);
    }
}
