//! How the gateway authenticates to the key manager.

use super::server::{Server, ok, status};
use super::setup::*;
use crate::refusal::Refusal;
use serde_json::{Value, json};

const DIRECT: &str = "directToken.enabled = true\ndirectToken.accessToken = \"given\"\n";
const PASSWORD: &str = "password.enabled = true\npassword.client_id = \"gateway\"\npassword.clientSecret = \"canary\"\n\
                        password.username = \"ana\"\npassword.password = \"canary two\"\n";

/// A key manager that knows the gateway by this access token.
fn key_manager(known: &'static str) -> Server {
    Server::serve(move |request| {
        if request
            .to_ascii_lowercase()
            .contains(&format!("authorization: bearer {known}\r\n"))
        {
            ok(&json!({"active": true, "client_id": "key1", "username": "ana"}))
        } else {
            status("401 Unauthorized")
        }
    })
}

/// `oauth2` are keys below `keymanager.security.oauth2`.
fn asking(server: &Server, tokens: &Server, oauth2_keys: &str) -> Fixture {
    let prefixed: String = format!("tokenUrl = \"http://{}/token\"\n{oauth2_keys}", tokens.address)
        .lines()
        .map(|line| format!("keymanager.security.oauth2.{line}\n"))
        .collect();
    let conf = format!(
        "keyManager.serverUrl = \"http://{}\"\nkeymanager.security.basic.enabled = false\n\
         keymanager.security.oauth2.enabled = true\n{prefixed}",
        server.address
    );
    simple(&conf, oauth2())
}

fn tokens(token: &str, changes: Value) -> Server {
    let base = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    Server::start(ok(&with(base, changes)))
}

fn bodies(server: &Server) -> Vec<String> {
    let received = server.received();
    let bodies = received.iter().filter_map(|request| request.split("\r\n\r\n").nth(1));
    bodies.map(str::to_owned).collect()
}

#[test]
fn client_credentials_bring_one_token_for_many_questions() {
    let client = "clientCredential.clientId = \"gateway\"\nclientCredential.clientSecret = \"canary\"\n";
    for (placement, in_header, body) in [
        ("AUTH_HEADER_BEARER", true, "grant_type=client_credentials"),
        (
            "POST_BODY_BEARER",
            false,
            "grant_type=client_credentials&client_id=gateway&client_secret=canary",
        ),
        ("NO_BEARER", false, "grant_type=client_credentials&client_id=gateway"),
    ] {
        let (server, tokens) = (key_manager("own"), tokens("own", json!({})));
        let mut fixture = asking(
            &server,
            &tokens,
            &format!("{client}credentialBearer = \"{placement}\"\n"),
        );
        for token in ["a-1", "a-2", "a-3"] {
            assert_eq!(refusal(fixture.bearer(token)), None, "{placement}");
        }
        assert_eq!((tokens.requests(), server.requests()), (1, 3));
        assert_eq!(bodies(&tokens), [body]);
        let request = tokens.received()[0].to_ascii_lowercase();
        assert_eq!(request.contains("authorization: basic "), in_header, "{placement}");
        assert!(!format!("{:?}", fixture.security).contains("canary"));
    }
}

#[test]
fn a_password_brings_a_token_and_a_refresh_token_renews_it() {
    let server = key_manager("own");
    // Every token has ended as soon as it is there.
    let tokens = tokens("own", json!({"expires_in": 0, "refresh_token": "second"}));
    let keys = format!("{PASSWORD}password.scopes = \"introspect\"\nrefresh.enabled = true\n");
    let mut fixture = asking(&server, &tokens, &keys);
    for token in ["a-1", "a-2"] {
        assert_eq!(refusal(fixture.bearer(token)), None);
    }
    assert_eq!(
        bodies(&tokens),
        [
            "grant_type=password&username=ana&password=canary+two&scope=introspect",
            "grant_type=refresh_token&refresh_token=second",
        ]
    );
    assert!(!format!("{:?}", fixture.security).contains("canary"));
}

#[test]
fn a_refresh_token_that_is_refused_falls_back_to_the_password() {
    let server = key_manager("own");
    let tokens = Server::serve(|request| {
        if request.contains("refresh_token=") {
            return status("400 Bad Request");
        }
        ok(&json!({"access_token": "own", "expires_in": 0, "refresh_token": "second"}))
    });
    let mut fixture = asking(&server, &tokens, &format!("{PASSWORD}refresh.enabled = true\n"));
    for token in ["a-1", "a-2"] {
        assert_eq!(refusal(fixture.bearer(token)), None);
    }
    assert_eq!(tokens.requests(), 3);
}

#[test]
fn a_given_token_is_renewed_when_it_is_refused() {
    let (server, tokens) = (key_manager("own"), tokens("own", json!({"refresh_token": "second"})));
    let keys = format!(
        "{DIRECT}refresh.enabled = true\nrefresh.refreshToken = \"first\"\nrefresh.client_id = \"gateway\"\n\
         refresh.clientSecret = \"canary\"\nrefresh.refreshUrl = \"http://{}/refresh\"\n",
        tokens.address
    );
    let mut fixture = asking(&server, &tokens, &keys);
    assert_eq!(refusal(fixture.bearer("a-1")), None);
    assert_eq!(refusal(fixture.bearer("a-2")), None);
    assert_eq!(bodies(&tokens), ["grant_type=refresh_token&refresh_token=first"]);
    assert!(tokens.received()[0].starts_with("POST /refresh "));
    assert_eq!(server.requests(), 3);
}

#[test]
fn without_a_token_of_its_own_the_gateway_admits_nobody() {
    let server = key_manager("own");
    // A given token that is refused and cannot be renewed.
    let unused = tokens("own", json!({}));
    let mut direct = asking(&server, &unused, DIRECT);
    assert_eq!(refusal(direct.bearer("a-1")), Some(Refusal::KeyManagerUnavailable));
    assert_eq!((server.requests(), unused.requests()), (1, 0));
    for (name, answer) in [
        ("refused", status("401 Unauthorized")),
        ("down", status("503 Later")),
        ("empty", ok(&json!({}))),
        ("another kind", ok(&json!({"access_token": "own", "token_type": "mac"}))),
        ("huge", ok(&json!({"access_token": "x".repeat(100_000)}))),
    ] {
        let (server, tokens) = (key_manager("own"), Server::start(answer));
        let mut fixture = asking(&server, &tokens, PASSWORD);
        assert_eq!(
            refusal(fixture.bearer("a-1")),
            Some(Refusal::KeyManagerUnavailable),
            "{name}"
        );
        assert_eq!(server.requests(), 0, "{name}");
    }
}

#[test]
fn a_silent_token_endpoint_ends_with_the_deadline() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let server = key_manager("own");
    let conf = format!(
        "keyManager.serverUrl = \"http://{}\"\nkeyManager.timeout = 50\nkeymanager.security.basic.enabled = false\n\
         keymanager.security.oauth2.enabled = true\nkeymanager.security.oauth2.tokenUrl = \"http://{}\"\n\
         keymanager.security.oauth2.clientCredential.clientId = \"gateway\"\n\
         keymanager.security.oauth2.clientCredential.clientSecret = \"canary\"\n",
        server.address,
        silent.local_addr().expect("bound")
    );
    let mut fixture = simple(&conf, oauth2());
    assert_eq!(refusal(fixture.bearer("a-1")), Some(Refusal::KeyManagerUnavailable));
    assert_eq!(server.requests(), 0);
}
