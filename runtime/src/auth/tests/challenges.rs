//! What `WWW-Authenticate` says to whom.

use super::keys::*;
use super::setup::*;
use crate::auth::Outcome;
use mgw_bundle::config::{ApiKeyLocation, MutualTls, Scheme, ScopeMatch, Scopes};
use serde_json::json;

const PLAIN: &str = r#"Bearer realm="WSO2 API Microgateway", Basic realm="WSO2 API Microgateway", charset="UTF-8""#;

fn challenge(fixture: &mut Fixture, pairs: &[(&str, &str)]) -> String {
    match fixture.ask(&headers(pairs), None, 0) {
        Outcome::Refused(rejection) => rejection
            .challenge
            .map(|value| value.to_str().expect("text").to_owned())
            .unwrap_or_default(),
        other => panic!("{pairs:?}: {other:?}"),
    }
}

/// A resource that takes a token, a password, or a key, for scope `read`.
fn fixture_for(mutual_tls: Option<MutualTls>) -> Fixture {
    let schemes = alternatives(&[
        &[Scheme::Oauth2],
        &[Scheme::Basic],
        &[key_in(ApiKeyLocation::Header, "X-Key")],
    ]);
    let scopes = Scopes {
        rule: ScopeMatch::Any,
        names: vec!["read".to_owned()],
    };
    let mut api = api(vec![resource(schemes, scopes)]);
    api.mutual_tls = mutual_tls;
    fixture(
        "[b7a.users.ana]\npassword = \"1a91d62f7ca67399625a4368a6ab5d4a3baa6073\"\n",
        &gateway(vec![api]),
        None,
    )
}

#[test]
fn errors_of_tokens_are_told_to_those_who_sent_one() {
    let mut fixture = fixture_for(None);
    let bearer = |token: &str| format!("Bearer {token}");
    let expired = bearer(&token(&with(claims(), json!({"exp": 1_000}))));
    let no_scope = bearer(&token(&with(claims(), json!({"scope": "other"}))));
    for (pairs, error) in [
        (&[("authorization", expired.as_str())][..], "invalid_token"),
        (&[("authorization", "Bearer a.b.c")], "invalid_token"),
        (&[("authorization", "Bearer opaque")], "invalid_token"),
        (&[("authorization", no_scope.as_str())], "insufficient_scope"),
    ] {
        let text = challenge(&mut fixture, pairs);
        let begin = format!("Bearer realm=\"WSO2 API Microgateway\", error=\"{error}\"");
        assert!(text.starts_with(&begin), "{pairs:?}: {text}");
    }
    for (pairs, expected) in [
        (&[][..], PLAIN),
        (&[("x-key", "no.key.atall")], PLAIN),
        (&[("x-key", "a"), ("x-key", "b")], PLAIN),
        (&[("authorization", "Digest x")], PLAIN),
        (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], PLAIN),
        (
            &[("authorization", "Basic YW5hOndyb25n")],
            r#"Basic realm="WSO2 API Microgateway", charset="UTF-8""#,
        ),
        // Who has no scope for want of any is not helped by a scope.
        (&[("authorization", "Basic YW5hOnB3")], ""),
    ] {
        assert_eq!(challenge(&mut fixture, pairs), expected, "{pairs:?}");
    }
}

#[test]
fn a_missing_certificate_is_no_bad_token() {
    let mut fixture = fixture_for(Some(MutualTls::Mandatory));
    let good = format!("Bearer {}", token(&with(claims(), json!({"scope": "read"}))));
    assert_eq!(challenge(&mut fixture, &[("authorization", &good)]), PLAIN);
}
