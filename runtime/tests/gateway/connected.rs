//! What operators see of a control plane that is followed.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api};
use mgw_runtime::{ConnectedReport, Freshness, Pulls, RefusedBundle, Thresholds};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A report about a state that was taken over so many seconds ago.
fn report(age: u64) -> ConnectedReport {
    ConnectedReport {
        control_plane: "https://cp.example".to_owned(),
        freshness: Freshness::restored(0, age * 1000, Instant::now()),
        thresholds: Thresholds {
            stale: Duration::from_secs(1000),
            emergency: Duration::from_secs(10_000),
            expired: Duration::from_secs(100_000),
        },
        expired_refuses: false,
        last_success_ms: Some(1_790_000_000_000),
        last_attempt_ms: Some(1_790_000_060_000),
        last_error: Some("cannot reach cp.example".to_owned()),
        remedy: None,
        failures_in_a_row: 3,
        signed_in: true,
        credentials_refused: false,
        clock_ahead_seconds: None,
        clock_skew: None,
        base: "sha256-base".to_owned(),
        kept: 2,
        state_error: None,
        poll: Duration::from_secs(60),
        next_attempt_ms: None,
        pulls: Pulls {
            failed: 3,
            ..Pulls::default()
        },
        locked_apis: 1,
        refused_bundle: None,
    }
}

fn shown(gateway: &TestGateway, path: &str) -> (u16, Value) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let answer = Client::once(gateway.admin(), &request);
    (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
}

#[test]
fn ages_turn_into_states_that_refuse_nobody() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let (status, told) = shown(&gateway, "/connected");
    assert_eq!(status, 404);
    assert!(told["error"].as_str().is_some_and(|text| text.contains("--connected")));
    assert_eq!(shown(&gateway, "/ready").1.get("connected"), None);

    for (age, state) in [
        (10, "fresh"),
        (1010, "stale"),
        (10_010, "emergency"),
        (100_010, "expired"),
    ] {
        gateway.running.report_connected(report(age));
        let (status, ready) = shown(&gateway, "/ready");
        assert_eq!((status, &ready["connected"]["state"]), (200, &Value::from(state)));
        let (_, told) = shown(&gateway, "/connected");
        assert_eq!(told["state"], state);
        assert!(told["ageSeconds"].as_u64().is_some_and(|seconds| seconds >= age));
        let lasted = told["stateForSeconds"].as_u64().expect("a number");
        assert!((10..10 + 900).contains(&lasted), "{lasted}");
        assert_eq!(told["lastError"], "cannot reach cp.example");
        assert_eq!((&told["apis"], &told["lockedApis"]), (&Value::from(1), &Value::from(1)));
        let metric = format!("mgw_connected_state{{state=\"{state}\"}}");
        assert_eq!(gateway.metric(&metric), Some(1.0));
        assert_eq!(gateway.get("/p").status, 200);
    }
    assert_eq!(gateway.metric("mgw_connected_state{state=\"fresh\"}"), Some(0.0));
    assert_eq!(
        gateway.metric("mgw_connected_pulls_total{result=\"failed\"}"),
        Some(3.0)
    );
    assert_eq!(gateway.metric("mgw_connected_failures_in_a_row"), Some(3.0));
    let page = Client::once(
        gateway.admin(),
        "GET /connected HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n",
    );
    assert_eq!(page.status, 403);
}

#[test]
fn what_expired_sends_traffic_away_where_that_is_wanted() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let strict = |age| ConnectedReport {
        expired_refuses: true,
        ..report(age)
    };
    gateway.running.report_connected(strict(99_000));
    assert_eq!(shown(&gateway, "/ready").0, 200);
    gateway.running.report_connected(strict(100_000));
    let (status, ready) = shown(&gateway, "/ready");
    assert_eq!((status, &ready["reasons"]), (503, &serde_json::json!(["expired"])));
    assert_eq!(gateway.get("/p").status, 200, "who comes all the same is served");
    gateway.running.report_connected(ConnectedReport {
        freshness: Freshness::renewed(Instant::now()),
        ..strict(0)
    });
    assert_eq!(shown(&gateway, "/ready").0, 200);
}

#[test]
fn what_somebody_has_to_do_is_told() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    gateway.running.report_connected(report(10));
    let (_, told) = shown(&gateway, "/connected");
    for name in ["remedy", "credentialsRefused", "clockSkew", "refusedBundle"] {
        assert_eq!(told.get(name), None, "{told}");
    }
    assert_eq!(gateway.metric("mgw_connected_credentials_refused"), Some(0.0));
    assert_eq!(gateway.metric("mgw_connected_bundle_refused"), Some(0.0));
    gateway.running.report_connected(ConnectedReport {
        remedy: Some("Run mgw login.".to_owned()),
        credentials_refused: true,
        clock_ahead_seconds: Some(-86_400),
        clock_skew: Some("the clock here is 1 day ahead".to_owned()),
        refused_bundle: Some(RefusedBundle {
            digest: None,
            reason: "not a bundle".to_owned(),
            at_ms: 7,
        }),
        ..report(10)
    });
    let (_, ready) = shown(&gateway, "/ready");
    let (_, told) = shown(&gateway, "/connected");
    for short in [&told, &ready["connected"]] {
        assert_eq!(
            (&short["remedy"], &short["credentialsRefused"]),
            (&Value::from("Run mgw login."), &Value::from(true))
        );
        assert_eq!(short["clockSkew"], "the clock here is 1 day ahead");
    }
    let refused = serde_json::json!({"reason": "not a bundle", "atMs": 7});
    assert_eq!(told["refusedBundle"], refused);
    assert_eq!(gateway.metric("mgw_connected_credentials_refused"), Some(1.0));
    assert_eq!(gateway.metric("mgw_connected_bundle_refused"), Some(1.0));
    assert_eq!(gateway.metric("mgw_connected_clock_ahead_seconds"), Some(-86_400.0));
}
