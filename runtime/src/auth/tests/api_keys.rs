//! API keys.

use super::keys::*;
use super::setup::*;
use crate::refusal::Refusal;
use mgw_bundle::config::{ApiKeyLocation, Scheme, ScopeMatch};
use serde_json::{Value, json};

fn key(changes: Value) -> String {
    token(&with(
        json!({"iss": ISSUER, "sub": "ana", "token_type": "apiKey"}),
        changes,
    ))
}

fn ask(fixture: &mut Fixture, pairs: &[(&str, &str)], query: Option<&str>) -> Option<Refusal> {
    refusal(settle(fixture.ask(&headers(pairs), query, 0)))
}

#[test]
fn keys_are_found_where_they_are_declared_and_nowhere_else() {
    let key = key(json!({}));
    let query = format!("x=1&api_key={key}");
    let mut header = simple("", alternatives(&[&[key_in(ApiKeyLocation::Header, "X-Key")]]));
    assert_eq!(ask(&mut header, &[("x-key", &key)], None), None);
    assert_eq!(ask(&mut header, &[], Some(&query)), Some(Refusal::MissingCredentials));
    assert_eq!(
        ask(&mut header, &[("x-key", "")], None),
        Some(Refusal::MissingCredentials)
    );
    assert_eq!(
        ask(&mut header, &[("x-key", &key), ("x-key", &key)], None),
        Some(Refusal::InvalidCredentials)
    );
    assert_eq!(
        ask(&mut header, &[("authorization", &format!("Bearer {key}"))], None),
        Some(Refusal::WrongScheme)
    );

    let mut parameter = simple("", alternatives(&[&[key_in(ApiKeyLocation::Query, "api_key")]]));
    assert_eq!(ask(&mut parameter, &[], Some(&query)), None);
    assert_eq!(
        ask(&mut parameter, &[("api_key", &key)], None),
        Some(Refusal::MissingCredentials)
    );
    assert_eq!(
        ask(&mut parameter, &[], Some(&format!("{query}&api_key=x"))),
        Some(Refusal::InvalidCredentials)
    );
}

#[test]
fn keys_may_live_for_ever_but_not_longer_than_they_say() {
    let mut fixture = simple("", alternatives(&[&[key_in(ApiKeyLocation::Header, "apikey")]]));
    for (changes, expected) in [
        (json!({}), None),
        (json!({"exp": 1_700_000_600}), None),
        (json!({"exp": 1_699_999_000}), Some(Refusal::InvalidCredentials)),
        (json!({"iss": "https://else"}), Some(Refusal::InvalidCredentials)),
        (json!({"permittedIP": "192.0.2.0/24"}), None),
        (
            json!({"permittedIP": "198.51.100.0/24"}),
            Some(Refusal::InvalidCredentials),
        ),
        (
            json!({"permittedReferer": "https://a/*"}),
            Some(Refusal::InvalidCredentials),
        ),
        (json!({"token_type": "Bearer"}), Some(Refusal::InvalidCredentials)),
        (json!({"token_type": null}), None),
    ] {
        assert_eq!(
            ask(&mut fixture, &[("apikey", &key(changes.clone()))], None),
            expected,
            "{changes}"
        );
    }
    // A restriction that depends on the request is looked at in every request.
    let restricted = key(json!({"permittedReferer": "https://a/*"}));
    assert_eq!(
        ask(
            &mut fixture,
            &[("apikey", &restricted), ("referer", "https://a/b")],
            None
        ),
        None
    );
    assert_eq!(
        ask(
            &mut fixture,
            &[("apikey", &restricted), ("referer", "https://b/")],
            None
        ),
        Some(Refusal::InvalidCredentials)
    );
}

