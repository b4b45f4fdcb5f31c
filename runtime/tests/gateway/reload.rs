//! A new bundle replaces the old one between two requests.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, policy};
use mgw_bundle::config::EndpointAuth;
use mgw_runtime::ReloadError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn no_request_fails_while_bundles_are_swapped() {
    let (one, two) = (Backend::named("one"), Backend::named("two"));
    let first = GatewayBuilder::new(vec![api("/p", &one.url())]);
    let second = GatewayBuilder::new(vec![api("/other", &one.url()), api("/p", &two.url())]);
    let gateway = Arc::new(first.start());
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, stop) = (gateway.http(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                let mut count = 0_usize;
                while !stop.load(Ordering::Relaxed) {
                    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
                    let response = client.receive().expect("a response");
                    assert_eq!(response.status, 200);
                    assert!(matches!(response.body.as_str(), "one" | "two"));
                    count += 1;
                }
                count
            })
        })
        .collect();
    let bundles = [second.bundle(), first.bundle()];
    for _ in 0..100 {
        for bundle in &bundles {
            gateway.running.reload(bundle).expect("a good bundle");
            assert_eq!(gateway.running.bundle(), bundle.digest);
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.join().expect("no request failed") > 0);
    }
    assert_eq!(gateway.metric("mgw_reloads_total"), Some(200.0));
    assert_eq!(gateway.get("/p").body, "one");
}

#[test]
fn a_bad_bundle_changes_nothing() {
    let backend = Backend::named("ok");
    let good = GatewayBuilder::new(vec![api("/p", &backend.url())]);
    let gateway = good.start();
    let before = gateway.running.bundle();
    let shared = GatewayBuilder::new(vec![api("/q", &backend.url()), api("/q", &backend.url())]);
    let unusable = GatewayBuilder::new(vec![api("/q", "ftp://x"), api("/r", "nothing")]);
    let mut secretive = api("/q", &backend.url());
    if let Some(endpoint) = &mut secretive.endpoints.production {
        endpoint.name = Some("shop".into());
        endpoint.auth = Some(EndpointAuth::Basic {
            username: "gateway".into(),
        });
    }
    let without_password = GatewayBuilder::new(vec![secretive]);
    for bad in [shared, unusable, without_password] {
        let refused = gateway.running.reload(&bad.bundle());
        assert!(matches!(refused, Err(ReloadError::Snapshot(_))));
        assert_eq!(gateway.running.bundle(), before);
        assert_eq!(gateway.get("/p").body, "ok");
    }
    assert_eq!(gateway.metric("mgw_reload_failures_total"), Some(3.0));
}

/// What `/ready` says of the bundle that was given last, and whether the metrics agree.
fn refused(gateway: &TestGateway) -> serde_json::Value {
    let answer = Client::get(gateway.admin(), "/ready");
    assert_eq!(answer.status, 200, "it serves");
    let ready: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let refused = ready["refusedBundle"].clone();
    let measured = if refused.is_null() { 0.0 } else { 1.0 };
    assert_eq!(gateway.metric("mgw_bundle_refused"), Some(measured));
    refused
}

#[test]
fn a_refused_bundle_is_told_until_a_good_one_comes() {
    let good = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")]);
    let other = GatewayBuilder::new(vec![api("/q", "http://192.0.2.1")]);
    let bad = GatewayBuilder::new(vec![api("/q", "ftp://x")]).bundle();
    let gateway = good.start();
    assert!(refused(&gateway).is_null());

    gateway.running.reload(&bad).expect_err("it cannot be served");
    let told = refused(&gateway);
    assert_eq!(told["digest"], bad.digest.to_string());
    assert!(
        told["reason"].as_str().is_some_and(|reason| reason.contains("q:1.0")),
        "{told}"
    );
    assert!(told["atMs"].as_u64() > Some(0), "{told}");
    gateway.running.reload(&other.bundle()).expect("a good bundle");
    assert!(refused(&gateway).is_null());

    gateway.running.refuse_bundle("another key signed it".into());
    let told = refused(&gateway);
    assert_eq!(
        (told.get("digest"), &told["reason"]),
        (None, &"another key signed it".into())
    );
    gateway.running.keep_bundle();
    assert!(refused(&gateway).is_null());
    assert_eq!(gateway.metric("mgw_reload_failures_total"), Some(2.0));
}

#[test]
fn quotas_go_on() {
    let backend = Backend::named("ok");
    let mut builder = GatewayBuilder::new(vec![api("/p", &backend.url())]);
    builder.config.policies.subscription = vec![policy("Unauthenticated", 3)];
    let gateway = builder.start();
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(gateway.get("/p").status, 200);
    builder.config.project = "changed".into();
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    assert_eq!(gateway.get("/p").status, 200);
    let response = gateway.get("/p");
    assert_eq!(response.status, 429);
    assert!(response.body.contains("900804"), "{}", response.body);
    assert_eq!(backend.heads().len(), 3);
}

#[test]
fn nothing_is_taken_over_while_draining() {
    let builder = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")]);
    let gateway = builder.start();
    gateway.running.drain(std::time::Duration::ZERO);
    assert!(matches!(
        gateway.running.reload(&builder.bundle()),
        Err(ReloadError::Draining)
    ));
}
