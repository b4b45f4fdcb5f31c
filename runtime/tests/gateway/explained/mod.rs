//! What is said of a request is what a gateway does with it.

mod compare;
mod random;
mod requests;
mod world;

use crate::support::{Backend, GatewayBuilder, Issuer, Pki, api};
use compare::{Comparison, Way};
use mgw_bundle::config::PolicyRef;
use mgw_runtime::explain::{AskedRequest, ExplanationEnd};
use mgw_runtime::throttle::LevelKind;
use random::Random;
use requests::Generator;
use serde_json::json;
use std::net::Ipv4Addr;
use world::World;

/// How many requests are compared.
const REQUESTS: usize = 10_000;

/// What any version of HTTP can say, and hardly any client does.
const ODDITIES: [&str; 6] = [
    "asterisk-form",
    "OPTIONS *",
    "authority-form",
    "TRACE",
    "get",
    "long path",
];

/// Thousands of requests, sent to a gateway and explained: the answers are the same to the byte, and backends get what was
/// said that they would.
#[test]
fn explanations_are_what_the_gateway_does() {
    let world = World::new("");
    let mut generator = Generator::new(&world, Random::new(2026));
    let mut comparison = Comparison::begin(&world);
    for number in 0..REQUESTS {
        comparison.compare(number, &generator.request(), Way::Plain);
    }
    comparison.has_seen(&[200, 400, 401, 403, 404, 405, 413, 414, 426, 429, 431, 500, 508]);
    comparison.has_compared(&ODDITIES);
    comparison.has_compared(&["absolute-form", "no Host", "two hosts", "HTTP/1.0"]);
}

/// The same where the gateway answers as micro-gw did.
#[test]
fn explanations_are_what_the_gateway_does_in_compat_mode() {
    let world = World::new("compat = \"micro-gw-3.2\"\n");
    let mut generator = Generator::new(&world, Random::new(32));
    let mut comparison = Comparison::begin(&world);
    for number in 0..REQUESTS / 5 {
        comparison.compare(number, &generator.request(), Way::Plain);
    }
    comparison.has_seen(&[200, 400, 401, 403, 404, 405, 413, 414, 426, 429, 500]);
}

/// The same over HTTP/2, calls of gRPC among them.
#[test]
fn explanations_are_what_the_gateway_does_over_http2() {
    let world = World::new("");
    let mut generator = Generator::new(&world, Random::new(2));
    let mut comparison = Comparison::begin(&world);
    for number in 0..REQUESTS / 5 {
        comparison.compare(number, &generator.request(), Way::Http2);
    }
    comparison.has_seen(&[200, 400, 401, 403, 404, 405, 413, 414, 426, 429, 431, 500, 508]);
    comparison.has_compared(&ODDITIES);
}

/// The same at the TLS listener, where clients show certificates that are believed, that are not, and none.
#[test]
fn explanations_are_what_the_gateway_does_over_tls() {
    let pki = Pki::new();
    pki.signed("server", "localhost");
    pki.signed("employee", "employee.test");
    pki.self_signed("client");
    pki.self_signed("stranger");
    let identities = [None, Some("client"), Some("employee"), Some("stranger")];
    let mut world = World::new("").behind_tls(&pki);
    let mut generator = Generator::new(&world, Random::new(443));
    let mut comparison = Comparison::begin(&world);
    for number in 0..REQUESTS / 10 {
        let way = Way::Tls(&pki, identities[number % identities.len()]);
        comparison.compare(number, &generator.request(), way);
    }
    comparison.has_seen(&[200, 400, 401, 403, 404, 405, 413, 414, 429, 431]);
    drop((comparison, generator));

    let mut generator = Generator::new(&world, Random::new(2443));
    let mut comparison = Comparison::begin(&world);
    for number in 0..REQUESTS / 10 {
        let way = Way::TlsHttp2(&pki, identities[number % identities.len()]);
        comparison.compare(number, &generator.request(), way);
    }
    comparison.has_seen(&[200, 400, 401, 403, 404, 405, 413, 414, 426, 429, 431]);
    drop((comparison, generator));

    // A client without a certificate gets no connection where the handshake demands one.
    world.builder = world.builder.set("mutualSSLConfig.sslVerifyClient", "require");
    let mut generator = Generator::new(&world, Random::new(8443));
    let mut comparison = Comparison::begin(&world);
    for (number, identity) in identities.into_iter().enumerate() {
        comparison.compare(number, &generator.request(), Way::Tls(&pki, identity));
        comparison.compare(number, &generator.request(), Way::TlsHttp2(&pki, identity));
    }
}

