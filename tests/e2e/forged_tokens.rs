//! Tokens that nobody issued, through the real binary: 401 with 900901, and the backend hears nothing of them.

use crate::running::Running;
use crate::support::Place;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use mgw_fixtures::backend::Backend;
use mgw_fixtures::keys::{KeyAlgorithm, SigningKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

const RSA_ISSUER: &str = "https://rsa.example.com";
const EC_ISSUER: &str = "https://ec.example.com";
/// Far in the future.
const EXPIRY: u64 = 4_102_444_800;

static RSA: LazyLock<SigningKey> = LazyLock::new(|| key(KeyAlgorithm::Rs256));
static EC: LazyLock<SigningKey> = LazyLock::new(|| key(KeyAlgorithm::Es256));
static STRANGER: LazyLock<SigningKey> = LazyLock::new(|| key(KeyAlgorithm::Rs256));

fn key(algorithm: KeyAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm).expect("a key can be made")
}

fn pkcs8(key: &SigningKey) -> PrivatePkcs8KeyDer<'static> {
    PrivatePkcs8KeyDer::from_pem_slice(key.to_pem().as_bytes()).expect("it is PKCS#8")
}

/// The signature of a message.
pub fn rs256(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8(key).secret_pkcs8_der()).expect("it is RSA");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
        .expect("the key signs");
    signature
}

fn es256(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let pkcs8 = pkcs8(key);
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.secret_pkcs8_der());
    let signature = pair.expect("it is P-256").sign(&SystemRandom::new(), message);
    signature.expect("the key signs").as_ref().to_vec()
}

fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&key, message).as_ref().to_vec()
}

