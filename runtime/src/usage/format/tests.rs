use super::super::api::{CoreApi, UsageApi, UsageApis};
use super::super::record::Marks;
use super::super::texts::Texts;
use super::*;
use crate::auth::{Caller, Grant};
use crate::throttle::SubscriptionTerms;
use crate::upstream::AnsweredBy;
use http::StatusCode;
use mgw_bundle::config::Method;
use std::sync::Arc;

fn api(name: &str) -> Arc<CoreApi> {
    let url = |url: &str| Some([Box::from(url), Box::from("http://second.example")].into());
    let api = UsageApi {
        name: name.into(),
        version: "2.1.0".into(),
        base_path: "/ledger".into(),
        context: "/ledger/2.1.0".into(),
        creator: "ana@meridianpay".into(),
        creator_tenant: "meridianpay".into(),
        templates: Box::new(["/entries/{id}".into()]),
        destinations: Box::new([[url("http://live.example"), url("http://ledger.example:8080/v2"), None]]),
    };
    Arc::clone(UsageApis::new(api, 1).of(0).expect("a core"))
}

fn caller() -> Arc<Caller> {
    let grant = Grant {
        application_id: "12".into(),
        application_uuid: None,
        application_name: "Till".into(),
        application_policy: "50PerMin".into(),
        subscriber: "bo@meridianpay".into(),
        tenant: Some("meridianpay".into()),
        subscription_policy: "Gold".into(),
        terms: SubscriptionTerms::default(),
        key_type: CallerKeyType::Sandbox,
    };
    Arc::new(Caller::for_tests(
        "bo@meridianpay",
        serde_json::Map::new(),
        grant,
        |_, _| None,
    ))
}

fn record(ending: Ending, caller: Option<Arc<Caller>>) -> UsageRecord {
    let ms = Duration::from_millis;
    UsageRecord {
        api: api("Ledger"),
        resource: 0,
        method: Method::Get,
        caller,
        client: [192, 0, 2, 7].into(),
        texts: Texts::copy(b"curl/8", b"api.example", b"9d2e"),
        tls: true,
        at_ms: 1_767_003_600_123,
        marks: Marks {
            authenticated: ms(2),
            throttled: ms(3),
            called: ms(4),
            answered: ms(30),
        },
        by: Some(AnsweredBy {
            position: 0,
            found: None,
        }),
        over_quota: false,
        bytes: 42,
        ending,
    }
}

fn line(record: &UsageRecord, version: StreamVersion) -> String {
    let formatter = Formatter {
        version,
        data_center: None,
        compat: false,
    };
    let mut line = String::new();
    assert!(formatter.write(record, &mut line));
    line
}

const ANSWERED: Ending = Ending::Answered(StatusCode::OK);
const THROTTLED: Ending = Ending::Throttled(Refusal::SubscriptionQuota);
const FAILED: Ending = Ending::Failed(Refusal::BackendTimeout);

#[test]
fn every_stream_has_its_line_in_every_version() {
    let time = "-ES-timestamp-KS-1767003600123-ES-metadata-KS-";
    let payload = "-ES-correlationData-KS-null-ES-payLoadData-KS-";
    let request = "anonymous-OS-Till-OS-12-OS-bo@meridianpay-OS-/ledger/2.1.0-OS-Ledger-OS-2.1.0-OS-/entries/{id}-OS-\
         /entries/{id}-OS-GET-OS-ana@meridianpay-OS-meridianpay-OS-Gold-OS-api.example-OS-bo@meridianpay-OS-meridianpay-OS-\
         192.0.2.7-OS-curl/8-OS-1767003600123-OS-false-OS-30-OS-4-OS-26-OS-false-OS-42-OS-https-OS-200-OS-http://ledger.example:8080/v2-OS-2-OS-1-OS-0-OS-\
         0-OS-26-OS-0-OS-MICRO-OS-MICRO";
    let throttle = "bo@meridianpay-OS-meridianpay-OS-Ledger-OS-2.1.0-OS-/ledger-OS-ana@meridianpay-OS-meridianpay";
    let throttled =
        "12-OS-Till-OS-bo@meridianpay-OS-SUBSCRIPTION_LIMIT_EXCEEDED-OS-MICRO-OS-1767003600123-OS-api.example";
    let fault = "anonymous-OS-Ledger-OS-2.1.0-OS-/ledger-OS-/entries/{id}";
    let called = "GET-OS-ana@meridianpay-OS-bo@meridianpay-OS-meridianpay-OS-meridianpay-OS-api.example-OS-12-OS-Till";
    let (code, text) = (
        Refusal::BackendTimeout.code(false),
        Refusal::BackendTimeout.texts(false).0,
    );
    let failed = format!("https-OS-{code}-OS-{text}-OS-1767003600123");
    for (ending, version, expected) in [
        (
            ANSWERED,
            StreamVersion::V3_0_0,
            format!("request:3.0.0{time}SANDBOX{payload}{request}"),
        ),
        (
            ANSWERED,
            StreamVersion::V3_1_0,
            format!(
                r#"request:3.1.0{time}{{"clientType":"SANDBOX","correlationID":"9d2e"}}{payload}{request}-OS-null"#
            ),
        ),
        (
            ANSWERED,
            StreamVersion::V3_2_0,
            format!(
                r#"request:3.2.0{time}{{"clientType":"SANDBOX","correlationID":"9d2e"}}{payload}{request}-OS-null"#
            ),
        ),
        (
            THROTTLED,
            StreamVersion::V3_0_0,
            format!("throttle:3.0.0{time}SANDBOX{payload}{throttle}-OS-{throttled}"),
        ),
        (
            THROTTLED,
            StreamVersion::V3_1_0,
            format!("throttle:3.1.0{time}SANDBOX{payload}{throttle}-OS-{throttled}-OS-null"),
        ),
        (
            THROTTLED,
            StreamVersion::V3_2_0,
            format!(
                r#"throttle:3.2.0{time}{{"keyType":"SANDBOX","correlationID":"9d2e"}}{payload}{throttle}-OS-/entries/{{id}}-OS-GET-OS-{throttled}-OS-null"#
            ),
        ),
        (
            FAILED,
            StreamVersion::V3_0_0,
            format!("fault:3.0.0{time}SANDBOX{payload}{fault}-OS-{called}-OS-{failed}"),
        ),
        (
            FAILED,
            StreamVersion::V3_1_0,
            format!("fault:3.1.0{time}SANDBOX{payload}{fault}-OS-{called}-OS-{failed}-OS-null"),
        ),
        (
            FAILED,
            StreamVersion::V3_2_0,
            format!(
                r#"fault:3.2.0{time}{{"keyType":"SANDBOX","correlationID":"9d2e"}}{payload}{fault}-OS-/entries/{{id}}-OS-{called}-OS-bo@meridianpay-OS-{failed}-OS-null"#
            ),
        ),
    ] {
        let found = line(&record(ending, Some(caller())), version);
        assert_eq!(found, format!("streamId-KS-org.wso2.apimgt.statistics.{expected}\n"));
    }
}

