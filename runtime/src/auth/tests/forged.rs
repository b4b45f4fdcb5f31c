//! Forged, broken and foreign tokens: 900901 and nothing else.

use super::keys::*;
use super::setup::*;
use crate::refusal::Refusal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn rs(message: &[u8]) -> Vec<u8> {
    rs256(&keys().rsa, message)
}

fn hmac_with(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

/// Encodes text as it is, duplicates and all.
fn raw(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn a_good_token_of_each_algorithm_is_accepted() {
    let conf = format!(
        "[[jwtTokenConfig]]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\nalgorithms = [\"RS256\", \"PS256\"]\n\
         [[jwtTokenConfig]]\nissuer = \"ec\"\npublicKeyFile = \"{{dir}}/ec.pem\"\nalgorithms = [\"ES256\"]\n\
         [[jwtTokenConfig]]\nissuer = \"ed\"\npublicKeyFile = \"{{dir}}/ed.pem\"\nalgorithms = [\"EdDSA\"]\n"
    );
    let mut fixture = simple(&conf, oauth2());
    let claims = claims();
    let random = aws_lc_rs::rand::SystemRandom::new();
    let of = |issuer: &str| encode(&with(claims.clone(), json!({"iss": issuer})));
    let header = |name: &str| encode(&json!({"alg": name}));
    let good = [
        sign_parts(&header("RS256"), &encode(&claims), rs),
        sign_parts(&header("PS256"), &encode(&claims), |message| {
            ps256(&keys().rsa, message)
        }),
        sign_parts(&header("ES256"), &of("ec"), |message| {
            keys().ec.sign(&random, message).expect("signs").as_ref().to_vec()
        }),
        sign_parts(&header("EdDSA"), &of("ed"), |message| {
            keys().ed.sign(message).as_ref().to_vec()
        }),
    ];
    for token in good {
        let caller = fixture
            .bearer(&token)
            .expect("the token is good")
            .expect("the resource is secured");
        assert_eq!(caller.identity.user, "ana");
        assert_eq!(caller.identity.consumer_key.as_deref(), Some("key1"));
    }
}

#[test]
fn every_forgery_is_refused_alike() {
    let good = claims();
    let body = encode(&good);
    let header = |value: Value| encode(&value);
    let rs256_header = header(json!({"alg": "RS256"}));
    let sample = token(&good);
    let signature = sample.rsplit_once('.').expect("three parts").1.to_owned();
    let (modulus, exponent) = modulus_and_exponent();
    let own_jwk = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent)});
    let public_pem = keys().rsa_pem();
    let public_der = STANDARD
        .decode(public_pem.lines().nth(1).expect("the body"))
        .expect("base64");
    let deep = format!(
        "{{\"iss\":\"{ISSUER}\",\"exp\":1700000600,\"a\":{}{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let text = good.to_string();
    let mut noncanonical = signature.clone();
    // 256 bytes leave four bits unused in the last character.
    let last = noncanonical.pop().expect("not empty");
    noncanonical.push(if last == 'A' { 'B' } else { char::from(last as u8 + 1) });

    let mut cases: Vec<(&str, String)> = vec![
        ("none", format!("{}.{body}.", header(json!({"alg": "none"})))),
        ("None", format!("{}.{body}.", header(json!({"alg": "None"})))),
        (
            "none with a signature",
            format!("{}.{body}.{signature}", header(json!({"alg": "none"}))),
        ),
        ("empty signature", format!("{rs256_header}.{body}.")),
        ("zero signature", sign_parts(&rs256_header, &body, |_| vec![0; 256])),
        (
            "HS256 over the PEM",
            sign_parts(
                &header(json!({"alg": "HS256"})),
                &body,
                hmac_with(public_pem.as_bytes()),
            ),
        ),
        (
            "HS256 over the DER",
            sign_parts(&header(json!({"alg": "HS256"})), &body, hmac_with(&public_der)),
        ),
        (
            "RS256 header, HMAC",
            sign_parts(&rs256_header, &body, hmac_with(public_pem.as_bytes())),
        ),
        (
            "psychic ES256",
            sign_parts(&header(json!({"alg": "ES256"})), &body, |_| vec![0; 64]),
        ),
        (
            "unpinned algorithm",
            sign_parts(&header(json!({"alg": "PS256"})), &body, |message| {
                ps256(&keys().rsa, message)
            }),
        ),
        (
            "other key",
            sign_parts(&rs256_header, &body, |message| rs256(&keys().other_rsa, message)),
        ),
        (
            "embedded jwk",
            sign_parts(&header(json!({"alg": "RS256", "jwk": own_jwk})), &body, |message| {
                rs256(&keys().other_rsa, message)
            }),
        ),
        (
            "jku",
            sign_parts(
                &header(json!({"alg": "RS256", "jku": "http://127.0.0.1:1/jwks"})),
                &body,
                |message| rs256(&keys().other_rsa, message),
            ),
        ),
        (
            "x5u",
            sign_parts(
                &header(json!({"alg": "RS256", "x5u": "http://127.0.0.1:1/cert"})),
                &body,
                |message| rs256(&keys().other_rsa, message),
            ),
        ),
        ("crit", token_with(&json!({"alg": "RS256", "crit": ["exp"]}), &good)),
        ("b64", token_with(&json!({"alg": "RS256", "b64": false}), &good)),
        ("zip", token_with(&json!({"alg": "RS256", "zip": "DEF"}), &good)),
        ("no alg", token_with(&json!({"typ": "JWT"}), &good)),
        ("alg of another type", token_with(&json!({"alg": ["RS256"]}), &good)),
        (
            "kid of another type",
            token_with(&json!({"alg": "RS256", "kid": 1}), &good),
        ),
        (
            "long kid",
            token_with(&json!({"alg": "RS256", "kid": "k".repeat(300)}), &good),
        ),
        (
            "another typ",
            token_with(&json!({"alg": "RS256", "typ": "secevent+jwt"}), &good),
        ),
        (
            "duplicate alg",
            sign_parts(&raw(r#"{"alg":"RS256","alg":"RS256"}"#), &body, rs),
        ),
        (
            "duplicate claim",
            sign_parts(
                &rs256_header,
                &raw(&format!("{},\"sub\":\"root\"}}", &text[..text.len() - 1])),
                rs,
            ),
        ),
        (
            "duplicate nested",
            sign_parts(
                &rs256_header,
                &raw(&format!("{},\"x\":{{\"a\":1,\"a\":2}}}}", &text[..text.len() - 1])),
                rs,
            ),
        ),
        ("deep nesting", sign_parts(&rs256_header, &raw(&deep), rs)),
        ("claims are a list", sign_parts(&rs256_header, &raw("[]"), rs)),
        ("claims are no JSON", sign_parts(&rs256_header, &raw("hello"), rs)),
        (
            "trailing JSON",
            sign_parts(&rs256_header, &raw(&format!("{text}{{}}")), rs),
        ),
        (
            "oversized",
            token(&with(good.clone(), json!({"pad": "x".repeat(9000)}))),
        ),
        ("padded", padded_token(&good)),
        (
            "non-canonical signature",
            format!("{rs256_header}.{body}.{noncanonical}"),
        ),
        (
            "standard alphabet",
            format!(
                "{rs256_header}.{body}.{}",
                signature.replace('-', "+").replace('_', "/") + "+/"
            ),
        ),
        ("four parts", format!("{sample}.x")),
        ("two parts", format!("{rs256_header}.{body}")),
        ("empty parts", "..".into()),
        ("opaque", "0f8fad5b-d9cb-469f-a165-70867728950e".into()),
        ("expired", token(&with(good.clone(), json!({"exp": 1_699_999_990})))),
        ("no exp", token(&with(good.clone(), json!({"exp": null})))),
        (
            "exp of another type",
            token(&with(good.clone(), json!({"exp": {"a": 1}}))),
        ),
        ("not yet", token(&with(good.clone(), json!({"nbf": 1_700_000_100})))),
        (
            "issued in the future",
            token(&with(good.clone(), json!({"iat": 1_700_000_100}))),
        ),
        (
            "other issuer",
            token(&with(good.clone(), json!({"iss": "https://evil.example"}))),
        ),
        ("issuer as a list", token(&with(good.clone(), json!({"iss": [ISSUER]})))),
        ("no issuer", token(&with(good.clone(), json!({"iss": null})))),
        (
            "API key as access token",
            token(&with(good.clone(), json!({"token_type": "apiKey"}))),
        ),
    ];
    // Any single changed character breaks the token.
    let mut changed = sample.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'a' { b'b' } else { b'a' };
    cases.push(("changed", String::from_utf8(changed).expect("ASCII")));

    let mut fixture = simple("", oauth2());
    for (name, forged) in &cases {
        assert_eq!(
            refusal(fixture.bearer(forged)),
            Some(Refusal::InvalidCredentials),
            "{name}"
        );
        assert_eq!(
            refusal(fixture.bearer(forged)),
            Some(Refusal::InvalidCredentials),
            "{name}, again"
        );
    }
    assert_eq!(refusal(fixture.bearer(&sample)), None);
}

#[test]
fn padding_is_accepted_only_from_an_issuer_that_may_write_it() {
    let conf =
        format!("[jwtTokenConfig]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\nallowPadding = true\n");
    let mut fixture = simple(&conf, oauth2());
    // Claims of three lengths, so that padding of every length occurs.
    for filler in ["", "x", "xx"] {
        let padded = padded_token(&with(claims(), json!({"filler": filler})));
        assert_eq!(refusal(fixture.bearer(&padded)), None, "{filler}");
    }
    assert_eq!(refusal(fixture.bearer(&token(&claims()))), None);
    let padded = ["", "x", "xx"]
        .map(|filler| padded_token(&with(claims(), json!({"filler": filler}))))
        .into_iter()
        .find(|token| token.split('.').nth(1).is_some_and(|part| part.ends_with('=')))
        .expect("one of three lengths needs padding");
    let stripped = padded.replace('=', "");
    // The signature covers the text as received.
    assert_eq!(refusal(fixture.bearer(&stripped)), Some(Refusal::InvalidCredentials));
}

#[test]
fn audiences_and_required_claims_are_the_issuers() {
    let conf = format!(
        "[jwtTokenConfig]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{{dir}}/rsa.pem\"\naudience = [\"a\", \"b\"]\nrequiredClaims = [\"tenant\"]\n"
    );
    let mut fixture = simple(&conf, oauth2());
    let cases = [
        (json!({"aud": "a", "tenant": "t"}), None),
        (json!({"aud": ["x", "b"], "tenant": "t"}), None),
        (json!({"aud": "x", "tenant": "t"}), Some(Refusal::InvalidCredentials)),
        (json!({"tenant": "t"}), Some(Refusal::InvalidCredentials)),
        (json!({"aud": "a"}), Some(Refusal::InvalidCredentials)),
    ];
    for (changes, expected) in cases {
        assert_eq!(
            refusal(fixture.bearer(&token(&with(claims(), changes.clone())))),
            expected,
            "{changes}"
        );
    }
}

#[test]
fn an_address_with_too_many_forgeries_is_refused_unchecked_but_known_tokens_pass() {
    let mut fixture = simple("[authConfig]\nmaxFailuresPerAddress = 3\n", oauth2());
    let known = token(&claims());
    assert_eq!(refusal(fixture.bearer(&known)), None);
    let forged = |number: u32| {
        let claims = with(claims(), json!({ "n": number }));
        sign_parts(&encode(&json!({"alg": "RS256"})), &encode(&claims), |message| {
            rs256(&keys().other_rsa, message)
        })
    };
    for number in 0..3 {
        assert_eq!(
            refusal(fixture.bearer(&forged(number))),
            Some(Refusal::InvalidCredentials)
        );
    }
    assert_eq!(refusal(fixture.bearer(&forged(3))), Some(Refusal::TooManyFailures));
    assert_eq!(refusal(fixture.bearer(&known)), None);
    fixture.now += 10_000;
    assert_eq!(refusal(fixture.bearer(&forged(4))), Some(Refusal::InvalidCredentials));
}
