//! Usage records: kept of what was answered, uploaded, and in nobody's way.

use crate::secured::{get, secured};
use crate::support::{Backend, Client, GatewayBuilder, Issuer, TestGateway, api, eventually, policy};
use mgw_bundle::config::{Api, CustomPolicy, EndpointKind, PolicyRef, Target};
use mgw_fixtures::faulty::{FaultyBackend, Step};
use mgw_fixtures::simulator::{OnPremiseServer, OnPremiseThread};
use serde_json::json;
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

/// A gateway that keeps records and uploads nothing, and the folder with them.
fn kept(builder: GatewayBuilder, place: &Path) -> TestGateway {
    let builder = builder
        .set("analytics.fileUpload.enable", "true")
        .set("analytics.fileUpload.taskUploadFiles", "false")
        .set("analytics.fileUpload.rotatingPeriod", "86400000");
    builder.set("api.usage.data.path", &place.display().to_string()).start()
}

/// The records in the file under way, once there are so many.
fn written(place: &Path, count: usize) -> Vec<String> {
    let read = || std::fs::read_to_string(place.join("api-usage-data.dat.tmp")).unwrap_or_default();
    eventually("written", || read().lines().count() >= count);
    read().lines().map(str::to_owned).collect()
}

fn targets(base_path: &str, kind: EndpointKind, urls: &[String]) -> Api {
    let mut api = api(base_path, "http://192.0.2.1");
    let endpoint = api.endpoints.production.as_mut().expect("the API has one");
    endpoint.kind = kind;
    endpoint.targets = urls.iter().cloned().map(Target::at).collect();
    api
}

#[test]
fn the_backend_that_answered_is_the_destination() {
    let (first, second, place) = (Backend::named("first"), Backend::named("second"), folder());
    let gone = "http://127.0.0.1:1".to_owned();
    let apis = vec![
        targets("/over", EndpointKind::Failover, &[gone, second.url()]),
        targets("/round", EndpointKind::LoadBalance, &[first.url(), second.url()]),
    ];
    let gateway = kept(GatewayBuilder::new(apis), place.path());
    let mut answered = vec![("over".to_owned(), gateway.get("/over").body)];
    for _ in 0..4 {
        answered.push(("round".to_owned(), gateway.get("/round").body));
    }
    let urls = [("first", first.url()), ("second", second.url())];
    let url = |name: &str| urls.iter().find(|(of, _)| *of == name).map_or("", |(_, url)| url);
    let mut expected: Vec<_> = answered.iter().map(|(api, name)| (api.as_str(), url(name))).collect();
    expected.sort_unstable();
    let records = written(place.path(), answered.len());
    let mut destinations: Vec<_> = records
        .iter()
        .map(|record| (values(record)[5], values(record)[27]))
        .collect();
    destinations.sort_unstable();
    assert_eq!(destinations, expected);
    assert!(
        destinations.contains(&("round", urls[0].1.as_str())) && destinations.contains(&("round", urls[1].1.as_str()))
    );
}

#[test]
fn every_limit_that_refuses_says_which_it_was() {
    let (backend, issuer, place) = (Backend::named("ok"), Issuer::new(), folder());
    let reference = |name: &str, index| {
        Some(PolicyRef {
            name: name.into(),
            index: Some(index),
        })
    };
    let mut by_api = api("/api", &backend.url());
    by_api.policy = reference("One", 0);
    let mut by_resource = api("/resource", &backend.url());
    by_resource.resources[0].policy = reference("One", 0);
    let apis = vec![
        by_api,
        by_resource,
        api("/anonymous", &backend.url()),
        secured("/custom", &backend.url()),
        secured("/application", &backend.url()),
        secured("/subscription", &backend.url()),
    ];
    let mut builder = GatewayBuilder::new(apis).file(&issuer.pinned());
    builder.config.policies.resource = vec![policy("One", 1)];
    builder.config.policies.application = vec![policy("AppOne", 1)];
    builder.config.policies.subscription.insert(1, policy("SubOne", 1));
    builder.config.policies.custom = vec![CustomPolicy {
        key_template: "$userId:$apiContext".into(),
        policy: policy("Robots", 1),
    }];
    let gateway = kept(builder, place.path());
    let token = |sub: &str, application: &str, subscription: &str| {
        issuer.token(
            "k",
            json!({
                "sub": sub,
                "application": {"id": 12, "name": "Till", "owner": "bo", "tier": application},
                "subscribedAPIs": [
                    {"context": "/subscription/1.0", "name": "subscription", "version": "1.0", "subscriptionTier": subscription},
                ],
            }),
        )
    };
    let (plain, app, sub) = (
        token("robot", "Unlimited", "Unlimited"),
        token("ana", "AppOne", "Unlimited"),
        token("eve", "Unlimited", "SubOne"),
    );
    let calls = [
        ("/api", None),
        ("/resource", None),
        ("/custom", Some(&plain)),
        ("/application", Some(&app)),
        ("/subscription", Some(&sub)),
    ];
    for (path, token) in calls {
        let statuses: Vec<_> = (0..2)
            .map(|_| match token {
                Some(token) => get(&gateway, path, token).status,
                None => gateway.get(path).status,
            })
            .collect();
        assert_eq!(statuses, [200, 429], "{path}");
    }
    let records = written(place.path(), 2 * calls.len());
    let mut reasons: Vec<_> = records
        .iter()
        .filter(|record| stream(record) == "throttle:3.2.0")
        .map(|record| (values(record)[2], values(record)[12], values(record)[0]))
        .collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            ("api", "API_LIMIT_EXCEEDED", "anonymous"),
            ("application", "APPLICATION_LIMIT_EXCEEDED", "ana"),
            ("custom", "RESOURCE_LIMIT_EXCEEDED", "robot"),
            ("resource", "RESOURCE_LIMIT_EXCEEDED", "anonymous"),
            ("subscription", "SUBSCRIPTION_LIMIT_EXCEEDED", "eve"),
        ]
    );
}

