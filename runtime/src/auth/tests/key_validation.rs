//! Opaque tokens and the key validation service.

use super::server::{Server, status};
use super::setup::*;
use crate::auth::{Answers, CallerKeyType, Outcome, RequestView, Revoked};
use crate::refusal::Refusal;
use crate::throttle::Level;
use mgw_bundle::config::{Method, ScopeMatch, Scopes};

const TOKEN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const ALLOWED: &str = "<d:authorized>true</d:authorized>";

fn conf(server: &Server, more: &str) -> String {
    format!(
        "keyManager.serverUrl = \"http://{}/km/\"\nkeyManager.enableLegacyMode = true\n{more}",
        server.address
    )
}

fn asking(server: &Server, more: &str) -> Fixture {
    simple(&conf(server, more), oauth2())
}

fn http(line: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {line}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into_bytes()
}

fn answer(members: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version='1.0' encoding='utf-8'?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <soapenv:Body><ns:validateKeyResponse xmlns:ns=\"http://org.apache.axis2/xsd\"><ns:return \
         xmlns:d=\"http://dto.impl.apimgt.carbon.wso2.org/xsd\">{members}</ns:return></ns:validateKeyResponse>\
         </soapenv:Body></soapenv:Envelope>"
    );
    http("200 OK", &body)
}

fn refused(code: u32) -> Vec<u8> {
    answer(&format!(
        "<d:authorized>false</d:authorized><d:validationStatus>{code}</d:validationStatus>"
    ))
}

#[test]
fn the_answer_fills_the_caller_and_is_remembered_within_its_validity() {
    let members = format!(
        "{ALLOWED}<d:applicationId>12</d:applicationId><d:applicationName>Till</d:applicationName>\
         <d:applicationTier>Unlimited</d:applicationTier><d:consumerKey>key1</d:consumerKey><d:endUserName>ana</d:endUserName>\
         <d:endUserToken>km.made.it</d:endUserToken><d:issuedTime>{}</d:issuedTime><d:scopes>read</d:scopes>\
         <d:spikeArrestLimit>7</d:spikeArrestLimit><d:spikeArrestUnit>sec</d:spikeArrestUnit>\
         <d:stopOnQuotaReach>false</d:stopOnQuotaReach><d:subscriber>ben</d:subscriber>\
         <d:subscriberTenantDomain>carbon.super</d:subscriberTenantDomain><d:tier>Gold</d:tier><d:type>SANDBOX</d:type>\
         <d:validityPeriod>600000</d:validityPeriod>",
        NOW - 60_000
    );
    let server = Server::start(answer(&members));
    let mut fixture = asking(&server, "");
    for _ in 0..3 {
        let caller = fixture.bearer(TOKEN).expect("allowed").expect("secured");
        let (identity, grant) = (&caller.identity, &caller.grant);
        assert_eq!(
            (identity.user.as_str(), identity.scopes.as_slice()),
            ("ana", &["read".to_owned()][..])
        );
        assert_eq!(identity.consumer_key.as_deref(), Some("key1"));
        assert_eq!(
            [
                &grant.application_id,
                &grant.application_name,
                &grant.application_policy,
                &grant.subscriber
            ],
            ["12", "Till", "Unlimited", "ben"]
        );
        assert_eq!(grant.subscription_policy, "Gold");
        assert_eq!(grant.tenant.as_deref(), Some("carbon.super"));
        assert_eq!(grant.key_type, CallerKeyType::Sandbox);
        assert!(
            matches!(caller.levels.subscription, Level::Limited(_)),
            "the spike limit applies"
        );
        assert_eq!(grant.terms.stop_on_quota, Some(false));
        assert_eq!(
            grant.terms.burst.map(|burst| (burst.count, burst.window_ms)),
            Some((7, 1000))
        );
        let carried = fixture.introduction(&caller).expect("it came along");
        assert_eq!(carried, "km.made.it");
        assert!(!format!("{caller:?}").contains("km.made.it"));
    }
    assert_eq!(server.requests(), 1);
    let request = &server.received()[0];
    let head = request.to_ascii_lowercase();
    assert!(
        request.starts_with("POST /km/services/APIKeyValidationService HTTP/1.1\r\n"),
        "{request}"
    );
    for header in [
        "\r\nsoapaction: urn:validatekey\r\n",
        "\r\ncontent-type: text/xml; charset=utf-8\r\n",
        "\r\nauthorization: basic ywrtaw46ywrtaw4=\r\n",
    ] {
        assert!(head.contains(header), "{request}");
    }
    for member in [
        "<xsd:context>/ledger/1.0.0</xsd:context><xsd:version>1.0.0</xsd:version>",
        &format!("<xsd:accessToken>{TOKEN}</xsd:accessToken>"),
        "<xsd:matchingResource>/x</xsd:matchingResource><xsd:httpVerb>GET</xsd:httpVerb>",
    ] {
        assert!(request.contains(member), "{request}");
    }
    // Issued a minute ago for ten: nine are left.
    fixture.now += 539_000;
    assert_eq!(refusal(fixture.bearer(TOKEN)), None);
    assert_eq!(server.requests(), 1);
    fixture.now += 2_000;
    server.answer(refused(900_903));
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::TokenExpired));
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_token_without_end_is_asked_about_again_within_the_quarter_hour() {
    let server = Server::start(answer(&format!("{ALLOWED}<d:validityPeriod>-1</d:validityPeriod>")));
    let mut fixture = asking(&server, "");
    for (later, requests) in [(0, 1), (899_000, 1), (2_000, 2)] {
        fixture.now += later;
        assert_eq!(refusal(fixture.bearer(TOKEN)), None);
        assert_eq!(server.requests(), requests);
    }
    let over = answer(&format!(
        "{ALLOWED}<d:issuedTime>{}</d:issuedTime><d:validityPeriod>1000</d:validityPeriod>",
        NOW - 60_000
    ));
    let server = Server::start(over);
    assert_eq!(
        refusal(asking(&server, "").bearer(TOKEN)),
        Some(Refusal::InvalidCredentials)
    );
}

