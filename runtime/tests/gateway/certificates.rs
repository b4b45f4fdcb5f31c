//! The gateway's own certificates: stores, host names, renewal, OCSP, versions and suites.

use crate::support::{Backend, GatewayBuilder, Pki, TestGateway, TlsClient, api, eventually};
use mgw_bundle::config::Api;
use rustls::ProtocolVersion;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

fn with_tls(apis: Vec<Api>) -> GatewayBuilder {
    GatewayBuilder::new(apis)
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        // Only when told, unless a test says otherwise.
        .set("listenerConfig.certificateReloadInterval", "0")
}

fn with_pair(builder: GatewayBuilder, pki: &Pki, name: &str) -> GatewayBuilder {
    builder
        .set("listenerConfig.certificateFile", &pki.text(&format!("{name}.pem")))
        .set("listenerConfig.privateKeyFile", &pki.text(&format!("{name}.key")))
}

fn https(gateway: &TestGateway) -> SocketAddr {
    gateway.running.addresses().https.expect("the TLS listener is on")
}

/// Start errors with their causes.
fn refused(builder: &GatewayBuilder) -> String {
    let error = builder.try_start().err().expect("the start is refused");
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[test]
fn key_stores_of_every_encryption_serve() {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    let backend = Backend::named("ok");
    for how in ["", "-legacy", "-legacy -descert"] {
        let store = pki.key_store("server", how);
        let gateway = with_tls(vec![api("/p", &backend.url())])
            .set("listenerConfig.keyStorePath", &store.to_string_lossy())
            .set("listenerConfig.keyStorePassword", Pki::PASSWORD)
            .start();
        let mut client = TlsClient::connect(&pki, https(&gateway), "localhost", None).expect("TLS");
        assert_eq!(client.shown(), Some(pki.certificate("server")), "{how}");
        assert_eq!(client.get("/p", "").expect("a response").body, "ok");
    }
}

#[test]
fn unusable_stores_keep_the_gateway_from_starting() {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    let store = pki.key_store("server", "-legacy");
    let damaged = pki.path("damaged.p12");
    let bytes = std::fs::read(&store).expect("it was made");
    std::fs::write(&damaged, &bytes[..bytes.len() / 2]).expect("a writable folder");
    let keyless = pki.trust_store(&["ca"]);
    for (path, password, said) in [
        (&store, "wrong-canary", "password does not fit"),
        (&damaged, Pki::PASSWORD, "damaged"),
        (&keyless, Pki::PASSWORD, "no private key"),
        (&pki.path("ca.pem"), Pki::PASSWORD, "PEM text"),
        (&pki.path("missing.p12"), Pki::PASSWORD, "No such file"),
    ] {
        let builder = with_tls(Vec::new())
            .set("listenerConfig.keyStorePath", &path.to_string_lossy())
            .set("listenerConfig.keyStorePassword", password);
        let text = refused(&builder);
        let file = path.file_name().expect("a file").to_string_lossy();
        for expected in [said, "listenerConfig.keyStorePath", file.as_ref()] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn versions_and_suites_are_chosen_by_name() {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    let gateway = with_pair(with_tls(Vec::new()), &pki, "server")
        .set("mutualSSLConfig.protocolVersions", "TLSv1.2,TLSv1.1")
        .set(
            "mutualSSLConfig.ciphers",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,ECDHE-ECDSA-AES128-GCM-SHA256",
        )
        .start();
    let client = TlsClient::connect(&pki, https(&gateway), "localhost", None).expect("TLS");
    assert_eq!(client.version(), Some(ProtocolVersion::TLSv1_2));
    assert_eq!(client.suite(), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");

    let none =
        with_pair(with_tls(Vec::new()), &pki, "server").set("mutualSSLConfig.ciphers", "TLS_RSA_WITH_RC4_128_SHA");
    let text = refused(&none);
    assert!(
        text.contains("mutualSSLConfig.ciphers") && text.contains("TLS_RSA_WITH_RC4_128_SHA"),
        "{text}"
    );
}

#[test]
fn host_names_have_their_own_certificates() {
    let pki = Pki::new();
    for (name, host) in [("server", "localhost"), ("shop", "shop.test"), ("wild", "*.apis.test")] {
        pki.signed(name, host);
    }
    let mut builder = with_pair(with_tls(Vec::new()), &pki, "server");
    for (name, host) in [("shop", "Shop.test"), ("wild", "*.apis.test")] {
        builder = builder.file(&format!(
            "[[listenerConfig.certificates]]\nhostnames = [\"{host}\"]\ncertificateFile = \"{}\"\nprivateKeyFile = \
             \"{}\"\n",
            pki.text(&format!("{name}.pem")),
            pki.text(&format!("{name}.key"))
        ));
    }
    let gateway = builder.start();
    for (host, name) in [("localhost", "server"), ("shop.test", "shop"), ("a.apis.test", "wild")] {
        let client = TlsClient::connect(&pki, https(&gateway), host, None).expect("TLS");
        assert_eq!(client.shown(), Some(pki.certificate(name)), "{host}");
    }
    let other = TlsClient::connect(&pki, https(&gateway), "other.test", None);
    assert!(other.is_err(), "all others get the listener's, which is not theirs");
}

#[test]
fn renewed_files_are_served_without_a_dropped_connection() {
    let pki = Pki::new();
    for name in ["server", "second", "third"] {
        pki.signed(name, "localhost");
    }
    let first = pki.certificate("server");
    let backend = Backend::named("ok");
    let gateway = with_pair(with_tls(vec![api("/p", &backend.url())]), &pki, "server").start();
    let connect = || TlsClient::connect(&pki, https(&gateway), "localhost", None).expect("TLS");
    let mut old = connect();
    assert_eq!(old.get("/p", "").expect("a response").status, 200);
    assert!(!gateway.running.reload_files(), "nothing changed");

    pki.renew("server", "second");
    assert!(gateway.running.reload_files());
    assert_eq!(connect().shown(), Some(pki.certificate("second")));
    assert_ne!(connect().shown(), Some(first));
    assert_eq!(old.get("/p", "").expect("the connection lives on").body, "ok");

    std::fs::write(pki.path("server.pem"), "broken").expect("a writable folder");
    assert!(!gateway.running.reload_files());
    assert!(!gateway.running.reload_files());
    assert_eq!(connect().shown(), Some(pki.certificate("second")));
    assert_eq!(
        gateway.metric("mgw_file_reload_failures_total{part=\"certificates\"}"),
        Some(1.0)
    );
    assert_eq!(
        gateway.metric("mgw_file_reloads_total{part=\"certificates\"}"),
        Some(1.0)
    );
    assert!(
        gateway
            .metric("mgw_certificate_expires_seconds")
            .is_some_and(|time| time > 0.0)
    );

    pki.renew("server", "third");
    assert!(gateway.running.reload_files());
    assert_eq!(connect().shown(), Some(pki.certificate("third")));
}

#[test]
fn a_renewed_store_is_noticed_by_itself() {
    let pki = Pki::new();
    for name in ["server", "second"] {
        pki.signed(name, "localhost");
    }
    let store = pki.key_store("server", "");
    let gateway = with_tls(Vec::new())
        .set("listenerConfig.keyStorePath", &store.to_string_lossy())
        .set("listenerConfig.keyStorePassword", Pki::PASSWORD)
        .set("listenerConfig.certificateReloadInterval", "1")
        .start();
    let second = pki.key_store("second", "-legacy");
    std::fs::rename(second, store).expect("a writable folder");
    eventually("the renewed store is served", || {
        let client = TlsClient::connect(&pki, https(&gateway), "localhost", None).expect("TLS");
        client.shown() == Some(pki.certificate("second"))
    });
}

#[test]
fn an_ocsp_response_is_sent_with_the_certificate() {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    std::fs::write(pki.path("index"), "").expect("a writable folder");
    pki.openssl(
        "ocsp -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem -cert server.pem -ndays 1 -respout \
         ocsp.der",
        &[],
    );
    let gateway = with_pair(with_tls(Vec::new()), &pki, "server")
        .set("listenerConfig.ocspFile", &pki.text("ocsp.der"))
        .start();
    let output = Command::new("openssl")
        .args(["s_client", "-status", "-servername", "localhost", "-CAfile"])
        .arg(pki.path("ca.pem"))
        .args(["-connect", &https(&gateway).to_string()])
        .stdin(Stdio::null())
        .output()
        .expect("openssl is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("OCSP Response Status: successful (0x0)"), "{text}");

    std::fs::write(pki.path("ocsp.der"), "no response").expect("a writable folder");
    assert!(!gateway.running.reload_files());
    let text =
        refused(&with_pair(with_tls(Vec::new()), &pki, "server").set("listenerConfig.ocspFile", &pki.text("ocsp.der")));
    assert!(text.contains("ocsp.der") && text.contains("openssl ocsp"), "{text}");
}

#[test]
fn a_certificate_that_no_suite_goes_with_is_refused() {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    let rsa = "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=rsa -keyout rsa.key -out rsa.pem";
    pki.openssl(rsa, &[]);
    let of_rsa = "ECDHE-RSA-AES128-GCM-SHA256";
    let of_curves = "ECDHE-ECDSA-AES128-GCM-SHA256";
    let new = "TLS_AES_128_GCM_SHA256";
    let both = "TLSv1.3,TLSv1.2";
    let own = || with_tls(Vec::new());
    let with = |name: &str| with_pair(with_tls(Vec::new()), &pki, name);
    for (builder, versions, suites, said) in [
        (
            own(),
            both,
            of_rsa,
            Some("the certificate that the gateway makes for itself has a key of an elliptic curve"),
        ),
        (
            with("server"),
            both,
            of_rsa,
            Some("server.pem has a key of an elliptic curve"),
        ),
        (with("rsa"), both, of_curves, Some("rsa.pem has an RSA key")),
        // TLS 1.3 is not spoken.
        (
            with("rsa"),
            "TLSv1.2",
            &format!("{of_curves},{new}"),
            Some("rsa.pem has an RSA key"),
        ),
        (with("rsa"), both, &format!("{of_curves},{new}"), None),
        (with("rsa"), both, of_rsa, None),
        (own(), both, of_curves, None),
    ] {
        let builder = builder
            .set("mutualSSLConfig.protocolVersions", versions)
            .set("mutualSSLConfig.ciphers", suites);
        match said {
            Some(said) => {
                let text = refused(&builder);
                assert!(
                    text.contains(said) && text.contains("`mutualSSLConfig.ciphers`"),
                    "{text}"
                );
            }
            None => drop(builder.start()),
        }
    }
}
