//! The gateway's own services on the TLS listeners, and what backends learn about callers.

use crate::support::{Backend, Client, GatewayBuilder, Issuer, TestGateway, api, http2_over, on_runtime};
use bytes::Bytes;
use http::request::Builder;
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use mgw_bundle::config::{Api, Cors, Requirement, Scheme, Security};
use mgw_runtime::CertificateOrigin;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// Sends one request over TLS and HTTP/1.1 and returns status and body.
fn over_tls(gateway: &TestGateway, address: SocketAddr, method: Method, path: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "gateway")
        .header("authorization", "Basic YTpi");
    let answer = send(gateway, address, Version::HTTP_11, request);
    (
        answer.status().as_u16(),
        String::from_utf8_lossy(answer.body()).into_owned(),
    )
}

/// Sends one request over TLS.
fn send(gateway: &TestGateway, address: SocketAddr, version: Version, request: Builder) -> Response<Bytes> {
    let Some(CertificateOrigin::Generated { certificate }) = gateway.running.certificate() else {
        panic!("a certificate was made")
    };
    let pem = std::fs::read(certificate).expect("it was written");
    let mut roots = rustls::RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(&pem).expect("PEM");
    roots.add(certificate).expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the defaults are safe")
        .with_root_certificates(roots)
        .with_no_client_auth();
    if version == Version::HTTP_2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let request = request
        .body(Full::new(Bytes::from_static(b"grant_type=client_credentials")))
        .expect("a request");
    on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = connector.connect(name, stream).await.expect("TLS");
        let answer = if version == Version::HTTP_2 {
            http2_over(stream).await.send_request(request).await
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .expect("HTTP/1.1");
            tokio::spawn(connection);
            sender.send_request(request).await
        };
        let (head, body) = answer.expect("a response").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Response::from_parts(head, body)
    })
}

/// A gateway with a token listener, in front of a key manager.
fn asking(key_manager: &Backend, apis: Vec<Api>) -> GatewayBuilder {
    GatewayBuilder::new(apis)
        .set("listenerConfig.tokenListenerPort", "0")
        .set("keyManager.serverUrl", &key_manager.url())
}

fn with_https(builder: GatewayBuilder) -> GatewayBuilder {
    builder
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
}

#[test]
fn token_endpoints_are_on_both_tls_listeners_and_apis_are_not_on_theirs() {
    let (backend, key_manager) = (Backend::echo(), Backend::echo());
    let gateway = with_https(asking(&key_manager, vec![api("/p", &backend.url())])).start();
    let addresses = gateway.running.addresses();
    let (https, token) = (addresses.https.expect("it is on"), addresses.token.expect("it is on"));
    for address in [https, token] {
        let (status, body) = over_tls(&gateway, address, Method::POST, "/token?x=1");
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("POST /oauth2/token?x=1 HTTP/1.1"), "{body}");
        assert!(body.ends_with("grant_type=client_credentials"), "{body}");
        assert_eq!(over_tls(&gateway, address, Method::GET, "/token").0, 405);
    }
    assert_eq!(over_tls(&gateway, https, Method::GET, "/p/x").0, 200);
    assert_eq!(over_tls(&gateway, token, Method::GET, "/p/x").0, 404);
    assert_eq!(over_tls(&gateway, token, Method::GET, "/health").0, 200);
    // Credentials for the key manager do not travel in the clear.
    assert_eq!(gateway.get("/token").status, 404);
    assert_eq!(key_manager.heads().len(), 2);
}

