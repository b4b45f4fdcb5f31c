//! Backends that are looked up while the gateway runs.

use crate::support::{Backend, Client, EtcdServer, GatewayBuilder, Pki, TestGateway, api, eventually, respond};
use mgw_bundle::config::{Api, Discovery, Target};
use mgw_fixtures::ports::free_port;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

fn looked_up(base_path: &str, discovery: Discovery, default: &str) -> Api {
    let mut api = api(base_path, "http://192.0.2.1");
    if let Some(endpoint) = &mut api.endpoints.production {
        endpoint.name = Some("shop".into());
        endpoint.targets = vec![Target {
            url: default.into(),
            discovery: Some(discovery),
        }];
    }
    api
}

fn in_etcd(key: &str, default: &Backend) -> Api {
    looked_up("/p", Discovery::Etcd { key: key.into() }, &default.url())
}

fn in_file(path: &str, default: &Backend) -> Api {
    looked_up("/p", Discovery::File { path: path.into() }, &default.url())
}

fn ready(gateway: &TestGateway) -> serde_json::Value {
    serde_json::from_str(&Client::get(gateway.admin(), "/ready").body).expect("JSON")
}

/// Waits until the only look-up stands like this.
fn stands(gateway: &TestGateway, state: &str) {
    eventually(&format!("the state {state}"), || {
        ready(gateway)["discovery"][0]["state"] == state
    });
}

fn answers(gateway: &TestGateway, name: &str) {
    eventually(&format!("an answer of {name}"), || gateway.get("/p").body == name);
}

#[test]
fn requests_follow_the_value_in_etcd() {
    let (one, two, default) = (Backend::named("one"), Backend::named("two"), Backend::named("default"));
    let etcd = EtcdServer::start();
    etcd.put("shop", &format!(" {}/ \n", one.url()));
    let gateway = GatewayBuilder::new(vec![in_etcd("shop", &default)])
        .set("etcdurl", &etcd.url())
        .start();
    stands(&gateway, "current");
    assert_eq!(gateway.get("/p").body, "one");
    assert!(ready(&gateway)["ready"].as_bool().expect("a truth value"));
    etcd.put("another", &two.url());
    etcd.put("shop", &two.url());
    answers(&gateway, "two");
    // What is no URL changes nothing.
    for bad in ["", "two", "ftp://two", "http://user:secret@127.0.0.1/", "http://a/?b"] {
        etcd.put("shop", bad);
    }
    eventually("refusals are counted", || {
        gateway.metric("mgw_discovery_refused_total{source=\"etcd\"}") >= Some(1.0)
    });
    stands(&gateway, "stale");
    assert_eq!(gateway.get("/p").body, "two");
    assert!(!Client::get(gateway.admin(), "/ready").body.contains("secret"));
    etcd.delete("shop");
    answers(&gateway, "default");
    stands(&gateway, "default");
    etcd.put("shop", &one.url());
    answers(&gateway, "one");
}

#[test]
fn what_was_known_survives_while_etcd_is_away() {
    let (one, two, default) = (Backend::named("one"), Backend::named("two"), Backend::named("default"));
    let mut etcd = EtcdServer::start();
    etcd.put("shop", &one.url());
    let gateway = GatewayBuilder::new(vec![in_etcd("shop", &default)])
        .set("etcdurl", &etcd.url())
        .set("etcdtimer", "100")
        .start();
    stands(&gateway, "current");
    etcd.stop();
    stands(&gateway, "stale");
    assert_eq!(gateway.get("/p").body, "one");
    assert!(ready(&gateway)["ready"].as_bool().expect("a truth value"));
    etcd.come_back();
    stands(&gateway, "current");
    etcd.put("shop", &two.url());
    answers(&gateway, "two");
}

#[test]
fn a_change_that_a_broken_connection_swallows_is_found() {
    use mgw_fixtures::cable::{Cable, Condition};
    let (one, two, default) = (Backend::named("one"), Backend::named("two"), Backend::named("default"));
    let etcd = EtcdServer::start();
    etcd.put("shop", &one.url());
    let cable = Cable::to(etcd.address()).expect("a cable");
    let gateway = GatewayBuilder::new(vec![in_etcd("shop", &default)])
        .set("etcdurl", &format!("http://127.0.0.1:{}", cable.port()))
        .set("etcdtimer", "100")
        .start();
    answers(&gateway, "one");
    cable.set(Condition::Cut);
    etcd.put("shop", &default.url());
    etcd.put("shop", &two.url());
    // Changes from before cannot be asked for any more.
    etcd.compact();
    cable.hang_up();
    cable.set(Condition::Whole);
    answers(&gateway, "two");
}