#[test]
fn allowed_apis_are_checked_when_configured() {
    let schemes = alternatives(&[&[key_in(ApiKeyLocation::Header, "apikey")]]);
    let mut strict = simple("apikey.tokenConfigs.validateAllowedAPIs = true\n", schemes.clone());
    let mut lax = simple("", schemes);
    for (changes, passes) in [
        (json!({"allowedAPIs": []}), false),
        (json!({}), false),
        (json!({"allowedAPIs": [{"name": "Ledger", "version": "1.0.0"}]}), true),
        (json!({"allowedAPIs": [{"name": "Ledger", "version": "*"}]}), true),
        (json!({"allowedAPIs": [{"name": "Ledger", "version": "2.0.0"}]}), false),
        (
            json!({"subscribedAPIs": [{"name": "Other", "version": "*"}], "allowedAPIs": [{"name": "Ledger"}]}),
            false,
        ),
    ] {
        let key = key(changes.clone());
        assert_eq!(
            ask(&mut strict, &[("apikey", &key)], None).is_none(),
            passes,
            "{changes}"
        );
        assert_eq!(ask(&mut lax, &[("apikey", &key)], None), None, "{changes}");
    }
}

#[test]
fn scopes_are_not_asked_of_keys_but_of_tokens_beside_them() {
    let both = alternatives(&[&[Scheme::Oauth2], &[key_in(ApiKeyLocation::Header, "apikey")]]);
    let together = alternatives(&[&[Scheme::Oauth2, key_in(ApiKeyLocation::Header, "apikey")]]);
    let scopes = scopes(ScopeMatch::Any, &["admin"]);
    let config = gateway(vec![api(vec![
        resource(both, scopes.clone()),
        resource(together, scopes),
    ])]);
    let mut fixture = fixture("", &config, None);
    let key = key(json!({}));
    let poor = format!("Bearer {}", token(&claims()));
    let rich = format!("Bearer {}", token(&with(claims(), json!({"scope": "admin"}))));
    let mut ask = |pairs: &[(&str, &str)], resource| refusal(settle(fixture.ask(&headers(pairs), None, resource)));
    assert_eq!(ask(&[("apikey", &key)], 0), None);
    assert_eq!(ask(&[("authorization", &poor)], 0), Some(Refusal::MissingScope));
    assert_eq!(ask(&[("authorization", &rich)], 0), None);
    // Both are needed, and both have to be good.
    assert_eq!(ask(&[("apikey", &key)], 1), Some(Refusal::MissingCredentials));
    assert_eq!(ask(&[("authorization", &rich)], 1), Some(Refusal::MissingCredentials));
    assert_eq!(ask(&[("authorization", &rich), ("apikey", &key)], 1), None);
    assert_eq!(
        ask(&[("authorization", &poor), ("apikey", &key)], 1),
        Some(Refusal::MissingScope)
    );
    assert_eq!(
        ask(&[("authorization", &rich), ("apikey", "x.y.z")], 1),
        Some(Refusal::InvalidCredentials)
    );
}

#[test]
fn keys_are_stripped_unless_the_old_gateway_is_asked_for() {
    let schemes = || {
        alternatives(&[
            &[key_in(ApiKeyLocation::Header, "x-key")],
            &[key_in(ApiKeyLocation::Query, "k")],
        ])
    };
    let names = |fixture: &Fixture| {
        let strip = fixture.authenticator.strip(0, 0).expect("the resource exists");
        (
            strip.headers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            strip.query.clone(),
        )
    };
    let (headers, query) = names(&simple("", schemes()));
    assert_eq!(headers, ["authorization", "x-jwt-assertion", "x-key"]);
    assert_eq!(query, ["k"]);
    let (headers, query) = names(&simple("compat = \"micro-gw-3.2\"\n", schemes()));
    assert_eq!(headers, ["authorization", "x-jwt-assertion"]);
    assert!(query.is_empty());
}

#[test]
fn aliases_of_trust_stores_start_and_admit_nobody() {
    let conf = "apikey.issuer.tokenConfig.enabled = false\napikey.tokenConfigs.certificateAlias = \"ballerina\"\n\
                [[mutualSSLConfig.api.certificates]]\nname = \"Ledger\"\nversion = \"1.0.0\"\naliasList = [\"ballerina\"]\n";
    let mut fixture = simple(conf, alternatives(&[&[key_in(ApiKeyLocation::Header, "apikey")]]));
    let key = key(json!({"iss": "https://localhost:9095/apikey"}));
    assert_eq!(
        ask(&mut fixture, &[("apikey", &key)], None),
        Some(Refusal::InvalidCredentials)
    );
    assert!(fixture.authenticator.client_trust().is_empty());
}
