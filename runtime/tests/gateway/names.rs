//! Names of backends, looked up with a real DNS server whose answers change.

use crate::support::{Backend, Client, DnsServer, GatewayBuilder, Pki, TestGateway, TlsBackend, api, eventually};
use mgw_bundle::config::{Api, Discovery, Target};
use std::collections::BTreeSet;

/// A gateway that keeps names for a second at the most.
fn gateway(dns: &DnsServer, apis: Vec<Api>) -> TestGateway {
    GatewayBuilder::new(apis)
        .set("dns.servers", &dns.address())
        .set("dns.timeout", "300")
        .set("dns.maxTtl", "1")
        .set("dns.negativeTtl", "1")
        .cores(1)
        .start()
}

fn answers(gateway: &TestGateway, name: &str) {
    eventually(&format!("an answer of {name}"), || gateway.get("/p").body == name);
}

#[test]
fn requests_follow_a_name_to_its_new_address() {
    let one = Backend::at("127.0.0.2", 0, "one");
    let port = one.address.port();
    let two = Backend::at("127.0.0.3", port, "two");
    let dns = DnsServer::start("127.0.0.2 shop.test\n");
    let gateway = gateway(&dns, vec![api("/p", &format!("http://shop.test:{port}"))]);
    let mut client = Client::connect(gateway.http());
    let mut get = || {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        client.receive().expect("no request is dropped").body
    };
    eventually("the name is looked up", || get() == "one");
    dns.change("127.0.0.3 shop.test\n");
    // Requests never stop, so that a connection is always open and idle between two of them.
    eventually("requests go to the new address", || get() == "two");
    assert_eq!(get(), "two");
    let before = one.connections();
    for _ in 0..20 {
        assert_eq!(get(), "two", "a connection to the old address is not taken up again");
    }
    assert_eq!(one.connections(), before);
    assert_eq!(gateway.metric("mgw_dns_changes_total"), Some(1.0));
    drop(two);
}

#[test]
fn connections_go_round_the_addresses_and_pass_over_those_that_refuse() {
    let one = Backend::at("127.0.0.2", 0, "one");
    let port = one.address.port();
    let two = Backend::at("127.0.0.3", port, "two");
    // Nobody listens at the others, nor over IPv6.
    let dns = DnsServer::start("127.0.0.2 shop.test\n127.0.0.3 shop.test\n127.0.0.4 shop.test\n::1 shop.test\n");
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://shop.test:{port}"))])
        .set("dns.servers", &dns.address())
        .set("httpClients.poolConfig.maxIdleConnections", "0")
        .cores(1)
        .start();
    let mut seen = BTreeSet::new();
    for _ in 0..12 {
        let answer = gateway.get("/p");
        assert_eq!(answer.status, 200, "{}", answer.body);
        seen.insert(answer.body);
    }
    assert_eq!(seen, BTreeSet::from(["one".to_owned(), "two".to_owned()]));
    assert!(one.connections() > 2 && two.connections() > 2);
}

#[test]
fn addresses_stay_in_use_while_dns_is_away() {
    let one = Backend::at("127.0.0.2", 0, "one");
    let port = one.address.port();
    let mut dns = DnsServer::start("127.0.0.2 shop.test\n");
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://shop.test:{port}"))])
        .set("dns.servers", &dns.address())
        .set("dns.timeout", "100")
        .set("dns.maxTtl", "1")
        // Every request connects.
        .set("httpClients.poolConfig.maxIdleConnections", "0")
        .start();
    answers(&gateway, "one");
    dns.stop();
    eventually("stale addresses are used", || {
        assert_eq!(gateway.get("/p").body, "one");
        gateway.metric("mgw_dns_stale_connections_total") > Some(0.0)
    });
    assert!(gateway.metric("mgw_dns_failures_total") > Some(0.0));
    let two = Backend::at("127.0.0.3", port, "two");
    dns.come_back();
    dns.change("127.0.0.3 shop.test\n");
    answers(&gateway, "two");
    drop(two);
}