#[test]
fn every_answer_has_a_defined_outcome_and_is_counted_when_it_is_none() {
    let fault =
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault/></s:Body></s:Envelope>";
    let huge = format!("{ALLOWED}<d:tier>{}</d:tier>", "x".repeat(100_000));
    let redirect =
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    for (name, says, expected, failures) in [
        ("inactive", refused(900_904), Refusal::TokenInactive, 0),
        ("no such resource", refused(900_906), Refusal::NoMatchingResource, 0),
        ("blocked", refused(900_907), Refusal::Blocked, 0),
        ("not subscribed", refused(900_908), Refusal::NotSubscribed, 0),
        ("scope", refused(900_910), Refusal::MissingScope, 0),
        ("unknown code", refused(1), Refusal::Unclassified, 0),
        (
            "fault",
            http("500 Internal Server Error", fault),
            Refusal::Unclassified,
            1,
        ),
        ("fault without status", http("200 OK", fault), Refusal::Unclassified, 1),
        ("lie", http("200 OK", "{\"active\":true}"), Refusal::Unclassified, 1),
        (
            "the gateway is refused",
            status("401 Unauthorized"),
            Refusal::Unclassified,
            1,
        ),
        ("redirect", redirect.to_vec(), Refusal::Unclassified, 1),
        (
            "trouble",
            status("500 Internal Server Error"),
            Refusal::KeyManagerUnavailable,
            1,
        ),
        ("busy", status("429 Later"), Refusal::KeyManagerUnavailable, 1),
        ("huge", answer(&huge), Refusal::KeyManagerUnavailable, 1),
        ("no HTTP", b"\x00\x01".to_vec(), Refusal::KeyManagerUnavailable, 1),
    ] {
        let server = Server::start(says);
        let mut fixture = asking(&server, "");
        assert_eq!(refusal(fixture.bearer(TOKEN)), Some(expected), "{name}");
        assert_eq!(fixture.security.key_validation_failures(), Some(failures), "{name}");
        assert_eq!(fixture.security.introspection_failures(), None);
    }
}

#[test]
fn a_silent_service_closes_the_gateway_within_the_deadline() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let conf = format!(
        "keyManager.serverUrl = \"http://{}\"\nkeyManager.timeout = 50\nkeyManager.enableLegacyMode = true\n",
        silent.local_addr().expect("bound")
    );
    let mut fixture = simple(&conf, oauth2());
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::KeyManagerUnavailable));
    assert_eq!(fixture.security.key_validation_failures(), Some(1));
}

/// Two resources, of which the service allows the second alone.
fn two_resources(server: &Server, more: &str) -> Fixture {
    let mut other = resource(oauth2(), scopes(ScopeMatch::Any, &[]));
    other.method = Method::Post;
    let resources = vec![resource(oauth2(), Scopes::default()), other];
    fixture(&conf(server, more), &gateway(vec![api(resources)]), None)
}

fn post_only() -> Server {
    Server::serve(|request| {
        if request.contains("<xsd:httpVerb>POST</xsd:httpVerb>") {
            answer(ALLOWED)
        } else {
            refused(900_910)
        }
    })
}