#[test]
fn the_key_manager_is_told_what_backends_are_told() {
    let key_manager = Backend::echo();
    let start = |settings: &[(&str, &str)]| {
        let builder = asking(&key_manager, Vec::new());
        settings
            .iter()
            .fold(builder, |builder, (key, value)| builder.set(key, value))
            .start()
    };
    let ask = |gateway: &TestGateway| {
        let address = gateway.running.addresses().token.expect("it is on");
        let request = Request::builder()
            .method(Method::POST)
            .uri("/token")
            .header("host", "public.example")
            .header("authorization", "Basic YTpi")
            .header("connection", "x-hop, x-other")
            .header("x-hop", "1")
            .header("x-forwarded-for", "203.0.113.9")
            .header("x_real_ip", "203.0.113.9")
            .header("forwarded", "for=203.0.113.9")
            .header("x-jwt-assertion", "forged")
            .header("x-http-method-override", "GET")
            .header("x-correlation-id", "mine");
        let answer = send(gateway, address, Version::HTTP_11, request);
        assert_eq!(answer.status(), 200);
        let head = key_manager.heads().pop().expect("it was reached");
        let mut headers: Vec<String> = head.lines().skip(1).map(str::to_ascii_lowercase).collect();
        headers.retain(|line| !line.is_empty() && !line.starts_with("accept") && !line.starts_with("content-"));
        headers.sort();
        headers
    };
    let host = format!("host: {}", key_manager.address);
    assert_eq!(
        ask(&start(&[])),
        [
            "authorization: basic ytpi",
            host.as_str(),
            "x-correlation-id: mine",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: public.example",
            "x-forwarded-proto: https",
        ]
    );
    let trusting = start(&[("trustedProxies", "127.0.0.1/32"), ("forwarding.via", "edge")]);
    let told = ask(&trusting);
    for line in ["x-forwarded-for: 203.0.113.9, 127.0.0.1", "via: 1.1 edge"] {
        assert!(told.iter().any(|own| own == line), "{line} {told:?}");
    }
    // As its backends were told nothing.
    assert_eq!(
        ask(&start(&[("compat", "micro-gw-3.2")])),
        [
            "authorization: basic ytpi",
            "forwarded: for=203.0.113.9",
            host.as_str(),
            "x-correlation-id: mine",
            "x-forwarded-for: 203.0.113.9",
            "x_real_ip: 203.0.113.9",
        ]
    );
}

#[test]
fn what_the_key_manager_says_for_its_hop_ends_there() {
    let key_manager = Backend::start(|exchange| {
        let head = "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\nok";
        exchange.write(head);
    });
    let gateway = asking(&key_manager, Vec::new()).start();
    let address = gateway.running.addresses().token.expect("it is on");
    let request = Request::builder().uri("/userinfo").header("host", "gateway");
    let answer = send(&gateway, address, Version::HTTP_11, request);
    assert_eq!(answer.body().as_ref(), b"ok");
    let has = |name| answer.headers().contains_key(name);
    assert!(has("x-own") && !has("x-hop") && !has("connection"), "{answer:?}");
}

/// Whoever writes a path as a URL folds dots and turns backslashes round: to any place of the key manager.
#[test]
fn nothing_but_the_token_endpoints_of_the_key_manager_is_reached() {
    let key_manager = Backend::echo();
    let gateway = with_https(asking(&key_manager, Vec::new())).start();
    let addresses = gateway.running.addresses();
    let ask = |address, version, method: &Method, path: &str| {
        let uri = format!("https://gateway{path}");
        let target = if version == Version::HTTP_2 { &uri } else { path };
        let request = Request::builder().method(method).uri(target);
        let request = match version {
            Version::HTTP_2 => request,
            _ => request.header("host", "gateway"),
        };
        send(&gateway, address, version, request)
    };
    for address in [addresses.https, addresses.token].map(|address| address.expect("it is on")) {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            for (method, path) in [
                (Method::GET, "/authorize/../../carbon/admin/login.jsp"),
                (Method::GET, "/authorize/%2e%2E/%2E./carbon"),
                (Method::GET, "/userinfo/..;a=1/introspect"),
                (Method::POST, "/token/../introspect"),
                (Method::POST, "/token/./x?y=1"),
                (Method::POST, "/token/.."),
                (Method::POST, "/token/a\\..\\..\\introspect"),
                (Method::POST, "/token/a\\b"),
                (Method::POST, "/token/%5c..%5cintrospect"),
                (Method::POST, "/token/a%2f..%2f..%2fintrospect"),
                (Method::POST, "/token/a%2fb%5cc"),
                (Method::POST, "/token/%00"),
                (Method::POST, "/revoke/{x}"),
            ] {
                let answer = ask(address, version, &method, path);
                assert_eq!(answer.status(), 400, "{version:?} {path}");
                let head = key_manager.heads().pop();
                assert!(head.is_none(), "{version:?} {path} {head:?}");
            }
        }
    }
    let token = addresses.token.expect("it is on");
    let mut reached = 0;
    for path in [
        "/token/x/y",
        "/token/%252e%252e/x?a=/../b",
        "/token//x;y=1",
        "/token/a%2Fb",
        "/token?x='\\",
    ] {
        let answer = ask(token, Version::HTTP_11, &Method::POST, path);
        assert_eq!(answer.status(), 200, "{path}");
        reached += 1;
        let head = key_manager.heads().pop().expect("it was reached");
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        assert!(head.starts_with(&format!("POST /oauth2{path}")), "{path} {head}");
    }
    assert_eq!(key_manager.heads().len(), reached);
}