/// A token of header and claims as they are written.
fn token(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Signed by the trusted key.
fn signed(header: &Value, claims: &Value) -> String {
    token(&header.to_string(), &claims.to_string(), |message| rs256(&RSA, message))
}

/// Signed by somebody else, who says where to find his key.
fn strange(header: &Value) -> String {
    token(&header.to_string(), &claims().to_string(), |message| {
        rs256(&STRANGER, message)
    })
}

fn claims() -> Value {
    json!({"iss": RSA_ISSUER, "sub": "ana", "exp": EXPIRY})
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn rs(name: &str, value: Value) -> Value {
    let mut header = json!({"alg": "RS256"});
    header[name] = value;
    header
}

/// Swaps the last character for one with the same leading bits, which a careless decoder reads as the same bytes.
fn noncanonical(token: &str) -> String {
    let mut text = token.to_owned();
    let last = text.pop().expect("a token is not empty");
    text.push(char::from(last as u8 + 1));
    text
}

fn padded(claims: &Value) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE.encode(r#"{"alg":"RS256"}"#),
        URL_SAFE.encode(claims.to_string())
    );
    let signature = rs256(&RSA, message.as_bytes());
    format!("{message}.{}", URL_SAFE.encode(signature))
}

/// Claims with something at their end.
fn claims_and(more: &str) -> String {
    let text = claims().to_string();
    let open = text.strip_suffix('}').expect("claims are an object");
    format!("{open},{more}}}")
}

fn forgeries() -> Vec<(&'static str, String)> {
    let plain = claims().to_string();
    let rs_header = r#"{"alg":"RS256"}"#;
    let good = signed(&json!({"alg": "RS256"}), &claims());
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let public = RSA.public_pem().as_bytes().to_vec();
    let public_der: Vec<u8> = STANDARD
        .decode(
            RSA.public_pem()
                .lines()
                .filter(|line| !line.starts_with('-'))
                .collect::<String>(),
        )
        .expect("PEM is base64");
    let ec_claims = json!({"iss": EC_ISSUER, "sub": "ana", "exp": EXPIRY}).to_string();
    let none = |name: &str| token(&json!({"alg": name}).to_string(), &plain, |_| Vec::new());
    let deep = |open: &str, close: &str| format!("\"deep\":{}1{}", open.repeat(2000), close.repeat(2000));
    let by_rsa = |header: &str, claims: &str| token(header, claims, |message| rs256(&RSA, message));
    vec![
        ("none", none("none")),
        ("None", none("None")),
        ("NONE", none("NONE")),
        ("none, with a signature", {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(&plain))
        }),
        ("no signature", format!("{message}.")),
        (
            "HS256 with the public key",
            token(r#"{"alg":"HS256"}"#, &plain, |message| hs256(&public, message)),
        ),
        (
            "HS256 with its DER",
            token(r#"{"alg":"HS256"}"#, &plain, |message| hs256(&public_der, message)),
        ),
        (
            "HS256 without a key",
            token(r#"{"alg":"HS256"}"#, &plain, |message| hs256(b"", message)),
        ),
        (
            "RS256 in name, HMAC in fact",
            token(rs_header, &plain, |message| hs256(&public, message)),
        ),
        (
            "psychic ES256",
            token(r#"{"alg":"ES256"}"#, &ec_claims, |_| vec![0; 64]),
        ),
        (
            "psychic ES256, DER",
            token(r#"{"alg":"ES256"}"#, &ec_claims, |_| vec![0x30, 6, 2, 1, 0, 2, 1, 0]),
        ),
        ("RS256 zeros", token(rs_header, &plain, |_| vec![0; 256])),
        (
            "the other issuer's algorithm",
            token(r#"{"alg":"ES256"}"#, &plain, |message| es256(&EC, message)),
        ),
        (
            "the other issuer's key",
            token(rs_header, &ec_claims, |message| rs256(&RSA, message)),
        ),
        ("a stranger's key", strange(&json!({"alg": "RS256"}))),
        ("embedded jwk", strange(&rs("jwk", STRANGER.jwk()))),
        ("jku", strange(&rs("jku", json!("http://127.0.0.1:1/jwks")))),
        ("x5u", strange(&rs("x5u", json!("http://127.0.0.1:1/certificate")))),
        ("x5c", strange(&rs("x5c", json!([STANDARD.encode(b"certificate")])))),
        ("kid as a path", strange(&rs("kid", json!("../../../../dev/null")))),
        (
            "crit",
            signed(&json!({"alg": "RS256", "crit": ["exp"], "exp": EXPIRY}), &claims()),
        ),
        (
            "b64 false",
            signed(&json!({"alg": "RS256", "b64": false, "crit": ["b64"]}), &claims()),
        ),
        ("b64 false, not critical", signed(&rs("b64", json!(false)), &claims())),
        ("zip", signed(&rs("zip", json!("DEF")), &claims())),
        ("alg twice", by_rsa(r#"{"alg":"none","alg":"RS256"}"#, &plain)),
        (
            "alg twice, escaped",
            by_rsa(r#"{"\u0061lg":"none","alg":"RS256"}"#, &plain),
        ),
        ("sub twice", by_rsa(rs_header, &claims_and(r#""sub":"root""#))),
        (
            "a nested member twice",
            by_rsa(rs_header, &claims_and(r#""application":{"id":1,"id":2}"#)),
        ),
        ("deep list", by_rsa(rs_header, &claims_and(&deep("[", "]")))),
        ("deep object", by_rsa(rs_header, &claims_and(&deep("{\"a\":", "}")))),
        (
            "deep header",
            by_rsa(&format!("{{\"alg\":\"RS256\",{}}}", deep("[", "]")), &plain),
        ),
        (
            "larger than tokens may be",
            signed(&json!({"alg": "RS256"}), &claims_with("pad", json!("x".repeat(6300)))),
        ),
        ("alg is a list", signed(&json!({"alg": ["RS256"]}), &claims())),
        ("alg is missing", signed(&json!({"typ": "JWT"}), &claims())),
        ("kid is a number", signed(&rs("kid", json!(1)), &claims())),
        ("the header is a list", by_rsa("[]", &plain)),
        ("the claims are a list", by_rsa(rs_header, "[]")),
        ("the claims are no JSON", by_rsa(rs_header, "hello")),
        ("something after the claims", by_rsa(rs_header, &format!("{plain}{{}}"))),
        ("claims are not UTF-8", {
            let message = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(rs_header),
                URL_SAFE_NO_PAD.encode(b"{\"iss\":\"\xff\"}")
            );
            let signature = rs256(&RSA, message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }),
        (
            "exp is an object",
            signed(&json!({"alg": "RS256"}), &claims_with("exp", json!({"at": EXPIRY}))),
        ),
        (
            "exp is text",
            signed(&json!({"alg": "RS256"}), &claims_with("exp", json!("tomorrow"))),
        ),
        (
            "exp is null",
            signed(&json!({"alg": "RS256"}), &claims_with("exp", Value::Null)),
        ),
        (
            "exp is over",
            signed(&json!({"alg": "RS256"}), &claims_with("exp", json!(1_000_000_000))),
        ),
        (
            "nbf is to come",
            signed(&json!({"alg": "RS256"}), &claims_with("nbf", json!(EXPIRY))),
        ),
        (
            "iss is a list",
            signed(&json!({"alg": "RS256"}), &claims_with("iss", json!([RSA_ISSUER]))),
        ),
        (
            "iss ends otherwise",
            signed(
                &json!({"alg": "RS256"}),
                &claims_with("iss", json!(format!("{RSA_ISSUER}/"))),
            ),
        ),
        (
            "an API key",
            signed(&json!({"alg": "RS256"}), &claims_with("token_type", json!("apiKey"))),
        ),
        ("not canonical", noncanonical(&good)),
        ("padded", padded(&claims_with("filler", json!("x")))),
        ("a character more", format!("{good}A")),
        (
            "the standard alphabet",
            format!("{message}.{}", STANDARD.encode(rs256(&RSA, message.as_bytes()))),
        ),
        ("one part more", format!("{good}.{signature}")),
        ("one part less", message.to_owned()),
        ("nothing but dots", "..".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forgery_passes_and_none_reaches_the_backend() {
    let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts");
    let place = Place::new();
    place.write(
        "openapi.yaml",
        &format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: ['{}']}}\n\
             paths: {{/items: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n",
            backend.url()
        ),
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place.write("rsa.pem", RSA.public_pem());
    place.write("ec.pem", EC.public_pem());
    place.write(
        "micro-gw.conf",
        &format!(
            "[listenerConfig]\nhost = \"127.0.0.1\"\nhttpPort = 0\nhttpsPort = 0\nmaxHeaderSize = 65536\n[adminConfig]\nport = 0\n\
             [[jwtTokenConfig]]\nissuer = \"{RSA_ISSUER}\"\npublicKeyFile = \"rsa.pem\"\n\
             [[jwtTokenConfig]]\nissuer = \"{EC_ISSUER}\"\npublicKeyFile = \"ec.pem\"\nalgorithms = [\"ES256\"]\n"
        ),
    );
    let mut gateway = Running::start(
        &place,
        &["run", "shop", "--config", "micro-gw.conf", "--output", "json"],
    );
    let serving = gateway.json_line();
    let url = format!("{}/shop/items", serving["http"].as_str().expect("an address"));
    let client = reqwest::Client::new();
    let send = async |token: &str| {
        let answer = client.get(&url).bearer_auth(token).send().await;
        let answer = answer.expect("the gateway answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("the body is complete"))
    };

    // What the forgeries are made of is accepted when it is put together right.
    let genuine = [
        signed(&json!({"alg": "RS256"}), &claims()),
        token(
            r#"{"alg":"ES256"}"#,
            &json!({"iss": EC_ISSUER, "sub": "ana", "exp": EXPIRY}).to_string(),
            |message| es256(&EC, message),
        ),
    ];
    for token in &genuine {
        assert_eq!(send(token).await.0, 200);
    }
    let served = backend.request_count();
    let mut problems = Vec::new();
    for (name, forged) in forgeries() {
        // The second time it is remembered as refused, or is not: the answer is the same.
        for _ in 0..2 {
            let (status, body) = send(&forged).await;
            if status != 401 || !body.contains("\"code\":900901,") {
                problems.push(format!("{name}: {status} {body}"));
            }
        }
        if backend.request_count() != served {
            problems.push(format!("{name}: reached the backend"));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    for token in &genuine {
        assert_eq!(send(token).await.0, 200, "the genuine are not refused for it");
    }
    gateway.signal("TERM");
    tokio::task::block_in_place(|| gateway.end()).exits(0);
    backend.shutdown().await;
}
