//! Backends that move while `mgw run` serves a built project, and what `mgw check` says about how they are looked up.

use crate::serve::run;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::dns::DnsServer;
use mgw_fixtures::etcd::EtcdServer;
use mgw_fixtures::eventually::PATIENCE;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

async fn backend() -> Backend {
    Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts")
}

fn definition(url: &str) -> String {
    format!(
        "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\nx-wso2-disable-security: true\n\
         x-wso2-production-endpoints:\n  urls: ['{url}']\n\
         paths:\n  /open:\n    get: {{responses: {{'200': {{description: ok}}}}}}\n"
    )
}

/// Builds a project whose backend is looked up, serves it, has the backend move, and asks all the time.
async fn follows(written: &str, settings: &[String], one: &Backend, two: &Backend, move_to_two: impl FnOnce()) {
    let place = Place::new();
    place.write("openapi.yaml", &definition(written));
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    // Whoever asks all the time is not to be limited.
    let policies = "subscriptionPolicies:\n- Unauthenticated: {count: 1000000000, unitTime: 1, timeUnit: year}\n";
    place.write("shop/policies.yaml", policies);
    place.mgw(&["build", "shop"]).exits(0);
    // Nobody reads what is logged of every request.
    let quiet = ["--set", "b7a.http.accesslog.console=false"];
    let settings = settings
        .iter()
        .flat_map(|setting| ["--set", setting.as_str()])
        .chain(quiet);
    let (gateway, url, admin) = run(&place, "shop/target/shop.zip", &settings.collect::<Vec<_>>());
    let client = reqwest::Client::new();
    let status = async |url: String| client.get(url).send().await.expect("an answer").status().as_u16();
    let deadline = Instant::now() + PATIENCE;
    let until = async |reached: &dyn Fn() -> bool| {
        while !reached() {
            assert!(Instant::now() < deadline, "requests do not follow {written}");
            assert_eq!(status(format!("{url}/shop/open")).await, 200, "{written}");
        }
    };
    // It takes no traffic before everything has been looked up.
    while status(format!("{admin}/ready")).await != 200 {
        assert!(Instant::now() < deadline, "{written} is never looked up");
    }
    until(&|| one.request_count() > 0).await;
    assert_eq!(two.request_count(), 0, "{written}");
    move_to_two();
    until(&|| two.request_count() > 0).await;
    let before = one.request_count();
    for _ in 0..10 {
        assert_eq!(status(format!("{url}/shop/open")).await, 200, "{written}");
    }
    assert_eq!(one.request_count(), before, "{written}");
    gateway.signal("TERM");
    gateway.end().exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_follow_a_key_of_etcd() {
    let (one, two) = (backend().await, backend().await);
    let etcd = EtcdServer::start();
    etcd.put("shop", &one.url());
    let settings = [format!("etcdurl={}", etcd.url())];
    let to_two = || etcd.put("shop", &two.url());
    follows("etcd(shop, http://127.0.0.1:1)", &settings, &one, &two, to_two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_follow_a_file() {
    let (one, two) = (backend().await, backend().await);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |backend: &Backend| {
        let (new, file) = (folder.path().join("new"), folder.path().join("shop.urls"));
        std::fs::write(&new, backend.url()).expect("a writable folder");
        std::fs::rename(new, file).expect("a writable folder");
    };
    write(&one);
    let settings = [format!("discovery.folder={}", folder.path().display())];
    let written = "file(shop.urls, http://127.0.0.1:1)";
    follows(written, &settings, &one, &two, || write(&two)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_follow_records_of_dns() {
    let (one, two) = (backend().await, backend().await);
    let port = |backend: &Backend| backend.url().rsplit(':').next().unwrap_or_default().to_owned();
    let service = |backend: &Backend| [format!("_shop._tcp.test,here.test,{},1,1", port(backend))];
    let mut dns = DnsServer::start("127.0.0.1 here.test\n");
    dns.serve(&service(&one));
    let settings = [format!("dns.servers={}", dns.address())];
    let written = "srv(_shop._tcp.test, http://here.test:1)";
    follows(written, &settings, &one, &two, || dns.serve(&service(&two))).await;
}

#[test]
fn a_look_up_that_cannot_be_is_shown_with_its_place_and_a_remedy() {
    let place = Place::new();
    place.write("openapi.yaml", &definition("etcd(shop, http://a)"));
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    for (written, fault) in [
        ("etcd(shop)", "etcd(KEY, DEFAULT_URL)"),
        ("srv(_shop._tcp.test, ftp://a)", "http, https, ws and wss"),
        ("file(../urls, http://a)", "below the folder"),
    ] {
        place.write("shop/api_definitions/openapi.yaml", &definition(written));
        let outcome = place.mgw(&["check", "shop"]).exits(3);
        assert_eq!(outcome.stdout, "");
        outcome
            .says("shop/api_definitions/openapi.yaml:6:10")
            .says(written)
            .says(fault)
            .says("used until something is found");
    }
}
