//! Conversations with servers that speak as 4.x does.

use super::*;
use crate::cloud::control_plane::ApiKind;
use crate::cloud::control_plane::adapter::Adapter;
use crate::cloud::control_plane::test_plane::{definition, details, listed, parameter, path, plane};
use crate::cloud::test_server::{Reply, TestServer};
use crate::project::ControlPlaneKind;
use serde_json::{Value, json};

const PUBLISHER: &str = "/api/am/publisher/v4";

fn open(server: &TestServer, folder: &tempfile::TempDir) -> Adapter {
    plane(server, folder, ControlPlaneKind::Apim42)
}

fn detail(id: &str, policy: &str, state: &str) -> Value {
    json!({
        "id": id, "name": "Ledger", "version": "1", "context": "/ledger", "provider": "admin", "type": "HTTP",
        "lifeCycleStatus": state, "apiThrottlingPolicy": policy, "endpointConfig": {"endpoint_type": "http"},
        "isRevision": id.starts_with("rev"), "additionalProperties": [{"name": "a", "value": "b", "display": true}],
        "operations": [{"target": "/a", "verb": "GET", "operationPolicies": {"request": [{"policyName": "addHeader"}]}}]
    })
}

/// Ledger: revision 1 in prod, revision 2 in dev and test, its working copy differs. Draft: never deployed.
fn server() -> TestServer {
    TestServer::start(|request| {
        let Some(below) = path(request).strip_prefix(PUBLISHER) else {
            return Reply::text(404, "text/html", "no");
        };
        let entry =
            |id: &str, name: &str| json!({"id": id, "name": name, "version": "1", "lifeCycleStatus": "PUBLISHED"});
        let body = match below {
            "/apis" => {
                let is_first = parameter(request, "offset").as_deref() == Some("0");
                let list = if is_first {
                    json!([entry("ledger", "Ledger"), entry("draft", "Draft")])
                } else {
                    json!([])
                };
                json!({"count": 2, "list": list, "pagination": {"total": 900}})
            }
            "/apis/ledger/revisions" => {
                assert_eq!(parameter(request, "query").as_deref(), Some("deployed:true"));
                json!({"count": 2, "list": [
                    {"displayName": "Revision 1", "id": "rev1", "deploymentInfo": [{"name": "prod", "deployedTime": "10"}]},
                    {"displayName": "Revision 2", "id": "rev2",
                     "deploymentInfo": [{"name": "dev", "deployedTime": "20"}, {"name": "test", "deployedTime": "21"}]}
                ]})
            }
            "/apis/draft/revisions" => json!({"count": 0, "list": []}),
            "/apis/ledger" => detail("ledger", "Edited", "PUBLISHED"),
            "/apis/draft" => detail("draft", "Edited", "CREATED"),
            "/apis/rev1" => detail("rev1", "Old", "CREATED"),
            "/apis/rev2" => detail("rev2", "New", "CREATED"),
            "/apis/rev1/swagger" => json!({"openapi": "3.0.1", "info": {"title": "one"}}),
            "/apis/rev2/swagger" => json!({"openapi": "3.0.1", "info": {"title": "two"}}),
            "/settings" => json!({"environment": [{"id": "1", "name": "prod"}, {"name": "dev"}]}),
            _ => return Reply::json(404, json!({"code": 404})),
        };
        Reply::json(200, body)
    })
}

#[tokio::test]
async fn an_environment_is_read_from_its_deployed_revision() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let plane = open(&server, &folder);
    for (environment, policy, number, title) in [("prod", "Old", 1, "one"), ("test", "New", 2, "two")] {
        let found = plane.apis(&ApiSearch::Label(environment.into())).await.unwrap().apis;
        assert_eq!(found.len(), 1, "{environment}");
        let api = plane.api(&found[0]).await.unwrap();
        assert_eq!((api.id.as_str(), api.policy.as_deref()), ("ledger", Some(policy)));
        assert_eq!(api.state, LifeCycle::Published);
        assert!(api.labels.contains(&environment.to_owned()));
        assert_eq!(api.revision.as_ref().and_then(|revision| revision.number), Some(number));
        assert_eq!(api.mediation.len(), 1);
        assert_eq!(definition(&plane, &api).await["info"]["title"], title);
    }
    assert!(
        plane
            .apis(&ApiSearch::Label("pro".into()))
            .await
            .unwrap()
            .apis
            .is_empty()
    );
    assert_eq!(plane.labels().await.unwrap().unwrap(), ["prod", "dev"]);
}