#[test]
fn etcd_with_users_gives_the_gateway_a_token_again_and_again() {
    let (one, two, default) = (Backend::named("one"), Backend::named("two"), Backend::named("default"));
    let mut etcd = EtcdServer::start();
    etcd.put("shop", &one.url());
    etcd.demand_passwords("canary");
    let gateway = |password: &str| {
        GatewayBuilder::new(vec![in_etcd("shop", &default)])
            .set("etcdurl", &etcd.url())
            .set("etcdtimer", "100")
            .set("etcdusername", "gateway")
            .set("etcdpassword", password)
            .start()
    };
    let (good, bad) = (gateway("canary"), gateway("wrong"));
    stands(&good, "current");
    stands(&bad, "stale");
    assert_eq!(
        (good.get("/p").body, bad.get("/p").body),
        ("one".to_owned(), "default".to_owned())
    );
    // Tokens live in the memory of a server.
    etcd.stop();
    stands(&good, "stale");
    etcd.come_back();
    etcd.sign_in();
    etcd.put("shop", &two.url());
    answers(&good, "two");
}

#[test]
fn a_password_for_an_etcd_without_users_is_no_harm() {
    let (one, default) = (Backend::named("one"), Backend::named("default"));
    let etcd = EtcdServer::start();
    etcd.put("shop", &one.url());
    let gateway = GatewayBuilder::new(vec![in_etcd("shop", &default)])
        .set("etcdurl", &etcd.url())
        .set("etcdusername", "gateway")
        .set("etcdpassword", "canary")
        .start();
    answers(&gateway, "one");
}

#[test]
fn etcd_is_believed_by_its_certificate() {
    let pki = Pki::new();
    pki.signed("etcd", "localhost");
    let default = Backend::named("default");
    let etcd = EtcdServer::with_tls(&pki.path("etcd.pem"), &pki.path("etcd.key"));
    let gateway = |ca: bool| {
        let mut builder = GatewayBuilder::new(vec![in_etcd("shop", &default)]).set("etcdurl", &etcd.url());
        if ca {
            builder = builder.set("etcdcafile", &pki.path("ca.pem").to_string_lossy());
        }
        builder.start()
    };
    // The key is missing, which only etcd itself can say.
    stands(&gateway(true), "default");
    stands(&gateway(false), "stale");
}

#[test]
fn operators_replace_the_key_and_the_default() {
    let (one, default) = (Backend::named("one"), Backend::named("default"));
    let etcd = EtcdServer::start();
    etcd.put("theirs", &one.url());
    let builder = GatewayBuilder::new(vec![in_etcd("shop", &Backend::named("unused"))])
        .set("etcdurl", &etcd.url())
        .set("shop_prod_0_etcdKey", "theirs")
        .set("shop_prod_endpoint_0", &default.url());
    let gateway = builder.start();
    answers(&gateway, "one");
    etcd.delete("theirs");
    answers(&gateway, "default");
}

#[test]
fn look_ups_survive_reloads_and_end_with_the_last_endpoint() {
    let (one, default) = (Backend::named("one"), Backend::named("default"));
    let etcd = EtcdServer::start();
    etcd.put("shop", &one.url());
    let first = GatewayBuilder::new(vec![in_etcd("shop", &default)]).set("etcdurl", &etcd.url());
    let gateway = first.start();
    answers(&gateway, "one");
    let changed = ready(&gateway)["discovery"][0]["changedAtMs"].clone();
    let mut more = in_etcd("shop", &default);
    more.base_path = "/more".into();
    more.id = "more".into();
    let second = GatewayBuilder::new(vec![in_etcd("shop", &default), more]);
    gateway.running.reload(&second.bundle()).expect("a good bundle");
    // Never the default in between.
    assert_eq!(gateway.get("/p").body, "one");
    assert_eq!(gateway.get("/more").body, "one");
    let after = ready(&gateway);
    assert_eq!(after["discovery"][0]["changedAtMs"], changed);
    assert_eq!(after["discovery"].as_array().map(Vec::len), Some(1));
    let third = GatewayBuilder::new(vec![api("/p", &default.url())]);
    gateway.running.reload(&third.bundle()).expect("a good bundle");
    eventually("nothing is looked up", || {
        gateway.get("/p");
        ready(&gateway)["discovery"].is_null()
    });
}