#[test]
fn the_verdict_about_one_resource_is_none_about_another() {
    let server = post_only();
    let mut fixture = two_resources(&server, "");
    let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    for _ in 0..2 {
        let mut ask = |resource| refusal(settle(fixture.ask(&headers, None, resource)));
        assert_eq!([ask(0), ask(1)], [Some(Refusal::MissingScope), None]);
    }
    // Both are remembered, each for itself.
    assert_eq!(server.requests(), 2);
    fixture.now += 61_000;
    assert_eq!(
        refusal(settle(fixture.ask(&headers, None, 0))),
        Some(Refusal::MissingScope)
    );
    assert_eq!(refusal(settle(fixture.ask(&headers, None, 1))), None);
    assert_eq!(server.requests(), 3);
}

#[test]
fn without_cache_every_call_is_asked_about() {
    let server = post_only();
    let mut fixture = two_resources(&server, "caching.enabled = false\n");
    let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    for requests in [2, 4] {
        let mut ask = |resource| refusal(settle(fixture.ask(&headers, None, resource)));
        assert_eq!([ask(0), ask(1)], [Some(Refusal::MissingScope), None]);
        assert_eq!(server.requests(), requests);
    }
}

#[test]
fn the_scopes_of_the_answer_are_checked_here_too() {
    let server = Server::start(answer(&format!("{ALLOWED}<d:scopes>read</d:scopes>")));
    let scoped = |name| resource(oauth2(), scopes(ScopeMatch::Any, &[name]));
    let config = gateway(vec![api(vec![scoped("read"), scoped("admin")])]);
    let mut fixture = fixture(&conf(&server, ""), &config, None);
    let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    let mut ask = |resource| refusal(settle(fixture.ask(&headers, None, resource)));
    assert_eq!([ask(0), ask(1)], [None, Some(Refusal::MissingScope)]);
}

#[test]
fn the_service_decides_about_subscriptions() {
    let server = Server::start(answer(ALLOWED));
    let mut fixture = asking(&server, "security.validateSubscriptions = true\n");
    let caller = fixture.bearer(TOKEN).expect("allowed").expect("secured");
    assert_eq!(caller.grant.subscription_policy, "Default");
    assert_eq!(caller.identity.user, "Unknown");
}

#[test]
fn revoked_tokens_are_refused_unasked() {
    let server = Server::start(answer(ALLOWED));
    let mut fixture = asking(&server, "");
    let revoke = |fixture: &Fixture, token| {
        let revocations = &fixture.security.revocations;
        revocations
            .revoke(Revoked::Token(token), None, NOW)
            .expect("there is room");
    };
    revoke(&fixture, "other");
    assert_eq!(refusal(fixture.bearer("other")), Some(Refusal::InvalidCredentials));
    assert_eq!(server.requests(), 0);
    assert_eq!(refusal(fixture.bearer(TOKEN)), None);
    revoke(&fixture, TOKEN);
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::InvalidCredentials));
    assert_eq!(server.requests(), 1);
}

#[test]
fn addresses_that_send_wrong_tokens_are_held_up() {
    let server = Server::start(refused(900_901));
    let mut fixture = asking(&server, "authConfig.maxFailuresPerAddress = 2\n");
    let asked: Vec<_> = ["a", "b", "c"].map(|token| refusal(fixture.bearer(token))).into();
    let (wrong, held) = (Some(Refusal::InvalidCredentials), Some(Refusal::TooManyFailures));
    assert_eq!(asked, [wrong, wrong, held]);
    assert_eq!(server.requests(), 2);
}

#[test]
fn many_requests_with_one_token_ask_once() {
    let server = Server::start(answer(ALLOWED));
    let mut fixture = asking(&server, "");
    let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    let request = RequestView {
        headers: &headers,
        query: None,
        client_ip: [192, 0, 2, 1].into(),
        certificate: None,
    };
    let (core, now) = (&mut fixture.core, fixture.now);
    let waits: Vec<_> = (0..50)
        .map(|_| {
            match fixture
                .authenticator
                .authenticate(core, &request, 0, 0, now, &Answers::default())
            {
                Outcome::Wait(wait) => wait,
                other => panic!("{other:?}"),
            }
        })
        .collect();
    let resolved = futures_util::future::join_all(waits.into_iter().map(|wait| async {
        let mut answers = Answers::default();
        wait.resolve(&mut answers).await;
        answers
    }));
    for answers in fixture.runtime.block_on(resolved) {
        let outcome = fixture.authenticator.authenticate(core, &request, 0, 0, now, &answers);
        assert!(matches!(outcome, Outcome::Admitted(_)), "{outcome:?}");
    }
    assert_eq!(server.requests(), 1);
}
