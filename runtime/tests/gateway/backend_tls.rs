//! PKCS#12 stores towards `https` backends: whom the gateway trusts there, and who it is to them.

use crate::support::{GatewayBuilder, Pki, TestGateway, TlsBackend, api};

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

/// Two authorities, each with backends and clients of its own.
fn two_worlds() -> (Pki, Pki) {
    let worlds = (Pki::new(), Pki::new());
    for pki in [&worlds.0, &worlds.1] {
        pki.signed("backend", "localhost");
        pki.signed("client", "client.test");
        pki.signed("second", "client.test");
    }
    worlds
}

/// A gateway that looks at its files only when told, and trusts both authorities.
fn trusting(worlds: &(Pki, Pki), backends: &[(&str, &TlsBackend)]) -> GatewayBuilder {
    let authorities =
        [&worlds.0, &worlds.1].map(|pki| std::fs::read_to_string(pki.path("ca.pem")).expect("it was made"));
    std::fs::write(worlds.0.path("both.pem"), authorities.concat()).expect("a writable folder");
    let apis = backends.iter().map(|(path, backend)| api(path, &backend.url()));
    GatewayBuilder::new(apis.collect())
        .set("listenerConfig.certificateReloadInterval", "0")
        .set("httpClients.sslConfig.caFile", &worlds.0.text("both.pem"))
        .cores(1)
}

fn body(gateway: &TestGateway, path: &str) -> Option<String> {
    let answer = gateway.get(path);
    (answer.status == 200).then_some(answer.body)
}

#[test]
fn backends_are_shown_the_certificate_that_is_meant_for_them() {
    let worlds = two_worlds();
    let (ours, theirs) = &worlds;
    let [here, elsewhere] = [ours, ours].map(|pki| TlsBackend::start(pki, "backend"));
    let there = TlsBackend::start(theirs, "backend");
    let store = theirs.key_store("client", "");
    let gateway = trusting(
        &worlds,
        &[("/here", &here), ("/there", &there), ("/elsewhere", &elsewhere)],
    )
    .file(&format!(
        "[httpClients.sslConfig]\ncertificateFile = \"{}\"\nprivateKeyFile = \"{}\"\n\
             [[httpClients.sslConfig.clientCertificates]]\n\
             hosts = [\"unused.test\", \"LocalHost:{}\"]\ncertificateFile = \"{}\"\nprivateKeyFile = \"{}\"\n\
             [[httpClients.sslConfig.clientCertificates]]\n\
             hosts = [\"localhost:{}\", \"localhost:{}\", \"*.localhost\"]\n\
             keyStorePath = \"{}\"\nkeyStorePassword = \"{}\"\n",
        ours.text("second.pem"),
        ours.text("second.key"),
        here.port(),
        ours.text("client.pem"),
        ours.text("client.key"),
        here.port(),
        there.port(),
        store.display(),
        Pki::PASSWORD,
    ))
    .start();
    let sees = |pki: &Pki, name: &str| Some(TlsBackend::sees(pki, name));
    assert_eq!(body(&gateway, "/here"), sees(ours, "client"), "the first that means it");
    assert_eq!(body(&gateway, "/there"), sees(theirs, "client"));
    assert_eq!(
        body(&gateway, "/elsewhere"),
        sees(ours, "second"),
        "the one for all others"
    );

    // They are renewed as the one for all is.
    theirs.openssl(
        "pkcs12 -export -inkey second.key -in second.pem -passout env:PASSWORD -out staged",
        &[],
    );
    std::fs::rename(theirs.path("staged"), &store).expect("a writable folder");
    assert!(gateway.running.reload_files());
    assert_eq!(body(&gateway, "/there"), sees(theirs, "second"));
    std::fs::write(ours.path("staged"), "broken").expect("a writable folder");
    std::fs::rename(ours.path("staged"), ours.path("client.key")).expect("a writable folder");
    assert!(!gateway.running.reload_files());
    assert_eq!(body(&gateway, "/here"), sees(ours, "client"));
    assert_eq!(body(&gateway, "/there"), sees(theirs, "second"));
}

#[test]
fn a_certificate_for_one_backend_is_shown_to_no_other() {
    let worlds = two_worlds();
    let (ours, theirs) = &worlds;
    let (here, there) = (TlsBackend::start(ours, "backend"), TlsBackend::start(theirs, "backend"));
    let gateway = trusting(&worlds, &[("/here", &here), ("/there", &there)])
        .file(&format!(
            "[[httpClients.sslConfig.clientCertificates]]\nhosts = [\"localhost:{}\"]\n\
             certificateFile = \"{}\"\nprivateKeyFile = \"{}\"\n",
            here.port(),
            theirs.text("client.pem"),
            theirs.text("client.key"),
        ))
        .start();
    assert_eq!(body(&gateway, "/here"), None, "one of another authority");
    assert_eq!(body(&gateway, "/there").as_deref(), Some("nobody"));
}

#[test]
fn a_client_certificate_that_cannot_be_used_stops_the_start() {
    let worlds = two_worlds();
    let backend = TlsBackend::start(&worlds.0, "backend");
    let store = worlds.0.key_store("client", "");
    let refused = |keys: &str| {
        let gateway = trusting(&worlds, &[("/p", &backend)]).file(&format!(
            "[[httpClients.sslConfig.clientCertificates]]\nhosts = [\"other.test\"]\n{keys}"
        ));
        gateway
            .try_start()
            .err()
            .map(|error| (error.to_string(), error.named()))
    };
    let files = |certificate: &str, key: &str| {
        let [certificate, key] = [certificate, key].map(|name| worlds.0.text(name));
        format!("certificateFile = \"{certificate}\"\nprivateKeyFile = \"{key}\"\n")
    };
    for (certificate, key, named) in [
        ("missing.pem", "client.key", "missing.pem"),
        ("client.pem", "missing.key", "missing.key"),
        ("client.pem", "ca.pem", "ca.pem"),
        ("client.pem", "second.key", "second.key"),
    ] {
        let (error, files) = refused(&files(certificate, key)).expect("it does not start");
        assert_eq!(files, [worlds.0.text(named)], "{error}");
        assert!(error.contains(named), "{error}");
    }
    let keys = format!(
        "keyStorePath = \"{}\"\nkeyStorePassword = \"canary\"\n",
        store.display()
    );
    let (error, files) = refused(&keys).expect("it does not start");
    assert_eq!(files, [store.display().to_string()]);
    assert!(
        error.contains("`httpClients.sslConfig.clientCertificates.keyStorePath`") && !error.contains("canary"),
        "{error}"
    );
}
