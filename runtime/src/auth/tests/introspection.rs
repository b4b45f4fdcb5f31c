//! Opaque tokens and the key manager.

use super::keys::{token, token_with};
use super::server::{Server, ok, status};
use super::setup::*;
use crate::auth::{Answers, Outcome, RequestView, Revoked};
use crate::refusal::Refusal;
use mgw_bundle::config::{ScopeMatch, Scopes};
use serde_json::{Value, json};

const TOKEN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn asking(server: &Server, more: &str) -> Fixture {
    simple(&conf(server, more), oauth2())
}

fn conf(server: &Server, more: &str) -> String {
    format!("keyManager.serverUrl = \"http://{}/\"\n{more}", server.address)
}

fn active(changes: Value) -> Vec<u8> {
    let base = json!({"active": true, "client_id": "key1", "username": "ana", "scope": "read default", "exp": NOW / 1000 + 600});
    ok(&with(base, changes))
}

#[test]
fn an_active_token_is_asked_about_once_until_it_expires() {
    let server = Server::start(active(json!({})));
    let mut fixture = asking(&server, "");
    for _ in 0..3 {
        let caller = fixture.bearer(TOKEN).expect("active").expect("secured");
        assert_eq!(caller.identity.user, "ana");
        assert_eq!(caller.identity.consumer_key.as_deref(), Some("key1"));
        assert_eq!(caller.identity.scopes, ["read", "default"]);
    }
    assert_eq!(server.requests(), 1);
    let request = &server.received()[0];
    assert!(request.starts_with("POST /oauth2/introspect HTTP/1.1"), "{request}");
    assert!(
        request
            .to_ascii_lowercase()
            .contains("authorization: basic ywrtaw46ywrtaw4="),
        "{request}"
    );
    assert!(
        request.ends_with(&format!("token={TOKEN}&token_type_hint=access_token")),
        "{request}"
    );
    fixture.now += 605_000;
    server.answer(ok(&json!({"active": false})));
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::InvalidCredentials));
    // A refusal is remembered too.
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::InvalidCredentials));
    assert_eq!(server.requests(), 2);
}

#[test]
fn every_answer_has_a_defined_outcome() {
    for (name, answer, expected) in [
        ("inactive", ok(&json!({"active": false})), Refusal::InvalidCredentials),
        (
            "a word for true",
            ok(&json!({"active": "true"})),
            Refusal::KeyManagerUnavailable,
        ),
        ("nothing", ok(&json!({})), Refusal::KeyManagerUnavailable),
        ("a list", ok(&json!([])), Refusal::KeyManagerUnavailable),
        ("garbage", ok(&json!("x")), Refusal::KeyManagerUnavailable),
        ("no body", status("200 OK"), Refusal::KeyManagerUnavailable),
        ("expired", active(json!({"exp": 1})), Refusal::InvalidCredentials),
        (
            "exp of another type",
            active(json!({"exp": {}})),
            Refusal::InvalidCredentials,
        ),
        ("refused", status("401 Unauthorized"), Refusal::KeyManagerUnavailable),
        ("forbidden", status("403 Forbidden"), Refusal::KeyManagerUnavailable),
        ("elsewhere", status("404 Not Found"), Refusal::KeyManagerUnavailable),
        (
            "redirect",
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                .to_vec(),
            Refusal::KeyManagerUnavailable,
        ),
        ("error", status("500 No"), Refusal::KeyManagerUnavailable),
        ("busy", status("429 Later"), Refusal::KeyManagerUnavailable),
        (
            "huge",
            active(json!({"pad": "x".repeat(100_000)})),
            Refusal::KeyManagerUnavailable,
        ),
        ("no HTTP", b"\x00\x01".to_vec(), Refusal::KeyManagerUnavailable),
    ] {
        let server = Server::start(answer);
        let mut fixture = asking(&server, "");
        assert_eq!(refusal(fixture.bearer(TOKEN)), Some(expected), "{name}");
    }
}

#[test]
fn a_refresh_token_is_no_access_token() {
    let server = Server::start(active(json!({"token_type": "refresh_token"})));
    let mut fixture = asking(&server, "");
    for _ in 0..2 {
        assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::InvalidCredentials));
    }
    assert_eq!(server.requests(), 1, "that is remembered");
}

