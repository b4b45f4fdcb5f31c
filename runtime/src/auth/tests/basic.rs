//! User names and passwords.

use super::setup::*;
use crate::auth::Caller;
use crate::refusal::Refusal;
use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mgw_bundle::config::{Scheme, ScopeMatch, Scopes};
use std::num::NonZeroU32;
use std::sync::Arc;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn users() -> String {
    let hash = |algorithm| hex(digest(algorithm, b"secret").as_ref());
    let mut derived = [0; 32];
    let iterations = NonZeroU32::new(1000).expect("not zero");
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations,
        b"saltsalt",
        b"secret",
        &mut derived,
    );
    format!(
        "[b7a.users.sha1]\npassword = \"{}\"\nscopes = \"admin\"\n[b7a.users.sha256]\npassword = \"@sha256:{{{}}}\"\n\
         [b7a.users.sha384]\npassword = \"@sha384:{{{}}}\"\n[b7a.users.sha512]\npassword = \"@sha512:{{{}}}\"\n\
         [b7a.users.slow]\npassword = \"@pbkdf2:{{1000:{}:{}}}\"\n\
         [b7a.users.argon2]\npassword = \"$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$fHtFXPahiNhpRV0TQ8fWIkV0WwcYiKf5c/t+QHsdkrc\"\n\
         [b7a.users.bcrypt]\npassword = \"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\"\n",
        hash(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        hash(&digest::SHA256),
        hash(&digest::SHA384),
        hash(&digest::SHA512),
        hex(b"saltsalt"),
        hex(&derived),
    )
}

fn send(fixture: &mut Fixture, encoded: &str) -> Result<Option<Arc<Caller>>, Refusal> {
    let headers = headers(&[("authorization", &format!("Basic {encoded}"))]);
    settle(fixture.ask(&headers, None, 0))
}

#[test]
fn every_form_of_hash_admits_its_password_only() {
    let mut fixture = simple(&users(), alternatives(&[&[Scheme::Basic]]));
    for name in ["sha1", "sha256", "sha384", "sha512", "slow", "argon2", "bcrypt"] {
        for _ in 0..2 {
            let caller = send(&mut fixture, &STANDARD.encode(format!("{name}:secret"))).expect("the password is right");
            let caller = caller.expect("the resource is secured");
            assert_eq!(caller.identity.user, name);
            assert_eq!(caller.grant.application_id, "anonymous");
            let wrong = send(&mut fixture, &STANDARD.encode(format!("{name}:wrong")));
            assert_eq!(refusal(wrong), Some(Refusal::WrongPassword), "{name}");
        }
    }
}

#[test]
fn malformed_credentials_have_their_own_codes() {
    let mut fixture = simple(&users(), alternatives(&[&[Scheme::Basic]]));
    let encode = |text: &str| STANDARD.encode(text);
    for (encoded, expected) in [
        ("%%%".to_owned(), Refusal::Unclassified),
        (encode("sha1secret"), Refusal::BasicWithoutColon),
        (encode("sha1:"), Refusal::WrongPassword),
        (encode(":secret"), Refusal::WrongPassword),
        (encode("nobody:secret"), Refusal::WrongPassword),
        (encode("SHA1:secret"), Refusal::WrongPassword),
        (STANDARD.encode(b"sha1:\xff\xfe"), Refusal::WrongPassword),
        ("A".repeat(2000), Refusal::WrongPassword),
        (encode("slow:wrong"), Refusal::WrongPassword),
    ] {
        assert_eq!(refusal(send(&mut fixture, &encoded)), Some(expected), "{encoded:.40}");
    }
}

#[test]
fn without_users_nobody_is_admitted() {
    let mut fixture = simple("", alternatives(&[&[Scheme::Basic]]));
    assert_eq!(
        refusal(send(&mut fixture, &STANDARD.encode("a:b"))),
        Some(Refusal::WrongPassword)
    );
}

#[test]
fn users_have_scopes() {
    let scoped = |names: &[&str]| resource(alternatives(&[&[Scheme::Basic]]), scopes(ScopeMatch::Any, names));
    let config = gateway(vec![api(vec![
        scoped(&["admin"]),
        scoped(&["other"]),
        resource(alternatives(&[&[Scheme::Basic]]), Scopes::default()),
    ])]);
    let mut fixture = fixture(&users(), &config, None);
    let headers = headers(&[("authorization", &format!("Basic {}", STANDARD.encode("sha1:secret")))]);
    let mut ask = |resource| refusal(settle(fixture.ask(&headers, None, resource)));
    assert_eq!([ask(0), ask(1), ask(2)], [None, Some(Refusal::MissingScope), None]);
}

#[test]
fn guessing_is_limited_by_address() {
    let mut fixture = simple(
        &format!("authConfig.maxFailuresPerAddress = 3\n{}", users()),
        alternatives(&[&[Scheme::Basic]]),
    );
    for number in 0..3 {
        let wrong = send(&mut fixture, &STANDARD.encode(format!("sha1:{number}")));
        assert_eq!(refusal(wrong), Some(Refusal::WrongPassword));
    }
    assert_eq!(
        refusal(send(&mut fixture, &STANDARD.encode("sha1:3"))),
        Some(Refusal::TooManyFailures)
    );
}
