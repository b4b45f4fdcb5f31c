//! Client certificates: by alias, in a header, and where they are asked for.

use crate::support::{Backend, Client, GatewayBuilder, Pki, TestGateway, TlsClient, api};
use mgw_bundle::config::{Api, MutualTls, Requirement, Scheme};
use std::net::SocketAddr;

/// An API that admits by certificate alone.
pub fn guarded(base_path: &str, url: &str, mode: MutualTls) -> Api {
    let mut api = api(base_path, url);
    api.mutual_tls = Some(mode);
    for resource in &mut api.resources {
        resource.security.enabled = true;
        resource.security.optional = true;
        resource.security.alternatives = vec![Requirement {
            schemes: vec![Scheme::Oauth2],
        }];
    }
    api
}

/// A gateway whose trust store names `names`; API p accepts those of `aliases`.
fn trusting(apis: Vec<Api>, pki: &Pki, names: &[&str], aliases: &str) -> GatewayBuilder {
    let store = pki.trust_store(names);
    GatewayBuilder::new(apis)
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("listenerConfig.certificateFile", &pki.text("server.pem"))
        .set("listenerConfig.privateKeyFile", &pki.text("server.key"))
        .set("listenerConfig.trustStorePath", &store.to_string_lossy())
        .set("listenerConfig.trustStorePassword", Pki::PASSWORD)
        .file(&format!(
            "[[mutualSSLConfig.api.certificates]]\nname = \"P\"\nversion = \"1.0\"\naliasList = [{aliases}]\n"
        ))
}

fn pki() -> Pki {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    pki.self_signed("client");
    pki.self_signed("stranger");
    pki.signed("employee", "employee.test");
    pki
}

fn https(gateway: &TestGateway) -> SocketAddr {
    gateway.running.addresses().https.expect("the TLS listener is on")
}

fn status(pki: &Pki, gateway: &TestGateway, identity: Option<&str>, headers: &str) -> Option<u16> {
    let mut client = TlsClient::connect(pki, https(gateway), "localhost", identity).ok()?;
    client.get("/p", headers).ok().map(|response| response.status)
}

