//! The control plane's list of revoked tokens.

use super::keys::token;
use super::server::{Server, ok, status};
use super::setup::*;
use crate::auth::RevocationSourceState;
use crate::refusal::Refusal;
use mgw_bundle::config::Scopes;
use serde_json::json;

fn settings(server: &Server) -> String {
    format!(
        "tokenRevocationConfig.persistent.enablePersistentStorageRetrieval = true\n\
         tokenRevocationConfig.persistent.endpointURL = \"http://{}/internal/data/v1\"\n\
         tokenRevocationConfig.persistent.refreshInterval = 1\n",
        server.address
    )
}

fn fetching(server: &Server) -> Fixture {
    simple(&settings(server), oauth2())
}

fn signature(token: &str) -> &str {
    token.rsplit_once('.').expect("three parts").1
}

#[test]
fn the_list_is_fetched_until_it_is_there_and_then_again() {
    let by_signature = token(&claims());
    let by_id = token(&with(claims(), json!({"jti": "id-2"})));
    let good = token(&with(claims(), json!({"jti": "id-3"})));
    // What micro-gw took for the end of its task.
    let server = Server::start(status("500 Later"));
    let mut fixture = fetching(&server);
    assert_eq!(refusal(fixture.bearer(&by_signature)), None);
    fixture.wait_for_revocations(|status| status.failures > 0 && status.state == RevocationSourceState::Loading);
    server.answer(ok(&json!([
        {"jwt_signature": signature(&by_signature), "expiry_time": 4_000_000_000_000_u64},
        {"jwt_signature": "expired", "expiry_time": 1},
        {"jwt_signature": 5},
    ])));
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Current);
    // It was admitted before, and remembered.
    assert_eq!(
        refusal(fixture.bearer(&by_signature)),
        Some(Refusal::InvalidCredentials)
    );
    assert_eq!(refusal(fixture.bearer(&by_id)), None);
    let status = fixture.security.revocation_sources()[0];
    assert_eq!(
        (
            status.applied % 2,
            status.rejected > 0,
            fixture.security.revocations.len()
        ),
        (0, true, 1)
    );
    server.answer(ok(
        &json!({"revokedJWTList": [{"jwt_signature": "id-2"}], "revokedJWTConsumerKeyList": []}),
    ));
    let before = status.applied;
    fixture.wait_for_revocations(|status| status.applied % 2 == 1 && status.applied > before);
    for revoked in [&by_signature, &by_id] {
        assert_eq!(refusal(fixture.bearer(revoked)), Some(Refusal::InvalidCredentials));
    }
    assert_eq!(refusal(fixture.bearer(&good)), None);
    let request = server.received()[0].to_ascii_lowercase();
    assert!(
        request.starts_with("get /internal/data/v1/revokedjwt http/1.1"),
        "{request}"
    );
    assert!(request.contains("authorization: basic ywrtaw46ywrtaw4="), "{request}");
}

#[test]
fn what_was_revoked_stays_revoked_when_the_control_plane_is_away_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let (revoked, good) = (token(&claims()), token(&with(claims(), json!({"jti": "id-2"}))));
    let server = Server::start(ok(&json!([
        {"jwt_signature": "id-1", "expiry_time": 4_000_000_000_000_u64},
        {"jwt_signature": "without an end"},
        {"jwt_signature": "expired", "expiry_time": 1},
    ])));
    let config = gateway(vec![api(vec![resource(oauth2(), Scopes::default())])]);
    let begin = || fixture_in(Some(folder.path()), &settings(&server), &config, None);
    let kept = || std::fs::read_dir(folder.path().join("control-plane")).map_or(0, Iterator::count);
    let first = begin();
    first.wait_for_revocations(|status| status.state == RevocationSourceState::Current && kept() == 1);
    drop(first);
    for entry in std::fs::read_dir(folder.path().join("control-plane")).expect("a folder") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("text");
        assert!(!text.contains("id-1") && !text.contains("without"), "{text}");
    }
    server.answer(status("500 Later"));
    let mut second = begin();
    assert_eq!(second.security.revocations.len(), 2);
    assert_eq!(refusal(second.bearer(&revoked)), Some(Refusal::InvalidCredentials));
    assert_eq!(refusal(second.bearer(&good)), None);
    second.wait_for_revocations(|status| status.failures > 0);
    assert_eq!(
        second.security.revocation_sources()[0].state,
        RevocationSourceState::Loading,
        "what an earlier gateway was told is not up to date"
    );
}

#[test]
fn what_is_no_list_changes_nothing() {
    for answer in [
        status("401 Unauthorized"),
        status("302 Found\r\nlocation: http://127.0.0.1:1/"),
        ok(&json!({"error": "no"})),
        b"\x00\x01".to_vec(),
    ] {
        let server = Server::start(answer);
        let mut fixture = fetching(&server);
        fixture.wait_for_revocations(|status| status.failures > 0);
        assert_eq!(
            fixture.security.revocation_sources()[0].state,
            RevocationSourceState::Loading
        );
        assert!(fixture.security.revocations.is_empty());
        assert_eq!(refusal(fixture.bearer(&token(&claims()))), None);
    }
}
