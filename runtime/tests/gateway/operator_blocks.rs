//! Blocks that operators set while the gateway runs.

use crate::support::{Backend, Client, GatewayBuilder, Response, TestGateway, api, eventually};
use mgw_bundle::config::Block;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

fn send(gateway: &TestGateway, method: &str, path: &str, headers: &str, body: &str) -> Response {
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    Client::once(gateway.admin(), &request)
}

fn set(gateway: &TestGateway, body: &Value) -> Response {
    send(
        gateway,
        "POST",
        "/blocks",
        "Content-Type: application/json\r\n",
        &body.to_string(),
    )
}

fn remove(gateway: &TestGateway, id: u64) -> Response {
    send(gateway, "DELETE", &format!("/blocks/{id}"), "", "")
}

fn shown(gateway: &TestGateway) -> Value {
    let answer = send(gateway, "GET", "/blocks", "", "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

fn id(answer: &Response) -> u64 {
    assert_eq!(answer.status, 201, "{}", answer.body);
    let document: Value = serde_json::from_str(&answer.body).expect("JSON");
    document["id"].as_u64().expect("an id")
}

fn unix_ms(moment: SystemTime) -> u64 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the end of time")
}

#[test]
fn a_block_holds_from_the_next_request_until_it_is_removed_or_ends() {
    let backend = Backend::named("ok");
    let folder = tempfile::tempdir().expect("a folder");
    let mut builder = GatewayBuilder::new(vec![api("/p/1.0", &backend.url()), api("/q/1.0", &backend.url())]);
    builder.config.policies.blocks = vec![Block::User { name: "eve".into() }];
    let builder = builder.data_dir(folder.path());
    let gateway = builder.start();
    let statuses = |gateway: &TestGateway| (gateway.get("/p/1.0").status, gateway.get("/q/1.0").status);
    assert_eq!(statuses(&gateway), (200, 200));

    let api_block = json!({"block": {"kind": "api", "context": "/p/1.0"}, "reason": "being repaired"});
    let api_block = id(&set(&gateway, &api_block));
    // Both cores see it.
    for _ in 0..4 {
        assert_eq!(statuses(&gateway), (403, 200));
    }
    assert!(gateway.get("/p/1.0").body.contains("900805"));
    assert_eq!(gateway.metric("mgw_operator_blocks"), Some(1.0));
    let list = shown(&gateway);
    assert_eq!(list["operators"][0]["id"], api_block);
    assert_eq!(list["operators"][0]["reason"], "being repaired");
    assert_eq!(list["bundle"], json!([{"kind": "user", "name": "eve"}]));

    // It outlives a new bundle, and a restart.
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    assert_eq!(statuses(&gateway), (403, 200));
    gateway.running.drain(Duration::from_secs(5));
    let gateway = builder.start();
    assert_eq!(statuses(&gateway), (403, 200));
    assert_eq!(remove(&gateway, api_block).status, 200);
    assert_eq!(remove(&gateway, api_block).status, 404);
    assert_eq!(statuses(&gateway), (200, 200));

    let clients = json!({"kind": "address", "first": "127.0.0.0", "last": "127.0.0.9"});
    let long = id(&set(&gateway, &json!({"block": clients, "seconds": 3600})));
    assert_ne!(long, api_block);
    assert_eq!(statuses(&gateway), (403, 403));
    eventually("it is set before it ends", || {
        let ends = unix_ms(SystemTime::now() + Duration::from_millis(300));
        set(&gateway, &json!({"block": clients, "expires": ends})).status == 201
    });
    assert_eq!(remove(&gateway, long).status, 200);
    eventually("the block ends", || statuses(&gateway) == (200, 200));
    assert_eq!(shown(&gateway)["operators"], json!([]));
}

/// They would overwrite each other's, and whoever is blocked until somebody removes that would be admitted after a restart.
#[test]
fn gateways_of_one_data_folder_lose_no_block() {
    let backend = Backend::named("ok");
    let folder = tempfile::tempdir().expect("a folder");
    let builder = GatewayBuilder::new(vec![api("/p/1.0", &backend.url()), api("/q/1.0", &backend.url())]);
    let builder = builder.data_dir(folder.path());
    let statuses = |gateway: &TestGateway| (gateway.get("/p/1.0").status, gateway.get("/q/1.0").status);
    let block = |context: &str| json!({"block": {"kind": "api", "context": context}});
    let (first, second) = (builder.start(), builder.start());
    let own = id(&set(&first, &block("/p/1.0")));
    for refused in [set(&second, &block("/q/1.0")), remove(&second, own)] {
        assert_eq!(refused.status, 409, "{}", refused.body);
        let place = folder.path().display().to_string();
        assert!(refused.body.contains(&place), "{}", refused.body);
        assert!(refused.body.contains("--data-dir"), "{}", refused.body);
    }
    assert_eq!(statuses(&second), (200, 200));
    second.running.drain(Duration::ZERO);
    let second = builder.start();
    assert_eq!(statuses(&second), (403, 200), "what is there holds for both");
    assert_eq!(set(&second, &block("/q/1.0")).status, 409);

    // It may go on where the other one has ended, from what that one has left.
    let third = id(&set(&first, &block("/q/1.0")));
    first.running.drain(Duration::ZERO);
    assert_eq!(remove(&second, own).status, 200);
    assert_eq!(statuses(&second), (200, 403));
    second.running.drain(Duration::ZERO);
    let last = builder.start();
    assert_eq!(statuses(&last), (200, 403));
    assert_eq!(shown(&last)["operators"][0]["id"], third);
}

#[test]
fn blocks_that_make_no_sense_are_refused_and_pages_set_none() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p/1.0", &backend.url())]).start();
    let ana = json!({"block": {"kind": "user", "name": "ana"}});
    for (body, status) in [
        (json!({"block": {"kind": "api", "context": "/p/2.0"}}), 422),
        (json!({"block": {"kind": "user", "name": "ana"}, "expires": 1000}), 422),
        (json!({"block": {"kind": "user", "name": ""}}), 400),
        (json!({"kind": "user", "name": "ana"}), 400),
    ] {
        let refused = set(&gateway, &body);
        assert_eq!(refused.status, status, "{body}: {}", refused.body);
        assert!(refused.body.starts_with(r#"{"error":""#), "{}", refused.body);
    }
    let page = "Content-Type: application/json\r\nOrigin: http://evil.example.com\r\n";
    assert_eq!(send(&gateway, "POST", "/blocks", page, &ana.to_string()).status, 403);
    assert_eq!(send(&gateway, "POST", "/blocks", "", &ana.to_string()).status, 415);
    let first = id(&set(&gateway, &ana));
    let path = format!("/blocks/{first}");
    assert_eq!(send(&gateway, "DELETE", &path, "Origin: null\r\n", "").status, 403);
    assert_eq!(send(&gateway, "DELETE", "/blocks/x", "", "").status, 404);
    assert_eq!(send(&gateway, "DELETE", "/blocks", "", "").status, 405);
    assert_eq!(send(&gateway, "GET", &path, "", "").status, 405);
    let other_host = "GET /blocks HTTP/1.1\r\nHost: evil.example.com\r\n\r\n";
    assert_eq!(Client::once(gateway.admin(), other_host).status, 403);
    assert_eq!(shown(&gateway)["operators"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_gateway_does_not_start_without_the_blocks_it_should_have() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("blocks.json"), "{\"format\":1").expect("a writable folder");
    let builder = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")]).data_dir(folder.path());
    let error = builder.try_start().err().expect("no start");
    assert!(error.to_string().contains("blocks.json cannot be read"), "{error}");
}