#[test]
fn aliases_of_the_trust_store_admit() {
    let (pki, backend) = (pki(), Backend::named("ok"));
    let api = || vec![guarded("/p", &backend.url(), MutualTls::Mandatory)];
    let gateway = trusting(api(), &pki, &["client", "ca"], "\"client\"").start();
    for (identity, expected) in [
        (Some("client"), Some(200)),
        (None, Some(401)),
        // Signed by an authority of the trust store, and listed by no API.
        (Some("employee"), Some(401)),
        (Some("stranger"), None),
    ] {
        assert_eq!(status(&pki, &gateway, identity, ""), expected, "{identity:?}");
    }

    let missing = trusting(api(), &pki, &["client"], "\"somebody\"").try_start();
    let text = missing.err().expect("the alias is not there").to_string();
    for expected in ["`somebody`", "mutualSSLConfig.api.certificates", "trust.p12", "client"] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn where_certificates_are_mandatory_the_plain_listener_has_no_such_api() {
    let (pki, backend) = (pki(), Backend::named("ok"));
    for (mode, expected) in [(MutualTls::Mandatory, 404), (MutualTls::Optional, 401)] {
        let api = guarded("/p", &backend.url(), mode);
        let gateway = trusting(vec![api], &pki, &["client"], "\"client\"").start();
        assert_eq!(gateway.get("/p").status, expected, "{mode:?}");
        assert_eq!(status(&pki, &gateway, Some("client"), ""), Some(200), "{mode:?}");
    }
}

#[test]
fn a_handshake_that_requires_certificates_needs_to_know_whose() {
    let pki = pki();
    let builder = |trust: bool| {
        let builder = GatewayBuilder::new(Vec::new())
            .set("listenerConfig.httpsEnabled", "true")
            .set("listenerConfig.httpsPort", "0")
            .set("listenerConfig.certificateFile", &pki.text("server.pem"))
            .set("listenerConfig.privateKeyFile", &pki.text("server.key"))
            .set("mutualSSLConfig.sslVerifyClient", "require");
        if trust {
            builder.set("mutualSSLConfig.clientCaFile", &pki.text("ca.pem"))
        } else {
            builder
        }
    };
    let text = builder(false).try_start().err().expect("nobody is trusted").to_string();
    assert!(text.contains("mutualSSLConfig.sslVerifyClient"), "{text}");
    let gateway = builder(true).start();
    assert_eq!(status(&pki, &gateway, Some("employee"), ""), Some(404));
    assert_eq!(status(&pki, &gateway, None, ""), None);
}

/// The certificate of `name` as nginx sends it.
fn escaped(pki: &Pki, name: &str) -> String {
    let pem = std::fs::read_to_string(pki.path(&format!("{name}.pem"))).expect("it was made");
    let bytes = pem.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    format!("X-WSO2-CLIENT-CERTIFICATE: {}\r\n", bytes.collect::<String>())
}

#[test]
fn trusted_proxies_show_certificates_in_a_header() {
    let (pki, backend) = (pki(), Backend::named("ok"));
    let start = |proxies: &str, validate: &str, mode| {
        trusting(
            vec![guarded("/p", &backend.url(), mode)],
            &pki,
            &["client", "ca"],
            "\"client\"",
        )
        .set("trustedProxies", proxies)
        .set("mutualSSLConfig.isClientCertificateValidationEnabled", validate)
        .start()
    };
    let (client, stranger, employee) = (
        escaped(&pki, "client"),
        escaped(&pki, "stranger"),
        escaped(&pki, "employee"),
    );
    let garbage = "X-WSO2-CLIENT-CERTIFICATE: garbage\r\n".to_owned();

    let gateway = start("127.0.0.0/8", "false", MutualTls::Mandatory);
    for (header, expected) in [
        (&client, 200),
        (&stranger, 401),
        (&employee, 401),
        (&garbage, 401),
        (&String::new(), 401),
        (&format!("{client}{client}"), 401),
    ] {
        assert_eq!(status(&pki, &gateway, None, header), Some(expected), "{header}");
    }
    // The header counts, not what the proxy itself showed.
    assert_eq!(status(&pki, &gateway, Some("client"), &stranger), Some(401));

    let gateway = start("127.0.0.1", "true", MutualTls::Mandatory);
    assert_eq!(
        status(&pki, &gateway, None, &client),
        Some(401),
        "the proxy showed nothing"
    );
    assert_eq!(status(&pki, &gateway, Some("employee"), &client), Some(200));
    assert_eq!(status(&pki, &gateway, Some("employee"), &garbage), Some(401));

    let gateway = start("192.0.2.0/24", "false", MutualTls::Mandatory);
    assert_eq!(
        status(&pki, &gateway, None, &client),
        Some(401),
        "anybody could send it"
    );
    assert_eq!(
        status(&pki, &gateway, Some("client"), &stranger),
        Some(200),
        "and it is ignored"
    );

    let gateway = start("127.0.0.1", "false", MutualTls::Optional);
    assert_eq!(
        status(&pki, &gateway, None, &garbage),
        Some(401),
        "what is shown must be good"
    );
    let plain = Client::once(
        gateway.http(),
        &format!("GET /p HTTP/1.1\r\nHost: gateway\r\n{client}\r\n"),
    );
    assert_eq!(plain.status, 200, "the proxy ended TLS");
}

#[test]
fn nobody_else_gets_the_header_to_a_backend() {
    let backend = Backend::echo();
    for (proxies, arrives) in [("", false), ("192.0.2.1", false), ("127.0.0.1", true)] {
        let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())])
            .set("trustedProxies", proxies)
            .start();
        let response = Client::once(
            gateway.http(),
            "GET /p HTTP/1.1\r\nHost: gateway\r\nX-WSO2-CLIENT-CERTIFICATE: forged\r\n\r\n",
        );
        let seen = response.body.to_ascii_lowercase().contains("x-wso2-client-certificate");
        assert_eq!(seen, arrives, "{proxies:?}: {}", response.body);
    }
}

/// A gateway whose APIs p, and q on both listeners, accept by `settings` what the authority signed; its proxies are on this machine.
fn naming(pki: &Pki, url: &str, settings: &str, more: &str) -> TestGateway {
    let entries = ["p", "q"]
        .map(|api| format!("[[mutualSSLConfig.api.certificates]]\nname = \"{api}\"\nversion = \"1.0\"\n{settings}\n"));
    let apis = vec![
        guarded("/p", url, MutualTls::Mandatory),
        guarded("/q", url, MutualTls::Optional),
    ];
    GatewayBuilder::new(apis)
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("listenerConfig.certificateFile", &pki.text("server.pem"))
        .set("listenerConfig.privateKeyFile", &pki.text("server.key"))
        .set("mutualSSLConfig.clientCaFile", &pki.text("ca.pem"))
        .set("mutualSSLConfig.isClientCertificateValidationEnabled", "false")
        .set("trustedProxies", "127.0.0.1")
        .file(more)
        .file(&entries.concat())
        .start()
}

