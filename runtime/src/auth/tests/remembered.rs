//! What caches may and may not remember.

use super::keys::*;
use super::setup::*;
use crate::auth::Revoked;
use crate::refusal::Refusal;
use mgw_bundle::config::{ApiKeyLocation, Scheme};
use serde_json::json;

#[test]
fn a_remembered_token_is_not_verified_again_and_expires() {
    let mut fixture = simple("", oauth2());
    let token = token(&claims());
    for _ in 0..5 {
        assert_eq!(refusal(fixture.bearer(&token)), None);
    }
    assert_eq!((fixture.core.misses, fixture.core.hits), (1, 4));
    // The token expires at 600 s, the skew is 5 s.
    fixture.now += 604_999;
    assert_eq!(refusal(fixture.bearer(&token)), None);
    fixture.now += 1;
    assert_eq!(refusal(fixture.bearer(&token)), Some(Refusal::InvalidCredentials));
    assert_eq!(fixture.core.remembered(), 0);
}

#[test]
fn revocation_works_at_the_next_request() {
    for kind in 0..3 {
        let mut fixture = simple("", oauth2());
        let token = token(&claims());
        let other = super::keys::token(&with(claims(), json!({"jti": "id-2"})));
        assert_eq!(refusal(fixture.bearer(&token)), None);
        assert_eq!(refusal(fixture.bearer(&other)), None);
        let signature = token.rsplit_once('.').expect("three parts").1;
        let what = [
            Revoked::TokenId("id-1"),
            Revoked::Token(&token),
            Revoked::Signature(signature),
        ][kind];
        fixture
            .security
            .revocations
            .revoke(what, None, NOW)
            .expect("there is room");
        assert_eq!(
            refusal(fixture.bearer(&token)),
            Some(Refusal::InvalidCredentials),
            "{what:?}"
        );
        assert_eq!(
            refusal(fixture.bearer(&token)),
            Some(Refusal::InvalidCredentials),
            "{what:?}"
        );
        assert_eq!(refusal(fixture.bearer(&other)), None);
    }
}

#[test]
fn a_token_is_remembered_as_what_it_was_presented_as() {
    let schemes = alternatives(&[&[Scheme::Oauth2], &[key_in(ApiKeyLocation::Header, "apikey")]]);
    let mut fixture = simple("", schemes);
    // No `token_type`: the kind is told by where it is sent; as an API key it may live for ever.
    let eternal = token(&json!({"iss": ISSUER, "sub": "ana"}));
    let as_key = headers(&[("apikey", &eternal)]);
    assert!(settle(fixture.ask(&as_key, None, 0)).is_ok());
    assert_eq!(refusal(fixture.bearer(&eternal)), Some(Refusal::InvalidCredentials));
}

#[test]
fn caches_are_bounded() {
    let mut fixture = simple(
        "[caching]\ntokenCacheCapacity = 8\nnegativeCacheCapacity = 4\n",
        oauth2(),
    );
    for number in 0..60 {
        let token = token(&with(claims(), json!({ "jti": number.to_string() })));
        assert_eq!(refusal(fixture.bearer(&token)), None);
    }
    assert!(fixture.core.remembered() < 60, "{}", fixture.core.remembered());
}

#[test]
fn without_cache_every_token_is_verified() {
    let mut fixture = simple("[caching]\nenabled = false\n", oauth2());
    let token = token(&claims());
    for _ in 0..3 {
        assert_eq!(refusal(fixture.bearer(&token)), None);
    }
    assert_eq!((fixture.core.misses, fixture.core.hits), (3, 0));
}