#[test]
fn a_key_manager_that_is_down_or_silent_closes_the_gateway_within_the_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let silent = format!("keyManager.serverUrl = \"http://{address}\"\nkeyManager.timeout = 50\n");
    let mut fixture = simple(&silent, oauth2());
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::KeyManagerUnavailable));
    drop(listener);
    assert_eq!(refusal(fixture.bearer(TOKEN)), Some(Refusal::KeyManagerUnavailable));
    assert_eq!(fixture.security.introspection_failures(), Some(2));
    // Without a key manager there are no opaque tokens.
    assert_eq!(
        refusal(simple("", oauth2()).bearer(TOKEN)),
        Some(Refusal::InvalidCredentials)
    );
}

#[test]
fn subscriptions_need_a_client_id() {
    let server = Server::start(active(json!({"client_id": null})));
    let mut strict = asking(&server, "security.validateSubscriptions = true\n");
    assert_eq!(refusal(strict.bearer(TOKEN)), Some(Refusal::Unclassified));
    let mut lax = asking(&server, "");
    assert_eq!(refusal(lax.bearer(TOKEN)), None);
}

#[test]
fn scopes_and_revocation_apply() {
    let server = Server::start(active(json!({"exp": null})));
    let scoped = |name| resource(oauth2(), scopes(ScopeMatch::Any, &[name]));
    let config = gateway(vec![api(vec![
        scoped("read"),
        scoped("admin"),
        resource(oauth2(), Scopes::default()),
    ])]);
    let mut fixture = fixture(&conf(&server, ""), &config, None);
    let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    let mut ask = |resource| refusal(settle(fixture.ask(&headers, None, resource)));
    assert_eq!([ask(0), ask(1), ask(2)], [None, Some(Refusal::MissingScope), None]);
    fixture
        .security
        .revocations
        .revoke(Revoked::Token(TOKEN), None, NOW)
        .expect("there is room");
    assert_eq!(
        refusal(settle(fixture.ask(&headers, None, 0))),
        Some(Refusal::InvalidCredentials)
    );
    assert_eq!(server.requests(), 1);
}

#[test]
fn tokens_of_unknown_issuers_are_asked_about_only_when_configured() {
    let server = Server::start(active(json!({})));
    let foreign = token(&with(claims(), json!({"iss": "https://else"})));
    let forged = token_with(&json!({"alg": "none"}), &claims());
    let mut off = asking(&server, "");
    assert_eq!(refusal(off.bearer(&foreign)), Some(Refusal::InvalidCredentials));
    let mut on = asking(&server, "keyManager.enableIntrospectForFailedJWT = true\n");
    assert_eq!(refusal(on.bearer(&foreign)), None);
    assert_eq!(refusal(on.bearer(&token(&claims()))), None);
    assert_eq!(server.requests(), 1);
    // The key manager's word counts for what the gateway cannot judge itself.
    let _ = on.bearer(&forged);
    assert!(server.requests() <= 2);
}

#[test]
fn many_requests_with_one_token_ask_once() {
    let server = Server::start(active(json!({})));
    let mut fixture = asking(&server, "");
    let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    let request = RequestView {
        headers: &headers,
        query: None,
        client_ip: [192, 0, 2, 1].into(),
        certificate: None,
    };
    let mut waits = Vec::new();
    for _ in 0..50 {
        let (core, now) = (&mut fixture.core, fixture.now);
        match fixture
            .authenticator
            .authenticate(core, &request, 0, 0, now, &Answers::default())
        {
            Outcome::Wait(wait) => waits.push(wait),
            other => panic!("{other:?}"),
        }
    }
    let answers = fixture
        .runtime
        .block_on(futures_util::future::join_all(waits.into_iter().map(|wait| async {
            let mut answers = Answers::default();
            wait.resolve(&mut answers).await;
            answers
        })));
    assert_eq!(server.requests(), 1);
    for answers in answers {
        let (core, now) = (&mut fixture.core, fixture.now);
        let outcome = fixture.authenticator.authenticate(core, &request, 0, 0, now, &answers);
        assert!(matches!(outcome, Outcome::Admitted(_)), "{outcome:?}");
    }
}
