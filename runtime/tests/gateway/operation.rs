//! What operators see.

use crate::support::{Backend, Client, GatewayBuilder, Issuer, api, eventually, respond};
use std::sync::{Arc, Mutex};

#[test]
fn readiness_says_what_is_served() {
    let builder = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")]);
    let gateway = builder.start();
    let response = Client::get(gateway.admin(), "/ready");
    assert_eq!(response.status, 200);
    let ready: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["reasons"], serde_json::json!([]));
    assert_eq!(ready["project"], "test");
    assert_eq!(ready["apis"], 1);
    assert_eq!(ready["configGeneration"], 1);
    assert_eq!(ready["bundle"], builder.bundle().digest.to_string());
    assert!(ready["startedAt"].is_string());
    assert_eq!(Client::get(gateway.admin(), "/nothing").status, 404);
    let post = Client::once(
        gateway.admin(),
        "POST /ready HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(post.status, 405);
    assert_eq!(gateway.get("/metrics").status, 404, "API listeners do not show metrics");
}

#[test]
fn a_gateway_without_its_event_hub_serves_and_says_so() {
    let backend = Backend::named("ok");
    // Nobody listens on this port of this machine.
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval", "true")
        .set(
            "apim.eventHub.eventListeningEndpoints",
            "amqp://ana:canary@127.0.0.1:1/carbon",
        )
        .start();
    let failures = r#"mgw_revocation_source_failures_total{source="event-hub"}"#;
    eventually(failures, || {
        gateway.metric(failures).is_some_and(|failures| failures > 0.0)
    });
    assert_eq!(
        gateway.metric(r#"mgw_revocation_source_current{source="event-hub"}"#),
        Some(0.0)
    );
    assert_eq!(gateway.get("/p").status, 200);
    let ready = Client::get(gateway.admin(), "/ready");
    assert_eq!(ready.status, 200);
    let ready: serde_json::Value = serde_json::from_str(&ready.body).expect("JSON");
    let source = serde_json::json!({"source": "event-hub", "state": "loading", "currentAtMs": 0});
    assert_eq!(ready["revocationSources"], serde_json::json!([source]));
}

#[test]
fn requests_are_counted() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    for _ in 0..3 {
        assert_eq!(gateway.get("/p").status, 200);
    }
    assert_eq!(gateway.get("/nowhere").status, 404);
    for (metric, value) in [
        (
            r#"mgw_requests_total{api="p",version="1.0",method="GET",status="2xx"}"#,
            3.0,
        ),
        (
            r#"mgw_requests_total{api="",version="",method="GET",status="4xx"}"#,
            1.0,
        ),
        ("mgw_upstream_latency_seconds_count", 3.0),
        ("mgw_requests_in_flight", 0.0),
    ] {
        eventually(metric, || gateway.metric(metric) == Some(value));
    }
}

#[test]
fn every_request_leaves_a_line() {
    let backend = Backend::named("ok");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.log");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("b7a.http.accesslog.path", &path.to_string_lossy())
        .start();
    let response = Client::once(
        gateway.http(),
        "GET /p/x?apikey=s3cret HTTP/1.1\r\nHost: gateway\r\nUser-Agent: me\r\nX-Correlation-ID: abc\r\n\r\n",
    );
    assert_eq!(response.status, 200);
    assert_eq!(gateway.get("/nowhere").status, 404);
    gateway.running.drain(std::time::Duration::from_secs(5));
    let log = std::fs::read_to_string(&path).expect("a log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    for part in [
        "127.0.0.1 - - [",
        "\"GET /p/x?apikey=*** HTTP/1.1\" 200 2 \"-\" \"me\" id=abc api=p:1.0 app=- phase=respond ms=",
    ] {
        assert!(lines[0].contains(part), "{part} in {log}");
    }
    assert!(lines[1].contains("\"GET /nowhere HTTP/1.1\" 404 "), "{log}");
    assert!(lines[1].contains("api=- app=- phase=route"), "{log}");
    assert!(!log.contains("s3cret"));
}

#[test]
fn refused_head_requests_are_complete_answers() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")]).start();
    let mut client = Client::connect(gateway.http());
    for _ in 0..2 {
        client.send("HEAD /nowhere HTTP/1.1\r\nHost: gateway\r\n\r\n");
        let (status, headers) = client.receive_head().expect("a head");
        assert_eq!(status, 404);
        assert!(
            headers
                .iter()
                .any(|(name, value)| name == "content-length" && value != "0"),
            "{headers:?}"
        );
    }
    let metric = r#"mgw_requests_total{api="",version="",method="HEAD",status="4xx"}"#;
    eventually(metric, || gateway.metric(metric) == Some(2.0));
}

#[test]
fn counters_survive_reloads_good_and_bad() {
    let backend = Backend::named("ok");
    let builder = GatewayBuilder::new(vec![api("/p", &backend.url())]);
    let gateway = builder.start();
    assert_eq!(gateway.get("/p").status, 200);
    let metric = r#"mgw_requests_total{api="p",version="1.0",method="GET",status="2xx"}"#;
    let bad = GatewayBuilder::new(vec![api("/q", "ftp://x")]).bundle();
    assert!(gateway.running.reload(&bad).is_err());
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    assert_eq!(gateway.get("/p").status, 200);
    eventually(metric, || gateway.metric(metric) == Some(2.0));
    let other = GatewayBuilder::new(vec![api("/q", &backend.url())]).bundle();
    gateway.running.reload(&other).expect("a good bundle");
    assert_eq!(gateway.metric(metric), None, "APIs that are gone are not shown");
}

/// Not ready before the first answer of the issuer, ready after it whatever it was.
#[test]
fn readiness_waits_for_the_first_fetch_of_keys() {
    let (asked, answer) = (Arc::new(Mutex::new(())), Backend::named("no keys"));
    let hold = asked.lock().expect("nobody panicked");
    let issuer = Backend::start({
        let asked = Arc::clone(&asked);
        move |exchange| {
            drop(asked.lock());
            respond(exchange, 500, "");
        }
    });
    let gateway = GatewayBuilder::new(vec![api("/p", &answer.url())])
        .file(&Issuer::published(&format!("{}/jwks", issuer.url())))
        .start();
    let response = Client::get(gateway.admin(), "/ready");
    assert_eq!(response.status, 503);
    assert!(response.body.contains("\"fetching-keys\""), "{}", response.body);
    assert_eq!(gateway.metric("mgw_ready"), Some(0.0));
    drop(hold);
    eventually("the fetch ends", || {
        Client::get(gateway.admin(), "/ready").status == 200
    });
    let ready = Client::get(gateway.admin(), "/ready").body;
    assert!(ready.contains("https://issuer.test"), "{ready}");
}
