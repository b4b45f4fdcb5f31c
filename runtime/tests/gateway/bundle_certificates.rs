//! Certificates that came with the bundle: of clients for one API, of backends for one backend.

use crate::client_certificates::guarded;
use crate::support::{Backend, GatewayBuilder, Pki, TestGateway, TlsBackend, TlsClient, api};
use mgw_bundle::config::{Api, BackendCertificate, ClientCertificate, MutualTls};

/// An API under `base_path` that accepts the certificate of `client`.
fn admitting(base_path: &str, url: &str, client: &str) -> Api {
    let mut api = guarded(base_path, url, MutualTls::Mandatory);
    api.client_certificates.push(ClientCertificate {
        alias: client.into(),
        policy: None,
        entry: format!("certs/{client}.pem"),
    });
    api
}

fn with(mut builder: GatewayBuilder, pki: &Pki, names: &[&str]) -> GatewayBuilder {
    for name in names {
        let pem = std::fs::read(pki.path(&format!("{name}.pem"))).expect("it was made");
        builder = builder.entry(&format!("certs/{name}.pem"), pem);
    }
    builder
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("listenerConfig.certificateFile", &pki.text("server.pem"))
        .set("listenerConfig.privateKeyFile", &pki.text("server.key"))
}

fn status(pki: &Pki, gateway: &TestGateway, identity: Option<&str>, path: &str) -> Option<u16> {
    let address = gateway.running.addresses().https.expect("the TLS listener is on");
    let mut client = TlsClient::connect(pki, address, "localhost", identity).ok()?;
    client.get(path, "").ok().map(|response| response.status)
}

fn pki() -> Pki {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    for name in ["one", "two", "stranger"] {
        pki.self_signed(name);
    }
    pki
}

#[test]
fn each_api_admits_its_own_clients() {
    let (pki, backend) = (pki(), Backend::named("ok"));
    let url = backend.url();
    let apis = vec![admitting("/a", &url, "one"), admitting("/b", &url, "two")];
    let gateway = with(GatewayBuilder::new(apis), &pki, &["one", "two"]).start();
    for (identity, a, b) in [
        (Some("one"), Some(200), Some(401)),
        (Some("two"), Some(401), Some(200)),
        (None, Some(401), Some(401)),
        (Some("stranger"), None, None),
    ] {
        assert_eq!(status(&pki, &gateway, identity, "/a"), a, "{identity:?}");
        assert_eq!(status(&pki, &gateway, identity, "/b"), b, "{identity:?}");
    }
}

#[test]
fn a_new_bundle_brings_its_clients_and_ends_the_old_ones() {
    let (pki, backend) = (pki(), Backend::named("ok"));
    let builder = |name| {
        with(
            GatewayBuilder::new(vec![admitting("/a", &backend.url(), name)]),
            &pki,
            &[name],
        )
    };
    let gateway = builder("one").start();
    let address = gateway.running.addresses().https.expect("the TLS listener is on");
    let mut open = TlsClient::connect(&pki, address, "localhost", Some("one")).expect("TLS");
    assert_eq!(open.get("/a", "").expect("a response").status, 200);
    assert_eq!(status(&pki, &gateway, Some("two"), "/a"), None);
    gateway.running.reload(&builder("two").bundle()).expect("a good bundle");
    assert_eq!(status(&pki, &gateway, Some("two"), "/a"), Some(200));
    assert_eq!(status(&pki, &gateway, Some("one"), "/a"), None);
    assert_eq!(open.get("/a", "").expect("the connection lives on").status, 401);
}

#[test]
fn a_bundle_without_its_certificate_is_refused() {
    let (pki, backend) = (pki(), Backend::named("ok"));
    let builder = GatewayBuilder::new(vec![admitting("/a", &backend.url(), "one")]);
    let missing = with(builder, &pki, &[]).try_start().err().expect("it does not start");
    let cause = std::error::Error::source(&missing)
        .expect("there is a cause")
        .to_string();
    assert!(cause.contains("certs/one.pem"), "{cause}");
}

#[test]
fn certificates_of_a_backend_are_trusted_of_no_other() {
    let pki = pki();
    pki.self_signed_for("own", "localhost");
    pki.signed("signed", "localhost");
    pki.self_signed_for("misnamed", "elsewhere.test");
    for (shows, trusted, expected) in [
        ("own", Some("own"), true),
        ("own", None, false),
        ("own", Some("one"), false),
        ("signed", Some("ca"), true),
        ("signed", Some("signed"), true),
        ("misnamed", Some("misnamed"), false),
    ] {
        let (backend, other) = (TlsBackend::start(&pki, shows), TlsBackend::start(&pki, shows));
        let apis = vec![api("/a", &backend.url()), api("/b", &other.url())];
        let mut builder = GatewayBuilder::new(apis);
        if let Some(name) = trusted {
            builder.config.backend_certificates.push(BackendCertificate {
                alias: name.into(),
                backend: backend.url(),
                entry: format!("certs/{name}.pem"),
            });
        }
        let gateway = with(builder, &pki, &trusted.map_or(vec![], |name| vec![name])).start();
        let (a, b) = (gateway.get("/a").status, gateway.get("/b").status);
        assert_eq!((a == 200, b == 200), (expected, false), "{shows} {trusted:?}: {a} {b}");
    }
}
