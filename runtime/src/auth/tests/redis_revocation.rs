//! Revocations from a real Redis server.

use super::keys::token;
use super::setup::*;
use crate::auth::RevocationSourceState;
use crate::refusal::Refusal;
use mgw_fixtures::ports::free_port;
use mgw_fixtures::redis::{PASSWORD, RedisServer};
use serde_json::json;
use std::path::{Path, PathBuf};

fn revoke(server: &RedisServer, fields: &[(&str, &str)]) {
    let client = redis::Client::open(server.url()).expect("a URL");
    let mut connection = client.get_connection().expect("the server runs");
    let mut command = redis::cmd("XADD");
    command.arg("mgw:revoked").arg("*");
    for (name, value) in fields {
        command.arg(name).arg(value);
    }
    command.exec(&mut connection).expect("the entry is added");
}

#[test]
fn revocations_apply_at_once_and_outlive_the_server() {
    let token_of = |id: &str| token(&with(claims(), json!({"jti": id})));
    let refused = Some(Refusal::InvalidCredentials);
    let server = RedisServer::start();
    let port = server.port();
    revoke(&server, &[("jti", "before"), ("expires", "4000000000")]);
    revoke(&server, &[("jti", "a"), ("token", "b")]);
    let conf = format!("tokenRevocationConfig.redis.url = \"{}\"\n", server.url());
    let mut fixture = simple(&conf, oauth2());
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Current);
    let status = fixture.security.revocation_sources()[0];
    assert_eq!((status.source, status.applied, status.rejected), ("redis", 1, 1));
    assert_eq!(refusal(fixture.bearer(&token_of("before"))), refused);

    // Admitted and remembered, then revoked.
    let later = token_of("later");
    assert_eq!(refusal(fixture.bearer(&later)), None);
    revoke(&server, &[("token", &later)]);
    fixture.wait_for_revocations(|status| status.applied == 2);
    assert_eq!(refusal(fixture.bearer(&later)), refused);

    drop(server);
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Stale);
    assert_eq!(refusal(fixture.bearer(&later)), refused);

    // Another server in its place knows other things.
    let server = RedisServer::on(port);
    let signed = token_of("by signature");
    let signature = signed.rsplit_once('.').expect("three parts").1;
    revoke(&server, &[("signature", signature)]);
    fixture.wait_for_revocations(|status| status.applied == 3 && status.state == RevocationSourceState::Current);
    assert_eq!(refusal(fixture.bearer(&signed)), refused);
    assert_eq!(refusal(fixture.bearer(&later)), refused);
    assert_eq!(refusal(fixture.bearer(&token_of("good"))), None);
    assert!(!format!("{:?}", fixture.security).contains("canary"));
}

/// A certificate for 127.0.0.1 that is its own authority, as files below `folder`.
fn self_signed(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}-key.pem")),
    );
    std::fs::write(&certificate, made.cert.pem()).expect("it is written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("it is written");
    (certificate, key)
}

#[test]
fn a_server_is_reached_over_tls_and_has_to_prove_who_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = self_signed(folder.path(), "server");
    let (other, _) = self_signed(folder.path(), "other");
    let port = free_port();
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let server = RedisServer::with(
        port,
        &[
            "--requirepass",
            PASSWORD,
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "no",
        ],
    );
    let url = format!("rediss://:canary@127.0.0.1:{}", server.port());
    let root = std::fs::read(&certificate).expect("it was written");
    let certificates = redis::TlsCertificates {
        client_tls: None,
        root_cert: Some(root),
    };
    let client = redis::Client::build_with_tls(url.as_str(), certificates).expect("a client");
    let mut connection = client.get_connection().expect("the server runs");
    redis::cmd("XADD")
        .arg(&["mgw:revoked", "*", "jti", "gone"])
        .exec(&mut connection)
        .expect("the entry is added");
    let trusting = |ca_file: &str| {
        simple(
            &format!("[tokenRevocationConfig.redis]\nurl = \"{url}\"\ncaFile = \"{ca_file}\"\n"),
            oauth2(),
        )
    };
    let mut fixture = trusting(&certificate);
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Current);
    let gone = token(&with(claims(), json!({"jti": "gone"})));
    assert_eq!(refusal(fixture.bearer(&gone)), Some(Refusal::InvalidCredentials));
    let stranger = trusting(&other.display().to_string());
    stranger.wait_for_revocations(|status| status.failures > 0);
    assert_ne!(
        stranger.security.revocation_sources()[0].state,
        RevocationSourceState::Current
    );
}

#[test]
fn more_than_one_batch_is_read_at_the_start() {
    let server = RedisServer::start();
    let client = redis::Client::open(server.url()).expect("a URL");
    let mut pipeline = redis::pipe();
    for number in 0..1200 {
        pipeline
            .cmd("XADD")
            .arg("mgw:revoked")
            .arg("*")
            .arg("jti")
            .arg(number)
            .ignore();
    }
    let mut connection = client.get_connection().expect("the server runs");
    pipeline.exec(&mut connection).expect("the entries are added");
    let conf = format!("tokenRevocationConfig.redis.url = \"{}\"\n", server.url());
    let fixture = simple(&conf, oauth2());
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Current);
    assert_eq!(fixture.security.revocation_sources()[0].applied, 1200);
    assert_eq!(fixture.security.revocations.len(), 1200);
}