#[test]
fn names_admit_what_the_authority_signed() {
    let (pki, backend) = (Pki::new(), Backend::named("ok"));
    pki.signed("server", "localhost");
    for (name, extensions) in [
        ("billing", &["subjectAltName=URI:spiffe://corp/billing/api"][..]),
        ("bill", &["subjectAltName=URI:spiffe://corp/bill"]),
        ("host", &["subjectAltName=DNS:a.client.example,IP:192.0.2.7"]),
        ("nameless", &["basicConstraints=CA:FALSE"]),
        (
            "wrong-use",
            &["subjectAltName=DNS:a.client.example", "extendedKeyUsage=serverAuth"],
        ),
        (
            "right-use",
            &["subjectAltName=DNS:b.client.example", "extendedKeyUsage=clientAuth"],
        ),
    ] {
        pki.signed_with(name, extensions, 30);
    }
    pki.signed_with("expired", &["subjectAltName=DNS:a.client.example"], -1);
    let gateway = naming(
        &pki,
        &backend.url(),
        "sanList = [\"spiffe://corp/billing/*\", \"*.client.example\"]",
        "",
    );
    for (name, handshake, header) in [
        ("billing", Some(200), 200),
        ("bill", Some(401), 401),
        ("host", Some(200), 200),
        ("nameless", Some(401), 401),
        ("right-use", Some(200), 200),
        ("wrong-use", None, 401),
        ("expired", None, 401),
    ] {
        assert_eq!(status(&pki, &gateway, Some(name), ""), handshake, "{name}");
        // The second time the verdict is remembered.
        for _ in 0..2 {
            assert_eq!(
                status(&pki, &gateway, None, &escaped(&pki, name)),
                Some(header),
                "{name}"
            );
        }
    }
    assert!(
        gateway
            .metric("mgw_client_certificate_cache_hits_total")
            .is_some_and(|hits| hits >= 1.0)
    );

    // Listed, and named: both are asked for.
    let listed = format!(
        "certificateFiles = [\"{}\"]\nsanList = [\"192.0.2.0/24\"]",
        pki.text("host.pem")
    );
    let gateway = naming(&pki, &backend.url(), &listed, "");
    assert_eq!(status(&pki, &gateway, Some("host"), ""), Some(200));
    assert_eq!(status(&pki, &gateway, Some("right-use"), ""), Some(401));
    // An alias that no store has must not become everybody with the name.
    let gateway = naming(
        &pki,
        &backend.url(),
        "aliasList = [\"gone\"]\nsanList = [\"*.client.example\"]",
        "",
    );
    assert_eq!(status(&pki, &gateway, Some("host"), ""), Some(401));
    // For all APIs together.
    let gateway = naming(
        &pki,
        &backend.url(),
        "sanList = [\"*.client.example\"]",
        "mutualSSLConfig.sanList = [\"subject:CN=host\"]\n",
    );
    assert_eq!(status(&pki, &gateway, Some("host"), ""), Some(200));
    assert_eq!(status(&pki, &gateway, Some("right-use"), ""), Some(401));
}

#[test]
fn an_expired_authority_vouches_for_nobody() {
    let (pki, backend) = (Pki::new(), Backend::named("ok"));
    pki.signed("server", "localhost");
    pki.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=inner-root -days 30 -keyout root.key -out root.pem",
        &[],
    );
    for (name, dates) in [("good", "-days 30"), ("over", "-days -1")] {
        pki.openssl(
            &format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -addext basicConstraints=critical,CA:TRUE \
                 -keyout {name}.key -out {name}.csr"
            ),
            &[],
        );
        pki.openssl(
            &format!("x509 -req -in {name}.csr -copy_extensions copy -CA root.pem -CAkey root.key -CAcreateserial {dates} -out {name}.pem"),
            &[],
        );
        let leaf = format!("leaf-{name}");
        pki.openssl(
            &format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={leaf} -addext \
                 subjectAltName=DNS:x.client.example -keyout {leaf}.key -out {leaf}.csr"
            ),
            &[],
        );
        pki.openssl(
            &format!("x509 -req -in {leaf}.csr -copy_extensions copy -CA {name}.pem -CAkey {name}.key -CAcreateserial -days 30 -out {leaf}.pem"),
            &[],
        );
        // As nginx sends a chain.
        let chain = [format!("{leaf}.pem"), format!("{name}.pem")]
            .map(|file| std::fs::read_to_string(pki.path(&file)).expect("it was made"));
        std::fs::write(pki.path(&format!("chain-{name}.pem")), chain.concat()).expect("a writable folder");
    }
    std::fs::copy(pki.path("root.pem"), pki.path("ca.pem")).expect("a writable folder");
    let gateway = naming(&pki, &backend.url(), "sanList = [\"*.client.example\"]", "");
    let client = |name: &str| {
        let header = escaped(&pki, name);
        Client::once(
            gateway.http(),
            &format!("GET /q HTTP/1.1\r\nHost: gateway\r\n{header}\r\n"),
        )
        .status
    };
    assert_eq!(client("chain-good"), 200);
    assert_eq!(client("chain-over"), 401);
}
