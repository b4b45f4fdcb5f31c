//! Usage records: kept of what was answered, uploaded, and in nobody's way.

use crate::support::{Backend, Client, GatewayBuilder, api, eventually, policy};
use mgw_bundle::config::PolicyRef;
use mgw_fixtures::simulator::{OnPremiseServer, OnPremiseThread};
use std::path::Path;
use tempfile::TempDir;

/// The records that a service took, file by file.
fn records(service: &OnPremiseThread) -> Vec<String> {
    service.uploads().into_iter().flat_map(|file| file.records).collect()
}

fn recording(builder: GatewayBuilder, folder: &Path) -> GatewayBuilder {
    builder
        .set("analytics.fileUpload.enable", "true")
        .set("api.usage.data.path", &folder.display().to_string())
        .set("analytics.fileUpload.rotatingPeriod", "100")
}

fn uploading(builder: GatewayBuilder, service: &OnPremiseThread) -> GatewayBuilder {
    builder
        .set(
            "analytics.fileUpload.uploadingEndpoint",
            &format!("{}/analytics/v1.0/usage/upload-file", service.url()),
        )
        .set("analytics.fileUpload.username", OnPremiseServer::USER)
        .set("analytics.fileUpload.initialDelayInMillis", "0")
        .set("analytics.fileUpload.maxRandomDelayInMillis", "0")
        .set("analytics.fileUpload.uploadingTimeSpanInMillis", "100")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The stream of a record, without what all have in common.
fn stream(record: &str) -> &str {
    let id = record.split("-ES-").next().unwrap_or_default();
    id.trim_start_matches("streamId-KS-org.wso2.apimgt.statistics.")
}

fn values(record: &str) -> Vec<&str> {
    let payload = record.split("-ES-").last().unwrap_or_default();
    payload.split_once("-KS-").expect("a key").1.split("-OS-").collect()
}

#[test]
fn what_was_answered_throttled_and_failed_is_uploaded() {
    let (backend, service, place) = (Backend::named("ok"), OnPremiseThread::start(), folder());
    let mut limited = api("/limited", &backend.url());
    limited.policy = Some(PolicyRef {
        name: "One".into(),
        index: Some(0),
    });
    // Nobody listens on this port of this machine.
    let apis = vec![api("/p", &backend.url()), limited, api("/gone", "http://127.0.0.1:1")];
    let mut builder = GatewayBuilder::new(apis);
    builder.config.policies.resource.push(policy("One", 1));
    let password = place.path().join("password");
    std::fs::write(&password, "sample\n").expect("a file");
    let builder = uploading(recording(builder, &place.path().join("spool")), &service)
        .set("analytics.fileUpload.passwordFile", &password.display().to_string());
    let gateway = builder.start();
    assert_eq!(gateway.get("/p/x").status, 200);
    assert_eq!(gateway.get("/limited").status, 200);
    assert_eq!(gateway.get("/limited").status, 429);
    assert_eq!(gateway.get("/gone").status, 503);
    // Nothing of these.
    assert_eq!(gateway.get("/nowhere").status, 404);
    eventually("uploaded", || records(&service).len() >= 4);
    let records = records(&service);
    let mut streams: Vec<_> = records.iter().map(|record| stream(record)).collect();
    streams.sort_unstable();
    assert_eq!(
        streams,
        ["fault:3.2.0", "request:3.2.0", "request:3.2.0", "throttle:3.2.0"]
    );
    let of = |wanted: &str, name: &str| {
        let found = records
            .iter()
            .find(|record| stream(record).starts_with(wanted) && record.contains(name));
        values(found.expect("a record"))
    };
    let request = of("request", "/p/1.0");
    assert_eq!(
        (request.len(), request[4], request[9], request[26]),
        (37, "/p/1.0", "GET", "200")
    );
    assert_eq!((request[24], request[27]), ("2", backend.url().as_str()));
    assert_eq!(of("throttle", "limited")[12], "API_LIMIT_EXCEEDED");
    assert_eq!(of("fault", "gone")[1], "gone");
    for (metric, value) in [
        (r#"mgw_usage_records_total{stream="request"}"#, 2.0),
        (r#"mgw_usage_records_total{stream="throttle"}"#, 1.0),
        (r#"mgw_usage_records_total{stream="fault"}"#, 1.0),
        (r#"mgw_usage_records_dropped_total{reason="queue"}"#, 0.0),
        ("mgw_usage_spool_bytes", 0.0),
        (r#"mgw_usage_files{state="waiting"}"#, 0.0),
    ] {
        eventually(metric, || gateway.metric(metric) == Some(value));
    }
    let shown = Client::get(gateway.admin(), "/usage");
    let shown: serde_json::Value = serde_json::from_str(&shown.body).expect("JSON");
    assert_eq!(shown["written"], serde_json::json!([2, 1, 1]));
    assert_eq!(shown["dropped"]["queue"], 0);
}

#[test]
fn without_the_setting_there_is_nothing() {
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(Client::get(gateway.admin(), "/usage").status, 404);
    assert_eq!(gateway.metric(r#"mgw_usage_records_total{stream="request"}"#), None);
}

#[test]
fn a_password_that_changed_is_read_again_and_nothing_is_lost_meanwhile() {
    let (backend, service, place) = (Backend::named("ok"), OnPremiseThread::start(), folder());
    let password = place.path().join("password");
    std::fs::write(&password, "of-yesterday").expect("a file");
    let builder = GatewayBuilder::new(vec![api("/p", &backend.url())]);
    let builder = uploading(recording(builder, &place.path().join("spool")), &service)
        .set("analytics.fileUpload.passwordFile", &password.display().to_string())
        .set("analytics.fileUpload.service", "api-cloud");
    let gateway = builder.start();
    assert_eq!(gateway.get("/p").status, 200);
    let refused = r#"mgw_usage_uploads_total{result="credentials"}"#;
    eventually(refused, || gateway.metric(refused).is_some_and(|count| count >= 1.0));
    assert_eq!(gateway.get("/p").status, 200);
    std::fs::write(&password, "sample").expect("a file");
    eventually("uploaded", || records(&service).len() == 2);
    // API Cloud's are kept for a while.
    let kept = r#"mgw_usage_files{state="uploaded"}"#;
    eventually(kept, || gateway.metric(kept).is_some_and(|count| count >= 1.0));
}

#[test]
fn a_service_that_fails_gets_every_record_once_in_the_end() {
    let (backend, service, place) = (Backend::named("ok"), OnPremiseThread::start(), folder());
    service.fail_next(&[500, 503, 200, 404, 302, 429]);
    let builder = GatewayBuilder::new(vec![api("/p", &backend.url())]);
    let builder = uploading(recording(builder, place.path()), &service)
        .set("analytics.fileUpload.password", OnPremiseServer::PASSWORD);
    let gateway = builder.start();
    for _ in 0..20 {
        assert_eq!(gateway.get("/p").status, 200);
    }
    eventually("uploaded", || records(&service).len() >= 20);
    assert_eq!(records(&service).len(), 20);
    let failed = r#"mgw_usage_uploads_total{result="failed"}"#;
    assert_eq!(gateway.metric(failed), Some(6.0));
}

#[test]
fn records_outlive_the_gateway_that_made_them() {
    let (backend, service, place) = (Backend::named("ok"), OnPremiseThread::start(), folder());
    let builder = || {
        let builder = GatewayBuilder::new(vec![api("/p", &backend.url())]);
        recording(builder, place.path()).set("analytics.fileUpload.rotatingPeriod", "86400000")
    };
    let first = builder().set("analytics.fileUpload.taskUploadFiles", "false").start();
    for _ in 0..3 {
        assert_eq!(first.get("/p").status, 200);
    }
    // Another one must not write into the same folder.
    let second = builder()
        .set("analytics.fileUpload.taskUploadFiles", "false")
        .try_start();
    let said = second.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("another gateway"), "{said}");
    drop(first);
    let builder = uploading(builder(), &service)
        .set("analytics.fileUpload.rotatingPeriod", "100")
        .set("analytics.fileUpload.password", OnPremiseServer::PASSWORD);
    let gateway = builder.start();
    eventually("uploaded", || records(&service).len() == 3);
    assert_eq!(gateway.get("/p").status, 200);
}
