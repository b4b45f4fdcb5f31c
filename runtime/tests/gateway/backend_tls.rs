//! PKCS#12 stores towards `https` backends: whom the gateway trusts there, and who it is to them.

use crate::support::{GatewayBuilder, Pki, TlsBackend, api};

#[test]
fn stores_say_whom_to_trust_and_who_the_gateway_is() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    pki.signed("client", "client.test");
    pki.self_signed("other");
    let backend = TlsBackend::start(&pki, "backend");
    let start = |names: &[&str], how: Option<&str>| {
        let trust = pki.trust_store(names);
        let mut builder = GatewayBuilder::new(vec![api("/p", &backend.url())])
            .set("httpClients.sslConfig.trustStorePath", &trust.to_string_lossy())
            .set("httpClients.sslConfig.trustStorePassword", Pki::PASSWORD);
        if let Some(how) = how {
            let store = pki.key_store("client", how);
            builder = builder
                .set("httpClients.sslConfig.keyStorePath", &store.to_string_lossy())
                .set("httpClients.sslConfig.keyStorePassword", Pki::PASSWORD);
        }
        builder.start().get("/p")
    };
    for how in ["", "-legacy"] {
        let answer = start(&["other", "ca"], Some(how));
        assert_eq!(
            (answer.status, answer.body),
            (200, TlsBackend::sees(&pki, "client")),
            "{how}"
        );
    }
    let anonymous = start(&["ca"], None);
    assert_eq!((anonymous.status, anonymous.body.as_str()), (200, "nobody"));
    assert_ne!(
        start(&["other"], Some("")).status,
        200,
        "nobody in the store signed the backend's"
    );
}

#[test]
fn a_backend_is_asked_for_by_name_and_sessions_go_on() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    let backend = TlsBackend::start(&pki, "backend");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("httpClients.sslConfig.caFile", &pki.path("ca.pem").to_string_lossy())
        // Every request connects.
        .set("httpClients.poolConfig.maxIdleConnections", "0")
        .start();
    for _ in 0..3 {
        assert_eq!(gateway.get("/p").status, 200);
    }
    let handshakes = backend.handshakes();
    let resumed: Vec<bool> = handshakes.iter().map(|handshake| handshake.resumed).collect();
    assert_eq!(resumed, [false, true, true], "whichever core connects");
    assert!(
        handshakes
            .iter()
            .all(|handshake| handshake.name.as_deref() == Some("localhost"))
    );
}

#[test]
fn a_backend_that_does_not_prove_itself_gets_no_request() {
    let pki = Pki::new();
    pki.signed("good", "localhost");
    pki.signed("another", "another.test");
    pki.signed_with("expired", &["subjectAltName=DNS:localhost"], -1);
    pki.self_signed_for("unknown", "localhost");
    let start = |backend: &TlsBackend, settings: &[(&str, &str)]| {
        let ca = pki.path("ca.pem");
        let mut builder = GatewayBuilder::new(vec![api("/p", &backend.url())])
            .set("httpClients.sslConfig.caFile", &ca.to_string_lossy());
        for (key, value) in settings {
            builder = builder.set(key, value);
        }
        builder.start()
    };
    for name in ["another", "expired", "unknown"] {
        let backend = TlsBackend::start(&pki, name);
        let gateway = start(&backend, &[]);
        let answer = gateway.get("/p");
        assert_eq!(answer.status, 503, "{name}");
        assert!(answer.body.contains("101503"), "{}", answer.body);
        assert_eq!(backend.handshakes(), [], "{name}");
    }
    // Operators may give up what protects them, each by its name.
    let no_names = [("httpClients.sslConfig.verifyHostname", "false")];
    let nothing = [("httpClients.disableSslVerification", "true")];
    for (name, settings, status) in [
        ("another", &no_names, 200),
        ("expired", &no_names, 503),
        ("unknown", &no_names, 503),
        ("expired", &nothing, 200),
        ("unknown", &nothing, 200),
    ] {
        let backend = TlsBackend::start(&pki, name);
        assert_eq!(
            start(&backend, settings).get("/p").status,
            status,
            "{name} {settings:?}"
        );
    }
}
