//! The token for backends.

use super::keys::*;
use super::setup::*;
use crate::auth::Caller;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mgw_bundle::config::{ApiKeyLocation, Scheme, Scopes};
use serde_json::{Value, json};
use std::sync::Arc;

fn write_key(dir: &std::path::Path) -> String {
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&keys().rsa).expect("encodes");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let path = dir.join("signing.pem");
    std::fs::write(&path, pem).expect("writes");
    path.display().to_string()
}

fn caller(fixture: &mut Fixture, changes: Value) -> Arc<Caller> {
    fixture
        .bearer(&token(&with(claims(), changes)))
        .expect("good")
        .expect("secured")
}

fn issued(fixture: &Fixture, caller: &Caller) -> Option<String> {
    let value = fixture.introduction(caller)?;
    Some(value.to_str().expect("text").to_owned())
}

pub(super) fn part(token: &str, number: usize) -> Value {
    let text = token.split('.').nth(number).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
}

#[test]
fn it_says_who_calls_what_and_is_signed() {
    let dir = tempfile::tempdir().expect("a folder");
    let conf = format!(
        "[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nprivateKeyFile = \"{}\"\naudience = [\"backend\"]\nrestrictedClaims = [\"secret\"]\n",
        write_key(dir.path())
    );
    let mut fixture = simple(&conf, oauth2());
    let caller = caller(
        &mut fixture,
        json!({
            "application": {"id": 12, "name": "Till", "tier": "Unlimited", "owner": "bo"},
            "subscribedAPIs": [{"name": "Ledger", "version": "1.0.0", "subscriptionTier": "Gold", "subscriberTenantDomain": "meridian"}],
            "email": "ana@example.com", "secret": "x", "http://wso2.org/claims/subscriber": "forged",
        }),
    );
    let token = issued(&fixture, &caller).expect("switched on");
    assert_eq!(part(&token, 0), json!({"typ": "JWT", "alg": "RS256"}));
    let mut claims = part(&token, 1);
    assert!(claims["jti"].as_str().is_some_and(|id| id.len() == 36));
    claims.as_object_mut().expect("an object").remove("jti");
    let now = NOW / 1000;
    assert_eq!(
        claims,
        json!({
            "iss": "wso2.org/products/am", "aud": "backend", "iat": now, "exp": now + 900, "sub": "ana",
            "http://wso2.org/claims/enduser": "ana", "http://wso2.org/claims/applicationid": "12",
            "http://wso2.org/claims/subscriber": "bo", "http://wso2.org/claims/applicationname": "Till",
            "http://wso2.org/claims/applicationtier": "Unlimited", "http://wso2.org/claims/apiname": "Ledger",
            "http://wso2.org/claims/apicontext": "/ledger/1.0.0", "http://wso2.org/claims/version": "1.0.0",
            "http://wso2.org/claims/tier": "Gold", "http://wso2.org/claims/enduserTenantDomain": "meridian",
            "http://wso2.org/claims/keytype": "PRODUCTION", "http://wso2.org/claims/usertype": "Application_User",
            "azp": "key1", "scope": "read default", "email": "ana@example.com",
        })
    );
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let public = keys().rsa.public_key();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref())
        .verify(
            message.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).expect("base64url"),
        )
        .expect("the signature verifies");
}

#[test]
fn it_is_reused_until_shortly_before_its_end() {
    let conf = "[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nsigningAlgorithm = \"NONE\"\njwtGeneratorCaching.tokenCacheExpiryTime = 60000\n";
    let mut fixture = simple(conf, oauth2());
    let caller = caller(&mut fixture, json!({}));
    let first = issued(&fixture, &caller);
    assert!(first.as_ref().is_some_and(|token| token.ends_with('.')), "{first:?}");
    assert_eq!(
        part(first.as_deref().expect("made"), 0),
        json!({"typ": "JWT", "alg": "none"})
    );
    fixture.now += 54_000;
    assert_eq!(issued(&fixture, &caller), first);
    fixture.now += 2_000;
    assert_ne!(issued(&fixture, &caller), first);
}

#[test]
fn a_carried_token_goes_first_and_keys_are_not_introduced() {
    let mut fixture = simple("", oauth2());
    let carrying = caller(&mut fixture, json!({"backendJwt": "h.p.s"}));
    assert_eq!(issued(&fixture, &carrying).as_deref(), Some("h.p.s"));
    let plain = caller(&mut fixture, json!({"jti": "id-2"}));
    assert_eq!(issued(&fixture, &plain), None);

    let schemes = alternatives(&[&[Scheme::Oauth2], &[key_in(ApiKeyLocation::Header, "apikey")]]);
    let conf = "[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nsigningAlgorithm = \"NONE\"\n";
    let mut fixture = fixture_with(conf, schemes);
    let key = token(&json!({"iss": ISSUER, "sub": "ana"}));
    let caller = settle(fixture.ask(&headers(&[("apikey", &key)]), None, 0))
        .expect("good")
        .expect("secured");
    assert_eq!(issued(&fixture, &caller), None);
}

fn fixture_with(conf: &str, schemes: Vec<mgw_bundle::config::Requirement>) -> Fixture {
    fixture(
        conf,
        &gateway(vec![api(vec![resource(schemes, Scopes::default())])]),
        None,
    )
}
