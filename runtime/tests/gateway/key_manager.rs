//! A key manager that fails: what callers are told, and what is counted.

use crate::support::{Backend, Client, GatewayBuilder, Issuer, Response, TestGateway, api, eventually, respond};
use mgw_bundle::config::{Api, Requirement, Scheme, Security};
use mgw_fixtures::ports::free_port;
use serde_json::json;

fn secured(url: &str) -> Api {
    let mut api = api("/p", url);
    for resource in &mut api.resources {
        resource.security = Security {
            enabled: true,
            optional: false,
            alternatives: vec![Requirement {
                schemes: vec![Scheme::Oauth2],
            }],
        };
    }
    api
}

fn call(gateway: &TestGateway, token: &str) -> Response {
    let request = format!("GET /p HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\r\n");
    Client::once(gateway.http(), &request)
}

/// A server that accepts connections and says nothing.
fn silent() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    (listener, url)
}

#[test]
fn a_caller_is_told_the_truth_or_what_micro_gw_told() {
    let backend = Backend::echo();
    let url = format!("http://127.0.0.1:{}", free_port());
    let ask = |compat: &str, key_validation: &str| {
        let gateway = GatewayBuilder::new(vec![secured(&backend.url())])
            .set("listenerConfig.tokenListenerPort", "0")
            .set("keyManager.serverUrl", &url)
            .set("keyManager.enableLegacyMode", key_validation)
            .set("compat", compat)
            .start();
        call(&gateway, "opaque")
    };
    for key_validation in ["false", "true"] {
        let response = ask("none", key_validation);
        assert_eq!((response.status, response.header("retry-after")), (503, Some("5")));
        assert!(response.body.contains("\"code\":503"), "{}", response.body);
        assert_eq!(response.header("www-authenticate"), None);
    }
    let response = ask("micro-gw-3.2", "false");
    assert_eq!((response.status, response.header("retry-after")), (401, None));
    assert!(response.body.contains("\"code\":900901"), "{}", response.body);
    assert!(response.header("www-authenticate").is_some());
    let response = ask("micro-gw-3.2", "true");
    assert_eq!(response.status, 500);
    assert!(response.body.contains("\"code\":900900"), "{}", response.body);
}

#[test]
fn every_way_to_fail_is_counted() {
    let backend = Backend::echo();
    let huge = "x".repeat(100_000);
    let trouble = Backend::start(|exchange| respond(exchange, 503, ""));
    let lying = Backend::start(|exchange| respond(exchange, 200, "{\"active\":\"perhaps\"}"));
    let huge = Backend::start(move |exchange| respond(exchange, 200, &huge));
    let (_slow, slow) = silent();
    let down_url = format!("http://127.0.0.1:{}", free_port());
    for (name, url) in [
        ("trouble", trouble.url()),
        ("lying", lying.url()),
        ("huge", huge.url()),
        ("slow", slow),
        ("down", down_url),
    ] {
        for (key_validation, metric) in [
            ("false", "mgw_introspection_failures_total"),
            ("true", "mgw_key_validation_failures_total"),
        ] {
            let gateway = GatewayBuilder::new(vec![secured(&backend.url())])
                .set("listenerConfig.tokenListenerPort", "0")
                .set("keyManager.serverUrl", &url)
                .set("keyManager.timeout", "100")
                .set("keyManager.enableLegacyMode", key_validation)
                .start();
            assert_eq!(gateway.metric(metric), Some(0.0), "{name}");
            let status = call(&gateway, "opaque").status;
            assert!(matches!(status, 401 | 500 | 503), "{name}: {status}");
            assert_eq!(gateway.metric(metric), Some(1.0), "{name}");
        }
        let issuer = Issuer::new();
        let gateway = GatewayBuilder::new(vec![secured(&backend.url())])
            .file(&format!(
                "keyManager.timeout = 100\njwtGeneratorConfig.jwtGeneratorEnabled = true\n\
                 jwtGeneratorConfig.signingAlgorithm = \"NONE\"\n\
                 jwtGeneratorConfig.claimRetrieval.configuration.serverUrl = \"{url}\"\n\
                 {}remoteUserClaimRetrievalEnabled = true\n",
                issuer.pinned()
            ))
            .start();
        assert_eq!(call(&gateway, &issuer.token("k", json!({}))).status, 200, "{name}");
        assert_eq!(
            gateway.metric("mgw_claim_retrieval_failures_total"),
            Some(1.0),
            "{name}"
        );

        let gateway = GatewayBuilder::new(vec![secured(&backend.url())])
            .file(&format!(
                "{}jwksTimeout = 100\n",
                Issuer::published(&format!("{url}/jwks"))
            ))
            .start();
        let metric = format!("mgw_issuer_key_failures_total{{issuer=\"{}\"}}", Issuer::NAME);
        eventually("the failed fetch is counted", || {
            gateway.metric(&metric).is_some_and(|failures| failures >= 1.0)
        });
        assert_eq!(call(&gateway, &issuer.token("k", json!({}))).status, 401, "{name}");
    }
}
