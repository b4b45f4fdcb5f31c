//! Every generation is told from the others, by servers that have nothing but its paths.

use super::*;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::http::tests::{quick, silent};
use crate::cloud::test_server::{Received, Reply, TestServer};
use crate::project::ControlPlaneKind;
use clap::ValueEnum;
use serde_json::json;

/// A server of one generation. `publisher` is the status of its list of APIs.
fn server(kind: ControlPlaneKind, publisher: u16) -> TestServer {
    let own = generation(kind);
    let at = |segments: &[&str]| format!("/{}", segments.join("/"));
    let (registration, token, apis) = (at(own.registration), at(own.token), at(own.publisher) + "/apis?limit=1");
    TestServer::start(move |request| match &request.target {
        target if *target == registration => Reply::json(200, json!({"clientId": "id", "clientSecret": "secret"})),
        target if *target == token => Reply::json(
            200,
            json!({"access_token": "a", "token_type": "Bearer", "expires_in": 10, "scope": "apim:api_view"}),
        ),
        target if *target == apis => Reply::json(publisher, json!({"count": 1, "pagination": {"total": 5}})),
        _ => Reply::text(404, "text/html", "no"),
    })
}

fn request(server: &TestServer, kind: Option<ControlPlaneKind>) -> SignIn {
    SignIn {
        address: Address::unchecked(server.url()),
        kind,
        client_name: "mgw-default-1".to_owned(),
        user: UserName::complete("ana@meridian").unwrap(),
        password: "secret".to_owned().into(),
    }
}

async fn find(server: &TestServer, kind: Option<ControlPlaneKind>) -> Result<Detected, CloudError> {
    let http = Http::new(&quick(), &silent()).unwrap();
    detect(&http, &request(server, kind), &silent()).await
}