#[tokio::test]
async fn by_name_the_latest_deployment_counts() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let plane = open(&server, &folder);
    let search = |name: &str| ApiSearch::NameAndVersion(name.into(), "1".into());
    let found = plane.apis(&search("Ledger")).await.unwrap().apis;
    assert_eq!(found.len(), 1);
    assert_eq!(plane.api(&found[0]).await.unwrap().policy.as_deref(), Some("New"));
    let draft = plane.apis(&search("Draft")).await.unwrap().apis;
    assert_eq!(draft[0].state, LifeCycle::NotDeployed);
    // An API that was listed without its revision is read by its latest one all the same.
    assert_eq!(
        plane.api(&listed("ledger")).await.unwrap().policy.as_deref(),
        Some("New")
    );
    let draft = plane.api(&listed("draft")).await.unwrap();
    assert_eq!((draft.state.is_served(), draft.labels.len()), (false, 0));
}

#[tokio::test]
async fn what_belongs_to_the_api_is_asked_for_by_its_own_id() {
    let server = TestServer::start(|request| {
        let place = path(request);
        match place {
            "/api/am/publisher/v4/apis/ledger/client-certificates" => Reply::json(
                200,
                json!({"certificates": [{"alias": "a", "apiId": "ledger", "tier": "Gold"}]}),
            ),
            "/api/am/publisher/v4/apis/ledger/client-certificates/a/content" => Reply::text(200, "text/plain", "pem"),
            "/api/am/publisher/v4/subscriptions" if parameter(request, "apiId").as_deref() == Some("ledger") => {
                Reply::json(200, json!({"list": [{"subscriptionId": "s"}]}))
            }
            "/api/am/devportal/v3/applications" => Reply::json(200, json!({"list": [{"applicationId": "app"}]})),
            "/api/am/devportal/v3/applications/app/oauth-keys" => Reply::json(
                200,
                json!({"list": [{"consumerKey": "k", "keyType": "SANDBOX", "consumerSecret": "canary"}]}),
            ),
            "/api/am/admin/v4/throttling/deny-policies" => {
                Reply::json(200, json!({"list": [{"conditionType": "USER"}]}))
            }
            _ if place.starts_with("/api/am/admin/v4/throttling/policies/") => Reply::json(200, json!({"list": []})),
            _ => Reply::json(404, json!({})),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let plane = open(&server, &folder);
    let mut api = details("ledger");
    api.revision = Some(Revision {
        id: "rev1".into(),
        number: Some(1),
        environments: vec!["prod".into()],
    });
    assert_eq!(plane.client_certificates(&api).await.unwrap().certificates.len(), 1);
    let data = plane.store_data(&["ledger".to_owned()], &|_| {}).await.unwrap();
    assert_eq!(data.subscriptions.unwrap().len(), 1);
    let keys = &data.applications.unwrap()[0].keys;
    assert_eq!(
        keys.as_deref(),
        Some(&[json!({"consumerKey": "k", "keyType": "SANDBOX"})][..])
    );
    assert_eq!(plane.policies().await.unwrap().blocks.unwrap().len(), 1);
}

#[tokio::test]
async fn apis_that_others_serve_keep_their_kind_apart() {
    let server = TestServer::start(|request| {
        let mut document = detail("ledger", "Unlimited", "PUBLISHED");
        document["gatewayVendor"] = json!("solace");
        match path(request) {
            "/api/am/publisher/v4/apis/ledger" => Reply::json(200, document),
            _ => Reply::absent(),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let api = open(&server, &folder).api(&listed("ledger")).await.unwrap();
    assert_eq!(api.kind, ApiKind::Elsewhere("gateways of solace".into()));
}

#[tokio::test]
async fn an_api_whose_revisions_are_not_shown_does_not_hide_the_others() {
    for status in [403, 500] {
        let server = TestServer::start(move |request| match path(request) {
            "/api/am/publisher/v4/apis" => {
                let entry = |id: &str| json!({"id": id, "name": id, "version": "1", "lifeCycleStatus": "PUBLISHED"});
                let is_first = parameter(request, "offset").as_deref() == Some("0");
                let list = if is_first {
                    json!([entry("odd"), entry("ledger")])
                } else {
                    json!([])
                };
                Reply::json(200, json!({"count": 2, "list": list, "pagination": {"total": 2}}))
            }
            "/api/am/publisher/v4/apis/ledger/revisions" => Reply::json(
                200,
                json!({"list": [{"displayName": "Revision 1", "id": "rev1", "deploymentInfo": [{"name": "prod"}]}]}),
            ),
            _ => Reply::json(status, json!({})),
        });
        let folder = tempfile::tempdir().unwrap();
        let found = open(&server, &folder)
            .apis(&ApiSearch::Label("prod".into()))
            .await
            .unwrap();
        let ids = |apis: Vec<&ApiSummary>| apis.iter().map(|api| api.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(found.apis.iter().collect()), ["ledger"]);
        assert_eq!(ids(found.unread.iter().map(|(api, _)| api).collect()), ["odd"]);
        assert_eq!(found.unread[0].1.status(), Some(status));
    }
}