/// A page of another origin fetches a token.
#[test]
fn pages_of_other_origins_reach_the_token_endpoints_by_the_rules_of_the_project() {
    let key_manager = Backend::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok");
    });
    let start = |rules: Option<Cors>| {
        let mut builder = asking(&key_manager, Vec::new());
        builder.config.service_cors = rules;
        builder.start()
    };
    // Status, and the headers that say what a page may do.
    let ask = |gateway: &TestGateway, method: Method, path: &str, headers: &[(&str, &str)]| {
        let address = gateway.running.addresses().token.expect("it is on");
        let request = Request::builder().method(method).uri(path).header("host", "gateway");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = send(gateway, address, Version::HTTP_11, request);
        let said = ["access-control-allow-origin", "access-control-allow-methods", "allow"];
        let text = |name| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text").to_owned())
        };
        (answer.status().as_u16(), said.map(text))
    };
    let told = |status, said: [Option<&str>; 3]| (status, said.map(|text| text.map(str::to_owned)));
    let (own, other) = (("origin", "https://app.example"), ("origin", "https://evil.example"));
    let asks = ("access-control-request-method", "POST");

    let gateway = start(Some(Cors {
        allow_origins: vec!["https://app.example".into()],
        allow_methods: vec!["POST".into(), "GET".into()],
        allow_headers: vec!["authorization".into()],
        expose_headers: Vec::new(),
        allow_credentials: false,
        max_age_seconds: None,
    }));
    let granted = told(200, [Some("https://app.example"), Some("POST"), None]);
    let only_named = told(200, [None, None, Some("POST, OPTIONS")]);
    assert_eq!(ask(&gateway, Method::OPTIONS, "/token", &[own, asks]), granted);
    assert_eq!(ask(&gateway, Method::OPTIONS, "/token", &[other, asks]), only_named);
    assert_eq!(ask(&gateway, Method::OPTIONS, "/token", &[]), only_named);
    // Declared nowhere.
    let of_userinfo = told(200, [None, None, Some("GET, OPTIONS")]);
    assert_eq!(ask(&gateway, Method::OPTIONS, "/userinfo", &[own, asks]), of_userinfo);
    assert_eq!(ask(&gateway, Method::OPTIONS, "/token/../x", &[own, asks]).0, 400);
    assert_eq!(key_manager.heads().len(), 0);
    let readable = [Some("https://app.example"), None, None];
    assert_eq!(ask(&gateway, Method::POST, "/token", &[own]), told(200, readable));
    assert_eq!(ask(&gateway, Method::POST, "/token", &[other]), told(200, [None; 3]));
    let readable = [Some("https://app.example"), None, Some("POST")];
    assert_eq!(ask(&gateway, Method::GET, "/token", &[own]), told(405, readable));

    // Without rules the key manager says it.
    let gateway = start(None);
    assert_eq!(ask(&gateway, Method::OPTIONS, "/token", &[own, asks]).0, 405);
    assert_eq!(
        ask(&gateway, Method::POST, "/token", &[own]),
        told(200, [Some("*"), None, None])
    );
}

#[test]
fn without_key_manager_there_is_no_token_listener() {
    let gateway = GatewayBuilder::new(Vec::new()).start();
    assert_eq!(gateway.running.addresses().token, None);
}

#[test]
fn backends_are_told_who_calls_and_clients_cannot_pretend() {
    let (backend, issuer) = (Backend::echo(), Issuer::new());
    let mut secured = api("/p", &backend.url());
    for resource in &mut secured.resources {
        resource.security = Security {
            enabled: true,
            optional: false,
            alternatives: vec![Requirement {
                schemes: vec![Scheme::Oauth2],
            }],
        };
    }
    let gateway = GatewayBuilder::new(vec![secured, api("/open", &backend.url())])
        .file(&issuer.pinned())
        .set("jwtGeneratorConfig.jwtGeneratorEnabled", "true")
        .set("jwtGeneratorConfig.signingAlgorithm", "NONE")
        .start();
    let token = issuer.token("k", json!({}));
    let ask = |path: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\nX-JWT-Assertion: forged\r\n\r\n"
        );
        Client::once(gateway.http(), &request).body.to_ascii_lowercase()
    };
    let introduced = ask("/p/x");
    assert_eq!(introduced.matches("x-jwt-assertion:").count(), 1, "{introduced}");
    assert!(!introduced.contains("forged"), "{introduced}");
    assert!(!ask("/open/x").contains("x-jwt-assertion"));
}