#[tokio::test]
async fn each_generation_is_found() {
    for kind in ControlPlaneKind::value_variants() {
        for named in [None, Some(*kind)] {
            let server = server(*kind, 200);
            let found = find(&server, named).await.unwrap();
            assert_eq!((found.generation.kind, found.visible_apis), (*kind, Some(5)));
            assert!(
                found
                    .generation
                    .wanted_scopes()
                    .iter()
                    .all(|scope| found.asked.contains(scope)),
                "{kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_name_is_told_with_the_right_one() {
    for kind in ControlPlaneKind::value_variants() {
        let server = server(*kind, 200);
        for named in ControlPlaneKind::value_variants().iter().filter(|named| *named != kind) {
            match find(&server, Some(*named)).await {
                Err(CloudError::OtherGeneration {
                    kind: found,
                    named: said,
                    host,
                    ..
                }) => {
                    assert_eq!((found, said), (*kind, generation(*named).title));
                    let port = server.url().port().expect("it has one");
                    assert!(host.ends_with(&format!(":{port}")), "{host}");
                }
                other => panic!("{named:?} for {kind:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn whoever_may_not_read_apis_is_signed_in_all_the_same() {
    for status in [401, 403] {
        let server = server(ControlPlaneKind::Apim40, status);
        let found = find(&server, None).await.unwrap();
        assert_eq!(
            (found.generation.kind, found.visible_apis),
            (ControlPlaneKind::Apim40, None)
        );
    }
}

#[tokio::test]
async fn a_server_that_refuses_before_it_looks_is_taken_for_the_one_that_answers() {
    let server = TestServer::start(|request| match request.target.as_str() {
        "/client-registration/v0.17/register" => Reply::json(200, json!({"clientId": "id", "clientSecret": "secret"})),
        "/oauth2/token" => Reply::json(
            200,
            json!({"access_token": "a", "token_type": "Bearer", "expires_in": 10}),
        ),
        "/api/am/publisher/v1/apis?limit=1" => Reply::json(200, json!({"count": 0, "list": []})),
        _ => Reply::json(401, json!({})),
    });
    let found = find(&server, None).await.unwrap();
    assert_eq!(found.generation.kind, ControlPlaneKind::Apim32);
}

#[tokio::test]
async fn what_is_no_control_plane_is_told() {
    let server = TestServer::start(|_| Reply::text(404, "text/html", "no"));
    for (kind, expected) in [(None, 8), (Some(ControlPlaneKind::Apim26), 1)] {
        match find(&server, kind).await {
            Err(CloudError::NotAControlPlane { tried, .. }) => assert_eq!(tried.len(), expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn rights_to_change_are_asked_for_only_where_nothing_less_will_do() {
    let bodies = |server: &TestServer| -> Vec<String> {
        let is_token = |request: &&Received| request.target.ends_with("/token");
        server
            .received()
            .iter()
            .filter(is_token)
            .map(|request| request.body.clone())
            .collect()
    };
    let newer = server(ControlPlaneKind::Apim42, 200);
    find(&newer, None).await.unwrap();
    assert_eq!(bodies(&newer).len(), 1);
    assert!(!bodies(&newer)[0].contains("api_create"));
    let older = server(ControlPlaneKind::Apim41, 200);
    find(&older, None).await.unwrap();
    assert_eq!(bodies(&older).len(), 2);
    assert!(!bodies(&older)[0].contains("api_create") && bodies(&older)[1].contains("api_create"));
}

#[tokio::test]
async fn a_server_that_fails_is_not_taken_for_one_without_a_place_to_register() {
    for (status, expected) in [(404, 3), (405, 3), (429, 0), (503, 0), (302, 0)] {
        let server = TestServer::start(move |request| match request.target.as_str() {
            "/client-registration/v0.17/register" => Reply::json(status, json!({})),
            "/client-registration/v0.16/register" => Reply::json(401, json!({})),
            "/api/am/publisher/v1/apis?limit=1" => Reply::json(200, json!({"count": 0, "list": []})),
            _ => Reply::text(404, "text/html", "no"),
        });
        let http = Http::new(&quick(), &silent()).unwrap();
        let access = "a".to_owned().into();
        let found = recognise(&http, &Address::unchecked(server.url()), None, &access, &silent()).await;
        match found {
            Ok(found) => {
                assert_eq!(
                    (found.generation.kind, expected),
                    (ControlPlaneKind::Apim31, 3),
                    "{status}"
                );
                assert_eq!(found.doubt, None);
            }
            Err(error) => assert_eq!((error.status(), expected), (Some(status), 0), "{error}"),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_told_apart_is_told() {
    let recognised = async |server: &TestServer, kind| {
        let http = Http::new(&quick(), &silent()).unwrap();
        let access = "a".to_owned().into();
        recognise(&http, &Address::unchecked(server.url()), kind, &access, &silent())
            .await
            .unwrap()
    };
    // The publisher APIs of 3.1 and 3.2 are at the same place, and nobody sees where clients are registered.
    let hidden = TestServer::start(|request| match request.target.as_str() {
        "/api/am/publisher/v1/apis?limit=1" => Reply::json(200, json!({"count": 0, "list": []})),
        _ => Reply::text(404, "text/html", "no"),
    });
    let found = recognised(&hidden, None).await;
    assert_eq!(found.generation.kind, ControlPlaneKind::Apim32);
    assert_eq!(
        found.doubt.map(|doubt| doubt.others),
        Some(vec![ControlPlaneKind::Apim31])
    );
    let named = recognised(&hidden, Some(ControlPlaneKind::Apim31)).await;
    assert_eq!((named.generation.kind, named.doubt), (ControlPlaneKind::Apim31, None));
    // A server that refuses before it looks, at sign-in too.
    let closed = server(ControlPlaneKind::Apim42, 401);
    let found = find(&closed, None).await.unwrap();
    assert_eq!((found.generation.kind, found.doubt), (ControlPlaneKind::Apim42, None));
    let refusing = TestServer::start(|request| match request.target.as_str() {
        "/client-registration/v0.17/register" => Reply::json(200, json!({"clientId": "id", "clientSecret": "secret"})),
        "/oauth2/token" => Reply::json(
            200,
            json!({"access_token": "a", "token_type": "Bearer", "expires_in": 10}),
        ),
        target if target.starts_with("/api/am/publisher/") => Reply::json(401, json!({})),
        _ => Reply::text(404, "text/html", "no"),
    });
    let found = find(&refusing, None).await.unwrap();
    let others = found.doubt.map(|doubt| doubt.others).unwrap_or_default();
    assert_eq!(others.len(), 3, "{others:?}");
    assert!(found.visible_apis.is_none());
}

#[tokio::test]
async fn what_the_token_endpoint_says_cannot_fool_a_terminal() {
    let server = TestServer::start(|request| match request.target.as_str() {
        "/client-registration/v0.17/register" => Reply::json(200, json!({"clientId": "id", "clientSecret": "secret"})),
        "/oauth2/token" => Reply::json(
            400,
            json!({"error": "invalid_grant", "error_description": format!("\u{1b}[2J{}", "x".repeat(5000))}),
        ),
        _ => Reply::text(404, "text/html", "no"),
    });
    match find(&server, None).await {
        Err(CloudError::WrongCredentials { message, .. }) => {
            assert!(message.starts_with("[2Jxxx") && message.len() < 500, "{message:?}");
        }
        other => panic!("{other:?}"),
    }
}
