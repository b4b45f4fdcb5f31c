//! What operators see of quotas, and how they reset one.

use crate::support::{Backend, Client, GatewayBuilder, Response, TestGateway, api, policy};
use mgw_bundle::config::PolicyRef;
use serde_json::{Value, json};

const JSON: &str = "Content-Type: application/json\r\n";

/// Two requests a year to the API `/p`.
fn gateway(backend: &Backend) -> TestGateway {
    let mut limited = api("/p", &backend.url());
    limited.policy = Some(PolicyRef {
        name: "Careful".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]);
    builder.config.policies.resource = vec![policy("Careful", 2)];
    builder.start()
}

fn look(gateway: &TestGateway, target: &str, headers: &str) -> Response {
    let request = format!("GET {target} HTTP/1.1\r\n{headers}\r\n");
    Client::once(gateway.admin(), &request)
}

fn quotas(gateway: &TestGateway, query: &str) -> Value {
    let answer = look(gateway, &format!("/quotas{query}"), "Host: localhost\r\n");
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

fn reset(gateway: &TestGateway, headers: &str, body: &Value) -> Response {
    let (body, host) = (body.to_string(), "Host: localhost");
    let length = body.len();
    let request = format!("POST /quotas/reset HTTP/1.1\r\n{host}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    Client::once(gateway.admin(), &request)
}

#[test]
fn a_quota_is_shown_and_reset() {
    let backend = Backend::named("ok");
    let gateway = gateway(&backend);
    let statuses = || [(); 3].map(|()| gateway.get("/p").status);
    assert_eq!(statuses(), [200, 200, 429]);

    let shown = quotas(&gateway, "?level=api");
    assert_eq!(shown["total"], 1);
    let quota = &shown["quotas"][0];
    let key = quota["key"].as_str().expect("a key");
    assert_eq!(key, "/p/1.0");
    for (name, value) in [
        ("level", json!("api")),
        ("what", json!("requests")),
        ("limit", json!(2)),
        ("used", json!(2)),
        ("usedHere", json!(2)),
        ("left", json!(0)),
        ("full", json!(true)),
        ("shared", json!(false)),
        ("windowMs", json!(31_536_000_000_u64)),
    ] {
        assert_eq!(quota[name], value, "{name} in {quota}");
    }
    assert!(quota["endsAtMs"].is_u64());
    let anonymous = quotas(&gateway, "?key=127.0.0.1&level=subscription");
    assert_eq!(anonymous["quotas"][0]["used"], 2);
    assert_eq!(quotas(&gateway, "?full=true")["total"], 1);
    assert_eq!(quotas(&gateway, "?key=nobody")["total"], 0);
    let first = quotas(&gateway, "?limit=1");
    assert_eq!(
        (first["total"].as_u64(), first["quotas"].as_array().map(Vec::len)),
        (Some(2), Some(1))
    );

    let done = reset(&gateway, JSON, &json!({"level": "api", "key": key}));
    assert_eq!((done.status, done.body.as_str()), (200, r#"{"reset":1}"#));
    assert_eq!(statuses(), [200, 200, 429]);
    assert_eq!(gateway.metric(r#"mgw_quota_resets_total{level="api"}"#), Some(1.0));
    assert_eq!(gateway.metric(r#"mgw_quota_counters{level="api"}"#), Some(1.0));
    assert_eq!(gateway.metric("mgw_quota_counters_shared_total"), Some(0.0));
}

#[test]
fn quotas_are_for_operators_only() {
    let backend = Backend::named("ok");
    let gateway = gateway(&backend);
    assert_eq!([(); 3].map(|()| gateway.get("/p").status), [200, 200, 429]);
    for (headers, status) in [
        ("Host: 127.0.0.1:9797\r\n", 200),
        ("Host: [::1]\r\n", 200),
        ("Host: evil.example.com\r\n", 403),
        ("Host: localhost\r\nOrigin: http://evil.example.com\r\n", 403),
    ] {
        assert_eq!(look(&gateway, "/quotas", headers).status, status, "{headers}");
    }
    for query in ["level=all", "limit=1001", "full=1", "page=2"] {
        let refused = look(&gateway, &format!("/quotas?{query}"), "Host: localhost\r\n");
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.body.starts_with(r#"{"error":""#), "{}", refused.body);
    }
    let right = json!({"level": "api", "key": "/p/1.0"});
    for (headers, body, status) in [
        (
            "Content-Type: application/json\r\nOrigin: http://localhost\r\n",
            &right,
            403,
        ),
        ("Content-Type: text/plain\r\n", &right, 415),
        ("", &right, 415),
        (JSON, &json!({"level": "api", "key": "/p"}), 404),
        (JSON, &json!({"level": "api", "key": "/p/1.0", "what": "burst"}), 404),
        (JSON, &json!({"level": "api"}), 400),
        (JSON, &json!([]), 400),
    ] {
        assert_eq!(reset(&gateway, headers, body).status, status, "{headers}{body}");
    }
    assert_eq!(gateway.get("/p").status, 429, "nothing was reset");
    let post = "POST /quotas HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(Client::once(gateway.admin(), post).status, 405);
    assert_eq!(look(&gateway, "/quotas/reset", "Host: localhost\r\n").status, 405);
    assert_eq!(gateway.get("/quotas").status, 404, "API listeners do not show quotas");
}
