//! The token endpoints and the issuing of API keys.

use super::keys::*;
use super::server::{Server, ok};
use super::setup::*;
use crate::auth::{Service, ServiceRequest};
use crate::refusal::Refusal;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, Method, Response};
use mgw_bundle::config::ApiKeyLocation;
use serde_json::{Value, json};

fn send(
    fixture: &Fixture,
    method: Method,
    target: &str,
    headers: HeaderMap,
    body: &str,
) -> Result<Response<bytes::Bytes>, Refusal> {
    let path = target.split('?').next().unwrap_or(target);
    let service = fixture.authenticator.services().find(path).ok_or(Refusal::NotFound)?;
    let request = ServiceRequest {
        method,
        target: target.to_owned(),
        headers,
        body: body.to_owned().into(),
    };
    fixture
        .runtime
        .block_on(fixture.authenticator.services().answer(service, request, fixture.now))
}

#[test]
fn token_requests_reach_the_key_manager_as_they_are() {
    let server = Server::start(ok(&json!({"access_token": "t"})));
    let conf = format!("keyManager.serverUrl = \"http://{}/\"\n", server.address);
    let fixture = simple(&conf, oauth2());
    assert!(fixture.security.offers_tokens());
    let sent = headers(&[
        ("authorization", "Basic YTpi"),
        ("content-type", "application/x-www-form-urlencoded"),
    ]);
    let answer = send(
        &fixture,
        Method::POST,
        "/token?x=1",
        sent,
        "grant_type=client_credentials",
    )
    .expect("forwarded");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body().as_ref(), br#"{"access_token":"t"}"#);
    let received = &server.received()[0];
    assert!(received.starts_with("POST /oauth2/token?x=1 HTTP/1.1"), "{received}");
    assert!(
        received.contains("authorization: Basic YTpi") && received.ends_with("grant_type=client_credentials"),
        "{received}"
    );

    server.answer(
        b"HTTP/1.1 302 Found\r\nlocation: https://login.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_vec(),
    );
    let answer = send(&fixture, Method::GET, "/authorize?client_id=x", HeaderMap::new(), "").expect("forwarded");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].as_bytes()),
        (302, b"https://login.example/".as_slice())
    );
    assert_eq!(
        send(&fixture, Method::GET, "/token", HeaderMap::new(), "").err(),
        Some(Refusal::MethodNotAllowed)
    );
}

#[test]
fn a_failing_key_manager_has_the_old_answers() {
    let server = Server::start(b"\x00".to_vec());
    let fixture = simple(
        &format!("keyManager.serverUrl = \"http://{}\"\n", server.address),
        oauth2(),
    );
    for (method, path, name) in [
        (Method::POST, "/token", "token"),
        (Method::POST, "/revoke", "revoke"),
        (Method::GET, "/authorize", "authorize"),
        (Method::GET, "/userinfo", "user info"),
    ] {
        let answer = send(&fixture, method, path, HeaderMap::new(), "").expect("an answer");
        assert_eq!(answer.status(), 500);
        let text = format!("{{\"error\":\"error occurred while invoking the {name} endpoint\"}}");
        assert_eq!(answer.body().as_ref(), text.as_bytes());
    }
}

fn issuing(dir: &std::path::Path, more: &str) -> Fixture {
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&keys().other_rsa).expect("encodes");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let path = dir.join("issuer.pem");
    std::fs::write(&path, pem).expect("writes");
    let secret: String = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"secret")
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let conf = format!(
        "apikey.tokenConfigs.validateAllowedAPIs = true\n[apikey.issuer.tokenConfig]\nprivateKeyFile = \"{}\"\n{more}\n\
         [[apikey.issuer.api]]\nname = \"Ledger\"\nversions = \"1.0.0,2.0.0\"\n[b7a.users.ana]\npassword = \"@sha256:{{{secret}}}\"\n",
        path.display()
    );
    simple(&conf, alternatives(&[&[key_in(ApiKeyLocation::Header, "apikey")]]))
}

#[test]
fn an_issued_key_opens_the_gateway_that_issued_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut fixture = issuing(dir.path(), "validityTime = 600");
    let basic = |text: &str| headers(&[("authorization", &format!("Basic {}", STANDARD.encode(text)))]);
    let answer = send(
        &fixture,
        Method::POST,
        "/apikey",
        basic("ana:secret"),
        "{\"validityTime\": 60}",
    )
    .expect("issued");
    assert_eq!(answer.headers()["content-type"], "text/plain");
    let key = String::from_utf8(answer.body().to_vec()).expect("text");
    let part = |number| -> Value {
        let text = key.split('.').nth(number).expect("three parts");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
    };
    assert_eq!(part(0), json!({"alg": "RS256", "typ": "jwt", "kid": "ballerina"}));
    assert_eq!(part(1)["exp"], json!(NOW / 1000 + 60));
    assert_eq!(
        part(1)["allowedAPIs"],
        json!([{"name": "Ledger", "version": "1.0.0"}, {"name": "Ledger", "version": "2.0.0"}])
    );
    assert_eq!(
        refusal(settle(fixture.ask(&headers(&[("apikey", &key)]), None, 0))),
        None
    );

    for (headers, expected) in [
        (HeaderMap::new(), Refusal::MissingCredentials),
        (headers(&[("authorization", "Bearer x")]), Refusal::WrongScheme),
        (basic("ana:wrong"), Refusal::WrongPassword),
        (basic("bo:secret"), Refusal::WrongPassword),
        (basic("ana"), Refusal::BasicWithoutColon),
    ] {
        assert_eq!(
            send(&fixture, Method::GET, "/apikey", headers, "").err(),
            Some(expected)
        );
    }
}

#[test]
fn validity_can_be_shortened_and_not_extended() {
    let dir = tempfile::tempdir().expect("a folder");
    let basic = || headers(&[("authorization", &format!("Basic {}", STANDARD.encode("ana:secret")))]);
    for (configured, asked, expected) in [
        ("validityTime = 600", "{\"validityTime\": 60}", Some(60)),
        ("validityTime = 600", "{\"validityTime\": 6000}", Some(600)),
        ("validityTime = 600", "{\"validityTime\": 0}", Some(600)),
        ("validityTime = 600", "nonsense", Some(600)),
        ("validityTime = -1", "{\"validityTime\": 60}", Some(60)),
        ("validityTime = -1", "", None),
    ] {
        let fixture = issuing(dir.path(), configured);
        let answer = send(&fixture, Method::POST, "/apikey", basic(), asked).expect("issued");
        let key = String::from_utf8(answer.body().to_vec()).expect("text");
        let claims = URL_SAFE_NO_PAD
            .decode(key.split('.').nth(1).expect("three parts"))
            .expect("base64url");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(
            claims.get("exp").and_then(Value::as_u64),
            expected.map(|life: u64| NOW / 1000 + life),
            "{configured} {asked}"
        );
    }
}

#[test]
fn a_disabled_issuer_does_not_exist() {
    let dir = tempfile::tempdir().expect("a folder");
    let fixture = issuing(dir.path(), "enabled = false");
    assert_eq!(fixture.authenticator.services().find("/apikey"), None);
    assert_eq!(
        issuing(dir.path(), "").authenticator.services().find("/apikey"),
        Some(Service::ApiKey)
    );
}