#[test]
fn a_token_that_is_revoked_on_the_admin_listener_is_refused_at_once() {
    let (backend, issuer) = (Backend::echo(), Issuer::new());
    let mut secured = api("/p", &backend.url());
    for resource in &mut secured.resources {
        resource.security = Security {
            enabled: true,
            optional: false,
            alternatives: vec![Requirement {
                schemes: vec![Scheme::Oauth2],
            }],
        };
    }
    let gateway = GatewayBuilder::new(vec![secured]).file(&issuer.pinned()).start();
    let (good, bad) = (
        issuer.token("k", json!({"jti": "good"})),
        issuer.token("k", json!({"jti": "bad"})),
    );
    let status = |token: &str| {
        let request = format!("GET /p HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\r\n");
        Client::once(gateway.http(), &request).status
    };
    let announce = |kind: &str, list: &str| {
        let length = list.len();
        let request = format!(
            "POST /revocations HTTP/1.1\r\nHost: admin\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{list}"
        );
        Client::once(gateway.admin(), &request)
    };
    // Remembered by both cores, most likely.
    for _ in 0..8 {
        assert_eq!((status(&good), status(&bad)), (200, 200));
    }
    assert_eq!(announce("text/plain", "{\"jti\":\"bad\"}").status, 415);
    let refused = announce("application/json", "{\"jti\":7}\n");
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("line 1"), "{}", refused.body);
    let partly = announce("application/json", "{\"jti\":\"other\"}\n{\"jti\":\"\"}\n");
    assert_eq!(partly.status, 422, "an empty name revokes nothing");
    let told = "\"revoked\":1";
    assert!(
        partly.body.contains("line 2") && partly.body.contains(told),
        "{}",
        partly.body
    );
    // A page whose host name was made to lead to this machine.
    let list = "{\"jti\":\"good\"}\n";
    let request = format!(
        "POST /revocations HTTP/1.1\r\nHost: admin\r\nOrigin: http://admin\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{list}",
        list.len()
    );
    assert_eq!(Client::once(gateway.admin(), &request).status, 403);
    assert_eq!((status(&good), status(&bad)), (200, 200));
    let applied = announce("application/x-ndjson", "{\"jti\":\"bad\"}\n");
    assert_eq!((applied.status, applied.body.as_str()), (200, "{\"revoked\":1}"));
    for _ in 0..8 {
        assert_eq!((status(&good), status(&bad)), (200, 401));
    }
    assert_eq!(Client::get(gateway.admin(), "/revocations").status, 405);
}

#[test]
fn passwords_cannot_be_guessed_where_keys_are_issued() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key.pem");
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
    std::fs::write(&key, pair.serialize_pem()).expect("it is written");
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")])
        .cores(1)
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("apikey.issuer.tokenConfig.privateKeyFile", &key.to_string_lossy())
        .file("[b7a.users.ana]\npassword = \"d033e22ae348aeb5660fc2140aec35850c4da997\"\n")
        .set("authConfig.maxFailuresPerAddress", "3")
        .start();
    let https = gateway.running.addresses().https.expect("it is on");
    let guesses: Vec<u16> = (0..8)
        .map(|_| over_tls(&gateway, https, Method::POST, "/apikey").0)
        .collect();
    // A new window may begin in between, once.
    assert!(guesses.iter().all(|status| matches!(status, 401 | 429)), "{guesses:?}");
    assert!(guesses.contains(&429) && guesses.first() == Some(&401), "{guesses:?}");
}

#[test]
fn services_that_are_not_configured_are_not_found_in_words_of_their_own() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://192.0.2.1")])
        .cores(1)
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("apikey.issuer.tokenConfig.enabled", "false")
        .start();
    let https = gateway.running.addresses().https.expect("it is on");
    for (path, is_json) in [
        ("/apikey", true),
        ("/apikey/x", true),
        ("/token", true),
        ("/nowhere", false),
    ] {
        let (status, body) = over_tls(&gateway, https, Method::POST, path);
        let json = serde_json::from_str::<serde_json::Value>(&body);
        assert_eq!(
            (status, json.is_ok_and(|json| json["code"] == 404)),
            (404, is_json),
            "{path}: {body}"
        );
    }
}