/// Puts a file in place as operators should: at once.
fn place(folder: &Path, name: &str, text: &str) {
    let staged = folder.join("staged");
    std::fs::write(&staged, text).expect("a writable folder");
    std::fs::rename(&staged, folder.join(name)).expect("a writable folder");
}

#[test]
fn requests_follow_a_file() {
    let (one, two, default) = (Backend::named("one"), Backend::named("two"), Backend::named("default"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gateway = GatewayBuilder::new(vec![in_file("shop.urls", &default)])
        .set("discovery.folder", &folder.path().to_string_lossy())
        .start();
    stands(&gateway, "default");
    assert_eq!(gateway.get("/p").body, "default");
    place(folder.path(), "shop.urls", &format!("# today\n{}\n", one.url()));
    answers(&gateway, "one");
    place(folder.path(), "shop.urls", &format!("{}\n{}\n", one.url(), two.url()));
    eventually("both are used", || {
        let [first, second] = [gateway.get("/p").body, gateway.get("/p").body];
        first != second
    });
    place(folder.path(), "shop.urls", "nonsense");
    stands(&gateway, "stale");
    assert_ne!(gateway.get("/p").body, "default");
    place(folder.path(), "shop.urls", &format!("[\"{}\"]", two.url()));
    stands(&gateway, "current");
    assert_eq!(gateway.get("/p").body, "two");
    std::fs::remove_file(folder.path().join("shop.urls")).expect("it was there");
    stands(&gateway, "stale");
    assert_eq!(gateway.get("/p").body, "two", "a file may be away for a moment");
}

#[test]
fn idle_connections_to_a_place_that_is_left_are_closed_soon() {
    let closed = Arc::<AtomicBool>::default();
    let noted = Arc::clone(&closed);
    let one = Backend::start(move |exchange| {
        respond(exchange, 200, "one");
        noted.store(exchange.connection.is_closed(), SeqCst);
    });
    let (two, default) = (Backend::named("two"), Backend::named("default"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    place(folder.path(), "shop.urls", &one.url());
    let gateway = GatewayBuilder::new(vec![in_file("shop.urls", &default)])
        .set("discovery.folder", &folder.path().to_string_lossy())
        .cores(1)
        .start();
    stands(&gateway, "current");
    assert_eq!(gateway.get("/p").body, "one");
    eventually("the connection is kept", || {
        gateway.metric("mgw_backend_connections_idle") == Some(1.0)
    });
    place(folder.path(), "shop.urls", &two.url());
    eventually("it is closed", || closed.load(SeqCst));
    assert_eq!(gateway.get("/p").body, "two");
}

#[test]
fn places_that_refuse_cost_no_request_while_there_are_others() {
    let (one, default) = (Backend::named("one"), Backend::named("default"));
    let dead = format!("127.0.0.1:{}", free_port());
    let folder = tempfile::tempdir().expect("a temporary folder");
    place(folder.path(), "shop.urls", &format!("http://{dead}\n{}\n", one.url()));
    let gateway = GatewayBuilder::new(vec![in_file("shop.urls", &default)])
        .set("discovery.folder", &folder.path().to_string_lossy())
        .cores(1)
        .start();
    stands(&gateway, "current");
    let began = std::time::Instant::now();
    for _ in 0..8 {
        assert_eq!(gateway.get("/p").body, "one");
    }
    // Passed over for ten seconds each time.
    let tries = 1 + began.elapsed().as_secs() / 10;
    let failures = "mgw_backend_failures_total{api=\"p\",version=\"1.0\",reason=\"refused\"}";
    let failed = gateway.metric(failures).expect("it is tried");
    assert!((1.0..=tries as f64).contains(&failed), "{failed}");
}

#[test]
fn a_file_outside_the_folder_is_refused_at_the_start() {
    let error = GatewayBuilder::new(vec![in_file("../shop.urls", &Backend::named("default"))])
        .try_start()
        .err()
        .map(|error| {
            format!(
                "{error}: {:?}",
                std::error::Error::source(&error).map(ToString::to_string)
            )
        });
    assert!(
        error.as_ref().is_some_and(|error| error.contains("below the folder")),
        "{error:?}"
    );
}
