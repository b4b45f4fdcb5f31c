//! Callers with tokens, through the whole pipeline.

use crate::support::{
    Backend, Client, GatewayBuilder, Issuer, Response, TestGateway, api, eventually, policy, respond,
};
use mgw_bundle::config::{Api, PolicyRef, Quota, Requirement, Scheme, ScopeMatch, Scopes, Security};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub fn secured(base_path: &str, url: &str) -> Api {
    let mut api = api(base_path, url);
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

pub fn get(gateway: &TestGateway, path: &str, token: &str) -> Response {
    let request = format!("GET {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\r\n");
    Client::once(gateway.http(), &request)
}

#[test]
fn tokens_admit_and_stay_with_the_gateway() {
    let (backend, issuer) = (Backend::echo(), Issuer::new());
    let gateway = GatewayBuilder::new(vec![secured("/p", &backend.url())])
        .file(&issuer.pinned())
        .start();
    let token = issuer.token("k", json!({}));
    for _ in 0..3 {
        let response = get(&gateway, "/p/x", &token);
        assert_eq!(response.status, 200, "{}", response.body);
        assert!(
            !response.body.to_ascii_lowercase().contains("authorization"),
            "{}",
            response.body
        );
    }

    let missing = gateway.get("/p/x");
    assert_eq!(missing.status, 401);
    assert!(missing.body.contains("\"code\":900902"), "{}", missing.body);
    assert!(
        missing
            .header("www-authenticate")
            .is_some_and(|value| value.starts_with("Bearer"))
    );
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    for forged in [
        format!("{signed}.AAAA"),
        Issuer::new().token("k", json!({})),
        issuer.token("k", json!({"exp": 1})),
        issuer.token("k", json!({"iss": "https://other.test"})),
        "opaque".to_owned(),
    ] {
        let response = get(&gateway, "/p/x", &forged);
        assert_eq!(response.status, 401, "{forged}");
        assert!(response.body.contains("\"code\":900901"), "{}", response.body);
    }
    assert_eq!(backend.heads().len(), 3);
}

#[test]
fn refusals_follow_the_accept_header() {
    let (backend, issuer) = (Backend::echo(), Issuer::new());
    let gateway = GatewayBuilder::new(vec![secured("/p", &backend.url())])
        .file(&issuer.pinned())
        .start();
    let response = Client::once(
        gateway.http(),
        "GET /p HTTP/1.1\r\nHost: gateway\r\nAccept: application/xml\r\n\r\n",
    );
    assert_eq!(response.status, 401);
    assert_eq!(response.header("content-type"), Some("application/xml"));
    assert!(
        response.body.contains("900902") && response.body.starts_with('<'),
        "{}",
        response.body
    );
}

#[test]
fn scopes_and_quotas_apply() {
    let (backend, issuer) = (Backend::named("ok"), Issuer::new());
    let mut scoped = secured("/scoped", &backend.url());
    scoped.resources[0].scopes = Scopes {
        rule: ScopeMatch::Any,
        names: vec!["read".into()],
    };
    let mut limited = secured("/limited", &backend.url());
    limited.resources[0].policy = Some(PolicyRef {
        name: "Three".into(),
        index: Some(0),
    });
    let mut unknown = secured("/unknown", &backend.url());
    unknown.resources[0].policy = Some(PolicyRef {
        name: "Nobody".into(),
        index: None,
    });
    let mut builder = GatewayBuilder::new(vec![scoped, limited, unknown]).file(&issuer.pinned());
    builder.config.policies.resource = vec![policy("Three", 3)];
    let gateway = builder.start();
    let plain = issuer.token("k", json!({}));

    let response = get(&gateway, "/scoped", &plain);
    assert_eq!(response.status, 403);
    assert!(response.body.contains("900910"), "{}", response.body);
    assert_eq!(
        get(&gateway, "/scoped", &issuer.token("k", json!({"scope": "write read"}))).status,
        200
    );

    let statuses: Vec<u16> = (0..5).map(|_| get(&gateway, "/limited", &plain).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let response = get(&gateway, "/limited", &plain);
    assert_eq!(
        response.body,
        r#"{"fault":{"code":900802, "message":"Message throttled out", "description":"You have exceeded your quota"}}"#
    );

    let response = get(&gateway, "/unknown", &plain);
    assert_eq!(response.status, 500);
    assert!(response.body.contains("900809"), "{}", response.body);
}

/// Many clients at once over both cores: exactly as many pass as the policy says.
#[test]
fn a_quota_is_exact_over_all_cores() {
    const LIMIT: u64 = 100;
    let (backend, issuer) = (Backend::named("ok"), Issuer::new());
    let mut limited = secured("/p", &backend.url());
    limited.resources[0].policy = Some(PolicyRef {
        name: "Hundred".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]).file(&issuer.pinned());
    builder.config.policies.resource = vec![policy("Hundred", LIMIT)];
    let gateway = builder.start();
    let token = issuer.token("k", json!({}));
    let admitted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    match get(&gateway, "/p", &token).status {
                        200 => _ = admitted.fetch_add(1, Ordering::Relaxed),
                        status => assert_eq!(status, 429),
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner() as u64, LIMIT);
    assert_eq!(backend.heads().len() as u64, LIMIT);
}

/// A key that the gateway does not know yet is fetched while the request waits.
#[test]
fn new_keys_are_fetched_while_requests_wait() {
    let (backend, issuer) = (Backend::named("ok"), Arc::new(Issuer::new()));
    let kid = Arc::new(Mutex::new("first".to_owned()));
    let published = Backend::start({
        let (issuer, kid) = (Arc::clone(&issuer), Arc::clone(&kid));
        move |exchange| {
            let keys = issuer.jwks(&kid.lock().expect("no test panics with it"));
            respond(exchange, 200, &keys);
        }
    });
    let gateway = GatewayBuilder::new(vec![secured("/p", &backend.url())])
        .file(&Issuer::published(&format!("{}/jwks", published.url())))
        .start();
    let response = get(&gateway, "/p", &issuer.token("first", json!({})));
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(get(&gateway, "/p", &issuer.token("unknown", json!({}))).status, 401);
    let ready = Client::get(gateway.admin(), "/ready").body;
    assert!(ready.contains("\"issuersWithoutKeys\": []"), "{ready}");
    assert_eq!(
        gateway.metric("mgw_issuer_keys{issuer=\"https://issuer.test\"}"),
        Some(1.0)
    );
}

/// The issuer may be away when a gateway starts again: the keys it published last serve on.
#[test]
fn keys_outlive_the_gateway_that_fetched_them() {
    let (backend, issuer) = (Backend::named("ok"), Issuer::new());
    let (keys, away) = (issuer.jwks("k"), Arc::new(AtomicBool::new(false)));
    let published = Backend::start({
        let away = Arc::clone(&away);
        move |exchange| match away.load(Ordering::Relaxed) {
            false => respond(exchange, 200, &keys),
            true => respond(exchange, 503, ""),
        }
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let start = || {
        GatewayBuilder::new(vec![secured("/p", &backend.url())])
            .file(&Issuer::published(&format!("{}/jwks", published.url())))
            .data_dir(folder.path())
            .start()
    };
    let token = issuer.token("k", json!({}));
    assert_eq!(get(&start(), "/p", &token).status, 200);
    eventually("the keys are kept", || {
        std::fs::read_dir(folder.path().join("jwks")).is_ok_and(|files| {
            files
                .flatten()
                .any(|file| file.path().extension().is_some_and(|name| name == "json"))
        })
    });
    away.store(true, Ordering::Relaxed);
    let gateway = start();
    assert_eq!(Client::get(gateway.admin(), "/ready").status, 200);
    assert_eq!(get(&gateway, "/p", &token).status, 200);
    assert_eq!(get(&gateway, "/p", &issuer.token("unknown", json!({}))).status, 401);
}

#[test]
fn verdicts_are_remembered_and_forgotten_with_the_bundle() {
    let (backend, issuer) = (Backend::named("ok"), Issuer::new());
    let mut builder = GatewayBuilder::new(vec![secured("/p", &backend.url())])
        .file(&issuer.pinned())
        .cores(1);
    let gateway = builder.start();
    let token = issuer.token("k", json!({"scope": "a"}));
    for _ in 0..10 {
        assert_eq!(get(&gateway, "/p", &token).status, 200);
    }
    assert_eq!(gateway.metric("mgw_token_cache_misses_total"), Some(1.0));
    assert_eq!(gateway.metric("mgw_token_cache_hits_total"), Some(9.0));
    builder.config.apis[0].resources[0].scopes = Scopes {
        rule: ScopeMatch::Any,
        names: vec!["b".into()],
    };
    gateway.running.reload(&builder.bundle()).expect("a good bundle");
    assert_eq!(get(&gateway, "/p", &token).status, 403);
}

#[test]
fn unusable_keys_stop_the_start() {
    let refused = GatewayBuilder::new(Vec::new())
        .file("[[jwtTokenConfig]]\nissuer = \"x\"\npublicKeyFile = \"/nowhere/x.pem\"\n")
        .try_start();
    let Err(error) = refused else {
        panic!("a key that is not there")
    };
    assert!(error.to_string().contains("/nowhere/x.pem"), "{error}");
}

#[test]
fn bandwidth_is_charged_for_bodies() {
    let backend = Backend::named("0123456789");
    let mut limited = api("/p", &backend.url());
    limited.resources[0].policy = Some(PolicyRef {
        name: "Bytes".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]);
    let mut bytes = policy("Bytes", 1);
    bytes.quota = Quota::Bandwidth {
        bytes: 15,
        window_ms: 365 * 24 * 60 * 60 * 1000,
    };
    builder.config.policies.resource = vec![bytes];
    let gateway = builder.start();
    assert_eq!(gateway.get("/p").status, 200);
    eventually("the quota is used up", || gateway.get("/p").status == 429);
    assert!(backend.heads().len() <= 3, "{}", backend.heads().len());
}
