//! Claims about users in the token for backends.

use super::backend_jwt::part;
use super::keys::token;
use super::server::{Server, ok, status};
use super::setup::*;
use crate::auth::{BackendToken, Caller};
use serde_json::{Value, json};
use std::sync::Arc;

const GIVEN_NAME: &str = "http://wso2.org/claims/givenname";

fn ana() -> Value {
    json!({"list": [
        {"uri": GIVEN_NAME, "value": "Ana"},
        {"uri": "http://wso2.org/claims/role", "value": "clerk"},
        {"uri": "http://wso2.org/claims/enduser", "value": "forged"},
        {"uri": "http://wso2.org/claims/applicationid", "value": "forged"},
        {"uri": "iss", "value": "forged"},
        {"uri": "email", "value": "theirs"},
    ]})
}

fn conf(address: impl std::fmt::Display, more: &str) -> String {
    format!(
        "[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nsigningAlgorithm = \"NONE\"\n\
         restrictedClaims = [\"http://wso2.org/claims/role\"]\n{more}\
         [jwtGeneratorConfig.claimRetrieval.configuration]\nserverUrl = \"http://{address}/am/\"\nusername = \"mgw\"\n\
         password = \"canary\"\n[[jwtTokenConfig]]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\n\
         remoteUserClaimRetrievalEnabled = true\n"
    )
}

fn caller(fixture: &mut Fixture, changes: Value) -> Arc<Caller> {
    let token = token(&with(claims(), changes));
    fixture.bearer(&token).expect("good").expect("secured")
}

fn introduced(fixture: &Fixture, caller: &Caller) -> Value {
    let value = fixture.introduction(caller).expect("switched on");
    part(value.to_str().expect("text"), 1)
}

#[test]
fn claims_enrich_the_token_and_take_the_place_of_none() {
    let server = Server::start(ok(&ana()));
    let mut fixture = simple(&conf(server.address, ""), oauth2());
    let caller = caller(&mut fixture, json!({"sub": "ana@carbon.super", "email": "ours"}));
    for _ in 0..3 {
        let claims = introduced(&fixture, &caller);
        assert_eq!(claims[GIVEN_NAME], "Ana");
        assert_eq!(claims["http://wso2.org/claims/enduser"], "ana@carbon.super");
        assert_eq!(claims["iss"], "wso2.org/products/am");
        assert_eq!(claims["email"], "ours");
        for absent in ["http://wso2.org/claims/role", "http://wso2.org/claims/applicationid"] {
            assert_eq!(claims[absent], Value::Null, "{absent}");
        }
    }
    assert_eq!(server.requests(), 1);
    let request = &server.received()[0];
    assert!(
        request.starts_with("POST /am/keymanager-operations/user-info/claims/generate HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("authorization: Basic bWd3OmNhbmFyeQ=="), "{request}");
    assert!(request.ends_with("{\"username\":\"ana\"}"), "{request}");
    assert!(!format!("{:?}", fixture.security).contains("canary"));
    assert_eq!(fixture.security.claim_retrieval_failures(), Some(0));
}

#[test]
fn a_user_is_asked_about_once_for_all_tokens_until_the_claims_are_old() {
    let server = Server::start(ok(&ana()));
    let uncached = "jwtGeneratorCaching.tokenCacheEnable = false\n";
    let mut fixture = simple(&conf(server.address, uncached), oauth2());
    for (id, later, requests) in [("1", 0, 1), ("2", 0, 1), ("2", 400_000, 1), ("3", 501_000, 2)] {
        fixture.now += later;
        let exp = fixture.now / 1000 + 600;
        let caller = caller(&mut fixture, json!({"jti": id, "exp": exp}));
        assert_eq!(introduced(&fixture, &caller)[GIVEN_NAME], "Ana");
        assert_eq!(server.requests(), requests);
    }
    let exp = fixture.now / 1000 + 600;
    let other = caller(&mut fixture, json!({"sub": "ben", "exp": exp}));
    introduced(&fixture, &other);
    assert_eq!(server.requests(), 3);
}

#[test]
fn without_claims_the_token_is_made_and_soon_made_anew() {
    for (name, answer) in [
        ("trouble", status("500 No")),
        ("unknown user", status("404 Not Found")),
        ("lie", ok(&json!({"claims": []}))),
        (
            "huge",
            ok(&json!({"list": [{"uri": "a", "value": "x".repeat(100_000)}]})),
        ),
        ("no HTTP", b"\x00".to_vec()),
    ] {
        let server = Server::start(answer);
        let mut fixture = simple(&conf(server.address, ""), oauth2());
        let caller = caller(&mut fixture, json!({"exp": NOW / 1000 + 600}));
        for _ in 0..2 {
            let claims = introduced(&fixture, &caller);
            assert_eq!(
                (&claims[GIVEN_NAME], &claims["sub"]),
                (&Value::Null, &json!("ana")),
                "{name}"
            );
        }
        assert_eq!(
            (server.requests(), fixture.security.claim_retrieval_failures()),
            (1, Some(1)),
            "{name}"
        );
        server.answer(ok(&ana()));
        fixture.now += 10_001;
        assert_eq!(introduced(&fixture, &caller)[GIVEN_NAME], "Ana", "{name}");
    }
}

#[test]
fn a_server_that_is_away_does_not_hold_up_every_user() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("bound");
    let conf = format!("keyManager.timeout = 50\n{}", conf(address, ""));
    let mut fixture = simple(&conf, oauth2());
    let users: Vec<_> = ["ana", "ben", "eva"]
        .map(|user| caller(&mut fixture, json!({"sub": user})))
        .into();
    for user in &users {
        assert_eq!(introduced(&fixture, user)[GIVEN_NAME], Value::Null);
    }
    assert_eq!(fixture.security.claim_retrieval_failures(), Some(1));
}

#[test]
fn a_user_whom_the_server_does_not_know_keeps_nobody_else_waiting() {
    for answer in [status("404 Not Found"), ok(&json!({"error": "no such user"}))] {
        let server = Server::start(answer);
        let mut fixture = simple(&conf(server.address, ""), oauth2());
        let stranger = caller(&mut fixture, json!({"sub": "nobody"}));
        assert_eq!(introduced(&fixture, &stranger)[GIVEN_NAME], Value::Null);
        server.answer(ok(&ana()));
        let known = caller(&mut fixture, json!({"sub": "ana"}));
        assert_eq!(introduced(&fixture, &known)[GIVEN_NAME], "Ana");
    }
}

#[test]
fn only_users_of_issuers_that_say_so_are_asked_about() {
    let server = Server::start(ok(&json!({"active": true, "username": "ana"})));
    let opaque = |enabled: bool| {
        let key_manager = format!(
            "keyManager.serverUrl = \"http://{}\"\nkeyManager.remoteUserClaimRetrievalEnabled = {enabled}\n",
            server.address
        );
        let mut fixture = simple(&format!("{key_manager}{}", conf(server.address, "")), oauth2());
        let caller = fixture.bearer("4f2b8f0e").expect("active").expect("secured");
        let token = fixture.authenticator.backend_jwt(&caller, 0, NOW, None);
        matches!(token, BackendToken::Fetch(_))
    };
    assert!(opaque(true));
    assert!(!opaque(false));
}
