//! Keys from a URL: rotation, floods of unknown key ids, and servers that are down, lying or huge.

use super::keys::*;
use super::server::{Server, ok, wall_clock};
use super::setup::*;
use crate::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::net::TcpListener;

fn trusting(server: &Server, more: &str) -> Fixture {
    let conf = format!(
        "[jwtTokenConfig]\nissuer = \"{ISSUER}\"\njwksURL = \"http://{}/jwks\"\njwksMaxBytes = 20000\n{more}",
        server.address
    );
    let mut fixture = simple(&conf, oauth2());
    fixture.now = wall_clock();
    fixture
}

fn rsa_jwk(id: &str) -> Value {
    let (modulus, exponent) = modulus_and_exponent();
    json!({"kty": "RSA", "kid": id, "use": "sig", "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent)})
}

fn signed(fixture: &Fixture, header: Value) -> String {
    token_with(
        &with(json!({"alg": "RS256"}), header),
        &with(claims(), json!({"exp": fixture.now / 1000 + 600})),
    )
}

#[test]
fn the_first_token_waits_for_the_keys_and_later_ones_do_not() {
    // Keys of other kinds and shared secrets are passed over.
    let keys =
        json!({"keys": [{"kty": "oct", "kid": "k1", "k": "AAAA"}, {"kty": "future", "kid": "k1"}, rsa_jwk("k1")]});
    let server = Server::start(ok(&keys));
    let mut fixture = trusting(&server, "");
    let token = signed(&fixture, json!({"kid": "k1"}));
    assert_eq!(refusal(fixture.bearer(&token)), None);
    assert_eq!(refusal(fixture.bearer(&signed(&fixture, json!({})))), None);
    assert_eq!(server.requests(), 1);
    let status = fixture.security.key_sources(fixture.now);
    assert!(
        status[0].usable && status[0].keys == 1 && status[0].failures == 0,
        "{status:?}"
    );
}

#[test]
fn unknown_key_ids_cannot_hammer_the_issuer() {
    let server = Server::start(ok(&json!({"keys": [rsa_jwk("k1")]})));
    let mut fixture = trusting(&server, "");
    for number in 0..200 {
        let token = signed(&fixture, json!({"kid": format!("forged-{number}")}));
        assert_eq!(refusal(fixture.bearer(&token)), Some(Refusal::InvalidCredentials));
    }
    assert_eq!(server.requests(), 1);
    let token = signed(&fixture, json!({"kid": "k1"}));
    assert_eq!(refusal(fixture.bearer(&token)), None);
}

#[test]
fn keys_rotate_and_cached_tokens_of_a_withdrawn_key_end() {
    let server = Server::start(ok(&json!({"keys": [rsa_jwk("old")]})));
    let mut fixture = trusting(&server, "jwksMinRefreshInterval = 1\n");
    let old = signed(&fixture, json!({"kid": "old"}));
    assert_eq!(refusal(fixture.bearer(&old)), None);
    server.answer(ok(&json!({"keys": [rsa_jwk("new")]})));
    // One second later an unknown key id is worth a fetch.
    fixture.now += 1900;
    let new = signed(&fixture, json!({"kid": "new"}));
    assert_eq!(refusal(fixture.bearer(&new)), None);
    assert_eq!(server.requests(), 2);
    assert_eq!(refusal(fixture.bearer(&old)), Some(Refusal::InvalidCredentials));
}

#[test]
fn keys_serve_on_while_the_issuer_is_down_but_not_for_ever() {
    let server = Server::start(ok(&json!({"keys": [rsa_jwk("k1")]})));
    let mut fixture = trusting(&server, "jwksMaxStale = 3600\njwksTimeout = 1000\n");
    assert_eq!(refusal(fixture.bearer(&signed(&fixture, json!({"kid": "k1"})))), None);
    server.answer(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec());
    fixture.now += 3500 * 1000;
    assert_eq!(refusal(fixture.bearer(&signed(&fixture, json!({"kid": "k1"})))), None);
    fixture.now += 200 * 1000;
    let late = signed(&fixture, json!({"kid": "k1", "typ": "JWT"}));
    assert_eq!(refusal(fixture.bearer(&late)), Some(Refusal::InvalidCredentials));
    assert!(!fixture.security.key_sources(fixture.now)[0].usable);
}

#[test]
fn a_server_that_fails_or_lies_leaves_the_gateway_closed() {
    let huge = json!({"keys": [rsa_jwk("k1")], "pad": "x".repeat(30_000)});
    let many = json!({"keys": vec![json!({"kty": "oct"}); 100]});
    let answers = [
        ("error", b"HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()),
        ("garbage", b"\x00\x01\x02garbage".to_vec()),
        ("html", ok(&json!("<html></html>"))),
        ("no keys", ok(&json!({"keys": []}))),
        ("huge", ok(&huge)),
        ("many", ok(&many)),
        ("cut short", b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n{\"keys\":[".to_vec()),
        ("elsewhere", b"HTTP/1.1 302 Found\r\nlocation: http://localhost:1/jwks\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()),
        ("only a secret", ok(&json!({"keys": [{"kty": "oct", "kid": "k1", "k": "AAAA"}]}))),
    ];
    for (name, answer) in answers {
        let server = Server::start(answer);
        let mut fixture = trusting(&server, "");
        let token = signed(&fixture, json!({"kid": "k1"}));
        assert_eq!(
            refusal(fixture.bearer(&token)),
            Some(Refusal::InvalidCredentials),
            "{name}"
        );
        let status = fixture.security.key_sources(fixture.now);
        assert!(!status[0].usable && status[0].failures >= 1, "{name}: {status:?}");
    }
}

#[test]
fn a_server_that_never_answers_costs_one_timeout() {
    // Bound but never accepting: the connection is made and nothing comes.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let conf = format!("[jwtTokenConfig]\nissuer = \"{ISSUER}\"\njwksURL = \"http://{address}/\"\njwksTimeout = 50\n");
    let mut fixture = simple(&conf, oauth2());
    fixture.now = wall_clock();
    let token = signed(&fixture, json!({"kid": "k1"}));
    assert_eq!(refusal(fixture.bearer(&token)), Some(Refusal::InvalidCredentials));
    assert_eq!(fixture.security.key_sources(fixture.now)[0].failures, 1);
}
