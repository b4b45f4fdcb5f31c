//! Conversations with servers that speak as 2.6 does.

use super::*;
use crate::cloud::control_plane::LifeCycle;
use crate::cloud::control_plane::test_plane::{definition, listed, parameter, path, plane, plane_with};
use crate::cloud::test_server::{Reply, TestServer};
use crate::project::ControlPlaneKind;
use serde_json::json;

const KIND: ControlPlaneKind = ControlPlaneKind::Apim26;

#[tokio::test]
async fn details_are_read_under_their_older_names() {
    let server = TestServer::start(|request| match path(request) {
        "/api/am/publisher/v0.14/apis/ana-Ledger-1" => Reply::json(
            200,
            json!({
                "id": "ana-Ledger-1", "name": "Ledger", "version": "1", "context": "/t/org/ledger", "provider": "ana",
                "status": "PUBLISHED", "type": "HTTP", "tiers": ["Gold"], "apiLevelPolicy": "10KPerMin",
                "endpointConfig": "{\"endpoint_type\":\"http\",\"production_endpoints\":{\"url\":\"https://b\"}}",
                "endpointSecurity": {"type": "basic", "username": "svc", "password": ""},
                "responseCaching": "Enabled", "cacheTimeout": 60, "gatewayEnvironments": "",
                "labels": [{"name": "emea", "description": null}],
                "sequences": [{"name": "log_in", "type": "in", "id": "1", "shared": true}],
                "apiDefinition": "{}", "maxTps": null, "corsConfiguration": null
            }),
        ),
        "/api/am/publisher/v0.14/apis/ana-Ledger-1/swagger" => {
            Reply::json(200, json!("{\"swagger\": \"2.0\", \"paths\": {}}"))
        }
        _ => Reply::json(404, json!({})),
    });
    let folder = tempfile::tempdir().unwrap();
    let plane = plane(&server, &folder, KIND);
    let api = plane.api(&listed("ana-Ledger-1")).await.unwrap();
    assert_eq!((api.context.as_str(), &api.state), ("/ledger", &LifeCycle::Published));
    assert_eq!(api.policy.as_deref(), Some("10KPerMin"));
    assert_eq!(api.response_cache_seconds, Some(60));
    assert_eq!(api.labels, ["emea"]);
    assert_eq!(api.endpoint_config["production_endpoints"]["url"], "https://b");
    assert_eq!(api.endpoint_security["username"], "svc");
    assert_eq!(
        (api.mediation.len(), api.security.as_slice()),
        (1, &["oauth2".to_owned()][..])
    );
    assert_eq!((api.mediation[0].name.as_str(), api.revision), ("log_in", None));
    let api = plane.api(&listed("ana-Ledger-1")).await.unwrap();
    assert_eq!(definition(&plane, &api).await["swagger"], "2.0");
}

#[tokio::test]
async fn searches_name_one_attribute() {
    let server = TestServer::start(|_| Reply::json(200, json!({"count": 0, "list": []})));
    let folder = tempfile::tempdir().unwrap();
    let plane = plane(&server, &folder, KIND);
    for search in [
        ApiSearch::Label("emea".into()),
        ApiSearch::NameAndVersion("Pizza Shack".into(), "1".into()),
        ApiSearch::NameAndVersion("a:b".into(), "1".into()),
        ApiSearch::All,
    ] {
        plane.apis(&search).await.unwrap();
    }
    let requests = server.received();
    let queries: Vec<Option<String>> = requests.iter().map(|request| parameter(request, "query")).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(queries, [text("label:emea"), text("Pizza Shack"), None, None]);
}