#[test]
fn a_name_that_does_not_exist_is_503_until_it_does() {
    let one = Backend::at("127.0.0.2", 0, "one");
    let dns = DnsServer::start("127.0.0.2 other.test\n");
    let gateway = gateway(
        &dns,
        vec![api("/p", &format!("http://shop.test:{}", one.address.port()))],
    );
    let answer = gateway.get("/p");
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("101503"), "{}", answer.body);
    dns.change("127.0.0.2 shop.test\n");
    answers(&gateway, "one");
}

#[test]
fn names_may_be_left_to_the_system() {
    let one = Backend::named("one");
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://localhost:{}", one.address.port()))])
        .set("dns.resolver", "system")
        .start();
    assert_eq!(gateway.get("/p").body, "one");
}

/// An API whose backend is where the records of `_shop._tcp.test` say.
fn service_api(default: &str) -> Api {
    let mut shop = api("/p", "http://192.0.2.1");
    if let Some(endpoint) = &mut shop.endpoints.production {
        endpoint.targets = vec![Target {
            url: default.into(),
            discovery: Some(Discovery::Srv {
                name: "_shop._tcp.test".into(),
            }),
        }];
    }
    shop
}

#[test]
fn srv_records_say_where_a_service_is_and_who_serves_how_much() {
    let (one, two, spare) = (
        Backend::at("127.0.0.2", 0, "one"),
        Backend::at("127.0.0.3", 0, "two"),
        Backend::at("127.0.0.4", 0, "spare"),
    );
    let default = Backend::named("default");
    let mut dns = DnsServer::start("127.0.0.2 one.test\n127.0.0.3 two.test\n127.0.0.4 spare.test\n");
    let service = |host: &str, backend: &Backend, priority: u16, weight: u16| {
        let port = backend.address.port();
        format!("_shop._tcp.test,{host}.test,{port},{priority},{weight}")
    };
    let gateway = gateway(&dns, vec![service_api(&default.url())]);
    answers(&gateway, "default");
    dns.serve(&[
        service("one", &one, 10, 30),
        service("two", &two, 10, 10),
        service("spare", &spare, 20, 10),
    ]);
    eventually("the service is found", || gateway.get("/p").body != "default");
    let count = |name: &str, of: &[String]| of.iter().filter(|body| *body == name).count();
    let bodies: Vec<String> = (0..40).map(|_| gateway.get("/p").body).collect();
    assert_eq!((count("one", &bodies), count("two", &bodies)), (30, 10), "{bodies:?}");
    dns.serve(&[service("spare", &spare, 20, 10)]);
    answers(&gateway, "spare");
    // The default URL says who is asked, also without TLS.
    let host = format!("\r\nhost: {}\r\n", default.address);
    for backend in [&default, &one, &two, &spare] {
        let heads = backend.heads();
        assert!(heads.iter().all(|head| head.contains(&host)), "{heads:?}");
    }
}

#[test]
fn a_backend_that_srv_records_name_has_to_be_the_one_of_the_default_url() {
    let pki = Pki::new();
    pki.signed("shop", "shop.test");
    pki.signed("target", "target.test");
    let served = |name: &str| {
        let backend = TlsBackend::start(&pki, name);
        let mut dns = DnsServer::start("127.0.0.1 target.test\n");
        dns.serve(&[format!("_shop._tcp.test,target.test,{},1,1", backend.port())]);
        let gateway = GatewayBuilder::new(vec![service_api("https://shop.test:9443/v1")])
            .set("dns.servers", &dns.address())
            .set("dns.maxTtl", "1")
            .set("httpClients.sslConfig.caFile", &pki.text("ca.pem"))
            .cores(1)
            .start();
        eventually("the service is found", || {
            Client::get(gateway.admin(), "/ready").body.contains("target.test")
        });
        (gateway.get("/p"), backend)
    };
    let (answer, backend) = served("shop");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let names: Vec<_> = backend.handshakes().into_iter().map(|one| one.name).collect();
    assert_eq!(names, [Some("shop.test".to_owned())]);
    let heads = backend.heads();
    assert!(
        heads
            .iter()
            .all(|head| head.starts_with("GET /v1 ") && head.contains("\r\nhost: shop.test:9443\r\n")),
        "{heads:?}"
    );
    // Whoever can forge the record can have a certificate for the name in it.
    let (answer, backend) = served("target");
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("101503"), "{}", answer.body);
    assert_eq!((backend.handshakes(), backend.heads()), (Vec::new(), Vec::new()));
}