#[test]
fn a_limit_that_only_reports_lets_pass_and_says_so() {
    let (backend, place) = (Backend::named("ok"), folder());
    let mut builder = GatewayBuilder::new(vec![api("/p", &backend.url())]);
    let mut lenient = policy("Unauthenticated", 2);
    lenient.stop_on_quota = false;
    builder.config.policies.subscription = vec![lenient];
    let gateway = kept(builder.cores(1), place.path());
    for _ in 0..4 {
        assert_eq!(gateway.get("/p").status, 200);
    }
    let records = written(place.path(), 4);
    let over: Vec<_> = records.iter().map(|record| values(record)[19]).collect();
    assert_eq!(over, ["false", "false", "true", "true"]);
}

#[test]
fn backends_that_do_not_answer_leave_faults_and_those_that_fail_leave_answers() {
    let place = folder();
    let following = |script| FaultyBackend::start(vec![script]).expect("a free port");
    let silent = following(vec![Step::ReadRequest, Step::ReadToEnd]);
    let broken = following(vec![Step::ReadRequest, Step::Reset]);
    let failing = following(vec![Step::ReadRequest, Step::answer(500, "no"), Step::Again]);
    let mut slow = api("/slow", &silent.url());
    slow.endpoints.production.as_mut().expect("the API has one").timeout_ms = 100;
    let apis = vec![
        api("/gone", "http://127.0.0.1:1"),
        slow,
        api("/broken", &broken.url()),
        api("/failing", &failing.url()),
    ];
    let gateway = kept(GatewayBuilder::new(apis), place.path());
    let statuses = ["/gone", "/slow", "/broken", "/failing"].map(|path| gateway.get(path).status);
    assert_eq!(statuses, [503, 504, 502, 500]);
    let records = written(place.path(), 4);
    let mut told: Vec<_> = records
        .iter()
        .map(|record| match (stream(record), values(record)) {
            ("fault:3.2.0", values) => (values[1], "fault", values[16]),
            ("request:3.2.0", values) => (values[5], "request", values[26]),
            (other, _) => panic!("{other}"),
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("broken", "fault", "101503"),
            ("failing", "request", "500"),
            ("gone", "fault", "101503"),
            ("slow", "fault", "101504"),
        ]
    );
}

#[test]
fn a_disk_that_blocks_costs_records_and_slows_no_request() {
    let (backend, place) = (Backend::named("ok"), folder());
    // Nobody reads at the other end: once it is full, whoever writes waits.
    let pipe = place.path().join("api-usage-data.dat.tmp");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    let builder = GatewayBuilder::new(vec![api("/p", &backend.url())]).cores(1);
    let gateway = kept(builder.set("analytics.fileUpload.queue", "20"), place.path());
    let dropped = r#"mgw_usage_records_dropped_total{reason="queue"}"#;
    let mut answered = 0;
    eventually(dropped, || {
        for _ in 0..50 {
            assert_eq!(gateway.get("/p").status, 200);
        }
        answered += 50;
        gateway.metric(dropped).is_some_and(|count| count >= 1.0)
    });
    // Once it takes something again, whatever found room is written, and the rest is counted.
    std::thread::spawn(move || {
        let mut reader = std::fs::File::open(pipe).expect("the pipe");
        std::io::copy(&mut reader, &mut std::io::sink())
    });
    let written = r#"mgw_usage_records_total{stream="request"}"#;
    let metric = |name| gateway.metric(name).unwrap_or_default();
    eventually(written, || metric(written) + metric(dropped) == f64::from(answered));
}