fn get(target: &str) -> AskedRequest {
    let mut request = AskedRequest::new("GET", target, false, Ipv4Addr::LOCALHOST.into()).expect("a request");
    request.header("host", "gateway").expect("a header");
    request
}

/// Where the traffic manager counts, it is said by what it decides, as far as that is known.
#[test]
fn decisions_of_a_traffic_manager_are_named() {
    let mut limited = api("/p", "http://127.0.0.1:1");
    for resource in &mut limited.resources {
        resource.policy = Some(PolicyRef {
            name: "Three".into(),
            index: None,
        });
    }
    let settings = "[throttlingConfig]\nenabledGlobalTMEventPublishing = true\n\
                    jmsConnectionProviderUrl = \"amqp://a:b@127.0.0.1:1\"\n";
    let explainer = GatewayBuilder::new(vec![limited]).file(settings).explainer();
    let explanation = explainer.explain(&get("/p/x")).expect("an explanation");
    let consulted = explanation.limited_elsewhere.expect("the traffic manager decides");
    let found: Vec<_> = consulted
        .decisions
        .iter()
        .map(|decision| (decision.level, decision.policy.as_deref(), decision.key.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (LevelKind::Resource, Some("Three"), "/p/1.0/*:GET"),
            (LevelKind::Subscription, Some("Unauthenticated"), "127.0.0.1:/p:1.0"),
        ]
    );
    assert!(
        matches!(explanation.end, ExplanationEnd::Backend(_)),
        "{:?}",
        explanation.end
    );
}

/// What only others know is not guessed, and nobody is asked.
#[test]
fn nothing_is_asked_over_the_network() {
    let (backend, published) = (Backend::echo(), Backend::echo());
    let issuer = Issuer::new();
    let mut secured = crate::secured::secured("/p", &backend.url());
    secured.resources.extend(api("/p", "http://unused").resources);
    secured.resources.truncate(3);
    let explainer = GatewayBuilder::new(vec![secured, api("/open", &backend.url())])
        .file(&Issuer::published(&format!("{}/jwks", published.url())))
        .explainer();
    let mut request = get("/p/x");
    let token = format!("Bearer {}", issuer.token("k", json!({})));
    request.header("authorization", &token).expect("a header");
    let explanation = explainer.explain(&request).expect("an explanation");
    assert!(
        matches!(explanation.end, ExplanationEnd::Open { phase: "authn" }),
        "{explanation:?}"
    );
    assert_eq!(explanation.asks, ["issuer https://issuer.test for its keys"]);
    let explanation = explainer.explain(&get("/open/a")).expect("an explanation");
    assert!(matches!(explanation.end, ExplanationEnd::Backend(_)), "{explanation:?}");
    assert_eq!((backend.connections(), published.connections()), (0, 0));
}

/// The HTTP library answers what it cannot read, here as there.
#[test]
fn what_is_no_request_is_refused_as_it_would_be() {
    let explainer = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).explainer();
    let mut request = get("/p");
    request.header("x-a", &"a".repeat(200_000)).expect("a header");
    let explanation = explainer.explain(&request).expect("an explanation");
    match explanation.end {
        ExplanationEnd::Answer {
            phase: "listener",
            refusal: None,
            answer,
        } => assert_eq!((answer.status, answer.body.len()), (431, 0)),
        other => panic!("{other:?}"),
    }
}

/// Quotas count on from one explanation to the next, as from request to request.
#[test]
fn quotas_begin_with_the_explainer() {
    let world = World::new("");
    let explainer = world.builder.explainer();
    let statuses: Vec<_> = (0..5)
        .map(|_| {
            match explainer
                .explain(&get("/limited/1.0/three"))
                .expect("an explanation")
                .end
            {
                ExplanationEnd::Answer { answer, .. } => answer.status,
                _ => 200,
            }
        })
        .collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
}
