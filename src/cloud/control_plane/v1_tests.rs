//! Lists of servers that count wrongly, and searches.

use super::*;
use crate::cloud::control_plane::adapter::Adapter;
use crate::cloud::control_plane::test_plane::{details, listed, parameter, path};
use crate::cloud::test_server::{Reply, TestServer};
use crate::project::ControlPlaneKind;
use serde_json::{Value, json};

fn plane(server: &TestServer, folder: &tempfile::TempDir) -> Adapter {
    crate::cloud::control_plane::test_plane::plane(server, folder, ControlPlaneKind::ApiCloud)
}

fn items(ids: std::ops::Range<usize>) -> Vec<Value> {
    ids.map(|id| json!({"id": format!("id-{id}"), "name": "n", "version": id.to_string(), "status": "PUBLISHED"}))
        .collect()
}

/// Lists the APIs of a server with `visible` ones that says there are `total`; returns their number and that of requests.
async fn count(visible: usize, total: Option<usize>, ignores_offset: bool) -> (usize, usize) {
    let server = TestServer::start(move |request| {
        let number = |name: &str| parameter(request, name).unwrap().parse::<usize>().unwrap();
        let offset = if ignores_offset { 0 } else { number("offset") };
        let end = (offset + number("limit")).min(visible);
        let list = items(offset.min(end)..end);
        Reply::json(
            200,
            json!({"count": list.len(), "list": list, "pagination": total.map(|total| json!({"total": total}))}),
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let apis = plane(&server, &folder).apis(&ApiSearch::All).await.unwrap().apis;
    (apis.len(), server.received().len())
}

#[tokio::test]
async fn lists_end_where_the_items_end() {
    for (visible, total, expected) in [
        (5, Some(5), (5, 3)),
        (5, None, (5, 3)),
        (5, Some(100), (5, 4)),
        (5, Some(1), (5, 3)),
        (4, Some(4), (4, 3)),
        (0, Some(9), (0, 1)),
        (0, None, (0, 1)),
    ] {
        assert_eq!(count(visible, total, false).await, expected, "{visible} of {total:?}");
    }
    assert_eq!(count(5, Some(5), true).await, (2, 2), "a server without offsets");
}

#[tokio::test]
async fn searches_are_quoted() {
    let server = TestServer::start(|_| Reply::json(200, json!({"list": []})));
    let folder = tempfile::tempdir().unwrap();
    let plane = plane(&server, &folder);
    plane.apis(&ApiSearch::Label("a&b c".into())).await.unwrap();
    plane
        .apis(&ApiSearch::NameAndVersion("Pizza Shack".into(), "1.0".into()))
        .await
        .unwrap();
    let queries: Vec<_> = server
        .received()
        .iter()
        .map(|request| parameter(request, "query"))
        .collect();
    assert_eq!(
        queries,
        [
            Some("label:\"a&b c\"".to_owned()),
            Some("name:\"Pizza Shack\" version:\"1.0\"".to_owned())
        ]
    );
}

#[tokio::test]
async fn answers_that_are_no_lists_are_errors() {
    for body in [
        json!({}),
        json!({"list": null}),
        json!({"list": {}}),
        json!(1),
        json!("x"),
    ] {
        let text = body.to_string();
        let server = TestServer::start(move |_| Reply::json(200, body.clone()));
        let folder = tempfile::tempdir().unwrap();
        let result = plane(&server, &folder).apis(&ApiSearch::All).await;
        assert!(matches!(result, Err(CloudError::Answer { .. })), "{text}");
    }
}

#[tokio::test]
async fn secrets_of_keys_are_dropped() {
    let server = TestServer::start(|request| {
        let list = if request.target.contains("/keys") {
            json!([{"consumerKey": "k", "keyType": "PRODUCTION", "consumerSecret": "canary", "token": {"accessToken": "canary"}}])
        } else if request.target.contains("/applications") {
            json!([{"applicationId": "app-1", "name": "Till"}])
        } else {
            json!([])
        };
        Reply::json(200, json!({ "list": list }))
    });
    let folder = tempfile::tempdir().unwrap();
    let data = plane(&server, &folder)
        .store_data(&["id-1".to_owned()], &|_| {})
        .await
        .unwrap();
    let applications = data.applications.unwrap();
    assert_eq!(applications[0].keys.as_ref().unwrap()[0]["consumerKey"], "k");
    assert!(!format!("{applications:?}").contains("canary"));
}

#[tokio::test]
async fn keys_of_one_application_that_are_not_shown_are_not_those_of_all() {
    let page = Reply::text(404, "text/html", "<html>nobody's word</html>");
    for (refusal, is_told) in [
        (Reply::json(403, json!({})), true),
        (Reply::absent(), true),
        (page, false),
    ] {
        let server = TestServer::start(move |request| match path(request) {
            "/api/am/store/applications/shared/keys" => refusal.clone(),
            "/api/am/store/applications/own/keys" => Reply::json(200, json!({"list": [{"consumerKey": "k"}]})),
            "/api/am/store/applications" => {
                let list = json!([{"applicationId": "shared"}, {"applicationId": "own"}]);
                Reply::json(200, json!({ "list": list, "pagination": {"total": 2} }))
            }
            _ => Reply::json(200, json!({"list": []})),
        });
        let folder = tempfile::tempdir().unwrap();
        let data = plane(&server, &folder).store_data(&[], &|_| {}).await;
        assert_eq!(data.is_ok(), is_told);
        let Ok(data) = data else { continue };
        let applications = data.applications.unwrap();
        let keys: Vec<bool> = applications.iter().map(|one| one.keys.is_some()).collect();
        assert_eq!(keys, [false, true]);
    }
}

#[tokio::test]
async fn client_certificates_are_found_at_the_older_path_too() {
    let server = TestServer::start(|request| match path(request) {
        "/api/am/publisher/clientCertificates" => Reply::json(
            200,
            json!({"certificates": [
                    {"alias": "own", "apiId": "one", "tier": "Gold"},
                    {"alias": "foreign", "apiId": "two", "tier": "Gold"},
                    {"alias": "..", "apiId": "one"}
                ], "pagination": {"total": 3}}),
        ),
        "/api/am/publisher/clientCertificates/own/content" => Reply::text(200, "application/octet-stream", "pem"),
        _ => Reply::json(404, json!({"code": 404})),
    });
    let folder = tempfile::tempdir().unwrap();
    let found = plane(&server, &folder)
        .client_certificates(&details("one"))
        .await
        .unwrap();
    let aliases: Vec<&str> = found.certificates.iter().map(|found| found.alias.as_str()).collect();
    assert_eq!((aliases, found.hidden.len()), (vec!["own"], 0));
    assert_eq!(found.certificates[0].content, b"pem");
}

#[tokio::test]
async fn unchanged_is_no_answer_where_nothing_is_known() {
    let server = TestServer::start(|_| Reply::text(304, "application/json", ""));
    let folder = tempfile::tempdir().unwrap();
    let plane = plane(&server, &folder);
    let api = details("a");
    let unchanged = plane.definition(&api, Some("\"v1\"")).await;
    assert!(matches!(unchanged, Ok(Definition::Unchanged)), "{unchanged:?}");
    // Nothing is known, or what is known cannot be asked about.
    for known in [None, Some(""), Some("a\r\nb"), Some("é")] {
        let error = plane.definition(&api, known).await.unwrap_err();
        assert_eq!(error.status(), Some(304), "{known:?}: {error}");
    }
    assert_eq!(plane.api(&listed("a")).await.unwrap_err().status(), Some(304));
}