#[tokio::test]
async fn tiers_stand_in_for_the_administrators_view() {
    let server = TestServer::start(|request| match path(request) {
        "/api/am/store/v0.14/tiers/api" | "/api/am/store/v0.14/tiers/application" => Reply::json(
            200,
            json!({"count": 1, "list": [{"name": "Bronze", "requestCount": 1000, "unitTime": 60000, "timeUnit": "min"}]}),
        ),
        _ => Reply::json(401, json!({"description": "Unauthenticated request"})),
    });
    let folder = tempfile::tempdir().unwrap();
    let plane = plane_with(&server, &folder, KIND, &["apim:api_view"]);
    let policies = plane.policies().await.unwrap();
    let levels: Vec<PolicyLevel> = policies.policies.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [PolicyLevel::Subscription, PolicyLevel::Application]);
    assert_eq!(policies.hidden, [PolicyLevel::Advanced]);
    assert_eq!(plane.labels().await.unwrap(), None);
}

#[tokio::test]
async fn the_block_list_and_advanced_policies_come_from_the_admin_api() {
    let server = TestServer::start(|request| {
        let below = path(request).strip_prefix("/api/am/admin/v0.14/throttling/").unwrap();
        let list = match below {
            "policies/advanced" => json!([{"policyId": "p", "policyName": "Own"}]),
            "policies/advanced/p" => {
                return Reply::json(
                    200,
                    json!({"policyId": "p", "policyName": "Own", "conditionalGroups": []}),
                );
            }
            "policies/custom" => json!([{"policyName": "rule"}]),
            "blacklist" => json!([{"conditionType": "IP", "conditionValue": "10.0.0.1"}]),
            _ => json!([]),
        };
        Reply::json(200, json!({"count": 1, "list": list}))
    });
    let folder = tempfile::tempdir().unwrap();
    let policies = plane(&server, &folder, KIND).policies().await.unwrap();
    assert_eq!(
        (policies.blocks.unwrap().len(), policies.custom_rules),
        (1, Some(vec!["rule".to_owned()]))
    );
    assert!(policies.policies[0].1.get("conditionalGroups").is_some());
}

#[tokio::test]
async fn keys_are_read_for_each_type_and_names_are_the_newer_ones() {
    let server = TestServer::start(|request| match path(request) {
        "/api/am/publisher/v0.14/subscriptions" => Reply::json(
            200,
            json!({"count": 1, "list": [
                {"subscriptionId": "s", "applicationId": "app", "apiIdentifier": "ana-Ledger-1", "tier": "Gold", "status": "UNBLOCKED"}
            ]}),
        ),
        "/api/am/store/v0.14/applications" => Reply::json(
            200,
            json!({"count": 1, "list": [{"applicationId": "app", "name": "Till", "subscriber": "ana", "throttlingTier": "10PerMin"}]}),
        ),
        "/api/am/store/v0.14/applications/app/keys/PRODUCTION" => Reply::json(
            200,
            json!({"consumerKey": "k", "consumerSecret": "canary", "keyState": "COMPLETED"}),
        ),
        _ => Reply::absent(),
    });
    let folder = tempfile::tempdir().unwrap();
    let data = plane(&server, &folder, KIND)
        .store_data(&["ana-Ledger-1".to_owned()], &|_| {})
        .await
        .unwrap();
    let applications = data.applications.unwrap();
    assert_eq!(
        applications[0].keys,
        Some(vec![json!({"consumerKey": "k", "keyType": "PRODUCTION"})])
    );
    assert_eq!(applications[0].application["owner"], "ana");
    assert_eq!(applications[0].application["throttlingPolicy"], "10PerMin");
    assert_eq!(data.subscriptions.unwrap()[0].1["throttlingPolicy"], "Gold");
}

#[tokio::test]
async fn certificates_that_are_not_shown_are_told() {
    for status in [400, 403, 404] {
        let server = TestServer::start(move |_| Reply::json(status, json!({"description": "no"})));
        let folder = tempfile::tempdir().unwrap();
        let plane = plane(&server, &folder, KIND);
        let details = crate::cloud::control_plane::test_plane::details("x");
        let clients = plane.client_certificates(&details).await.unwrap();
        assert_eq!((clients.certificates.len(), clients.hidden.len()), (0, 1), "{status}");
        let wanted = BTreeSet::from(["https://b:443".to_owned()]);
        let backends = plane.backend_certificates(&wanted).await.unwrap();
        assert_eq!((backends.certificates.len(), backends.hidden.len()), (0, 1), "{status}");
    }
}