/// The payload of a line.
fn values(line: &str) -> Vec<&str> {
    let payload = line.trim_end_matches('\n').split("-ES-").last().expect("a payload");
    payload.split_once("-KS-").expect("a key").1.split("-OS-").collect()
}

#[test]
fn those_without_credentials_are_anonymous() {
    let line = line(&record(ANSWERED, None), StreamVersion::V3_2_0);
    assert!(line.contains(r#""clientType":"PRODUCTION""#), "{line}");
    let values = values(&line);
    assert_eq!(values.len(), 37);
    assert_eq!(&values[..4], &["anonymous"; 4]);
    assert_eq!(
        (values[12], values[14], values[15]),
        ("Unauthenticated", "anonymous", "anonymous")
    );
}

#[test]
fn clients_cannot_add_values_or_lines() {
    let mut record = record(ANSWERED, None);
    record.texts = Texts::copy(b"x-OS-y-ES-z\tw-KS", b"h-OS", b"\"},-ES-");
    let line = line(&record, StreamVersion::V3_2_0);
    assert_eq!((line.lines().count(), line.split("-ES-").count()), (1, 5));
    let values = values(&line);
    assert_eq!(values.len(), 37);
    assert_eq!((values[13], values[17]), ("h-Os", "x-Os-y-Es-z w-Ks"));
    let metadata = line.split("-ES-").nth(2).and_then(|element| element.split_once("-KS-"));
    let metadata: serde_json::Value = serde_json::from_str(metadata.expect("metadata").1).expect("JSON");
    assert_eq!(metadata["correlationID"], "\"},-Es-");
}

#[test]
fn the_data_center_stands_for_the_host() {
    let mut record = record(THROTTLED, None);
    record.texts = Texts::copy(b"", b"h2.example:8243", b"");
    let mut formatter = Formatter {
        version: StreamVersion::V3_0_0,
        data_center: None,
        compat: false,
    };
    for (data_center, expected) in [(None, "h2.example:8243"), (Some("emea".to_owned()), "emea")] {
        formatter.data_center = data_center;
        let mut line = String::new();
        assert!(formatter.write(&record, &mut line));
        assert_eq!(values(&line).last(), Some(&expected));
    }
}

#[test]
fn without_a_time_there_is_no_line() {
    let mut record = record(ANSWERED, None);
    record.at_ms = 0;
    let formatter = Formatter {
        version: StreamVersion::V3_2_0,
        data_center: None,
        compat: false,
    };
    let mut line = String::new();
    assert!(!formatter.write(&record, &mut line));
    assert!(line.is_empty());
}

#[test]
fn a_limit_that_only_reports_is_reported() {
    for (over_quota, expected) in [(false, "false"), (true, "true")] {
        let record = UsageRecord {
            over_quota,
            ..record(ANSWERED, None)
        };
        assert_eq!(values(&line(&record, StreamVersion::V3_2_0))[19], expected);
    }
}
