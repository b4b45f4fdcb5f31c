//! What the control plane says about slow and broken backends, as `advanceEndpointConfig`.
//!
//! The control plane suspends a backend after a failure, for a while that grows; its gateways repeat requests before that. A
//! circuit breaker that opens at the first failure, around retries, does the same, except that its time does not grow.

use super::{Notice, Topic};
use crate::cloud::json;
use serde_json::{Map, Value, json};

/// Longest time that definitions may have, in milliseconds.
const MAX_MS: u64 = 86_400_000;
/// Most retries that definitions may have.
const MAX_RETRIES: u64 = 1_000;

/// Maps what `backends` of one side say; the first that says something speaks for all.
pub(super) fn advanced(backends: &[&Value], side: &str, notices: &mut Vec<Notice>) -> Option<Value> {
    let configs = || {
        backends
            .iter()
            .filter_map(|backend| json::member(backend, "config"))
            .filter(|config| config.is_object())
    };
    let settings = |backend: &&Value| {
        let config = json::member(backend, "config").filter(|config| config.is_object())?;
        Some((timeout(config), retry(config), suspension(config))).filter(|settings| *settings != (None, None, None))
    };
    let mut all = backends.iter().map(settings);
    if let Some(first) = all.next()
        && all.any(|other| other != first)
    {
        let text = format!(
            "the {side} backends have different timeouts, retries or suspensions; of each, the first that is set holds for all"
        );
        notices.push(Notice::backend(side, text));
    }
    let mut advanced = Map::new();
    if let Some(milliseconds) = configs().find_map(timeout) {
        advanced.insert("timeoutInMillis".into(), json!(milliseconds));
    }
    if let Some(retry) = configs().find_map(retry) {
        advanced.insert("retryConfig".into(), retry);
    }
    if let Some(config) = configs().find(|config| suspension(config).is_some()) {
        advanced.insert("circuitBreaker".into(), json!(suspension(config)));
        let grows = json::text(config, "factor").and_then(|factor| factor.parse::<f64>().ok());
        if grows.is_some_and(|factor| factor > 1.0) {
            let text = format!("the suspension of {side} backends does not grow: each takes `suspendDuration`");
            notices.push(Notice::backend(side, text));
        }
    }
    (!advanced.is_empty()).then_some(Value::Object(advanced))
}

/// Says what of a load-balanced endpoint has no equal here.
pub(super) fn untold_balancing(config: &Value, notices: &mut Vec<Notice>) {
    let algorithm = json::text(config, "algoClassName").or_else(|| json::text(config, "algoCombo"));
    if let Some(algorithm) = algorithm.filter(|name| !name.ends_with("RoundRobin") && name != "other") {
        let text = format!(
            "the algorithm `{}` is not known; backends are used in turn",
            super::endpoints::printable(&algorithm)
        );
        notices.push(Notice::new(Topic::Backend, &["endpointConfig", "algoClassName"], text));
    }
    let sessions = json::text(config, "sessionManagement");
    if let Some(sessions) = sessions.filter(|kind| !kind.eq_ignore_ascii_case("none")) {
        let text = format!(
            "sessions (`{}`) do not stay with their backend; `loadBalance.hashKey` can do that",
            super::endpoints::printable(&sessions)
        );
        notices.push(Notice::new(
            Topic::Backend,
            &["endpointConfig", "sessionManagement"],
            text,
        ));
    }
}

fn timeout(config: &Value) -> Option<u64> {
    if json::text(config, "actionSelect").as_deref() == Some("neverTimeout") {
        return None;
    }
    positive(config, "actionDuration")
}

fn retry(config: &Value) -> Option<Value> {
    let count = json::count(config, "retryTimeOut").filter(|count| *count > 0)?;
    let mut retry = json!({ "count": count.min(MAX_RETRIES) });
    if let Some(milliseconds) = positive(config, "retryDelay") {
        retry["intervalInMillis"] = json!(milliseconds);
    }
    Some(retry)
}

fn suspension(config: &Value) -> Option<Value> {
    let milliseconds = positive(config, "suspendDuration")?;
    // Without a failure that suspends, nothing does.
    if json::texts(config, "suspendErrorCode").is_empty() {
        return None;
    }
    let window = json!({ "requestVolumeThreshold": 1 });
    Some(json!({ "failureThreshold": 0, "resetTimeInMillis": milliseconds, "rollingWindow": window }))
}

fn positive(config: &Value, key: &str) -> Option<u64> {
    json::count(config, key)
        .filter(|milliseconds| *milliseconds > 0)
        .map(|milliseconds| milliseconds.min(MAX_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_backends_are_mapped() {
        let breaker =
            json!({"failureThreshold": 0, "resetTimeInMillis": 2000, "rollingWindow": {"requestVolumeThreshold": 1}});
        for (config, expected) in [
            (json!({}), None),
            (
                json!({"actionDuration": "30000"}),
                Some(json!({"timeoutInMillis": 30000})),
            ),
            (json!({"actionSelect": "neverTimeout", "actionDuration": "30000"}), None),
            (
                json!({"actionDuration": 999_999_999_999_u64}),
                Some(json!({"timeoutInMillis": MAX_MS})),
            ),
            (
                json!({"retryErroCode": ["101504"], "retryTimeOut": "4", "retryDelay": "1000"}),
                Some(json!({"retryConfig": {"count": 4, "intervalInMillis": 1000}})),
            ),
            (json!({"retryTimeOut": "0", "retryDelay": "1000"}), None),
            (json!({"retryTimeOut": "x"}), None),
            (
                json!({"suspendErrorCode": ["101504", "101505"], "suspendDuration": "2000"}),
                Some(json!({"circuitBreaker": breaker})),
            ),
            (
                json!({"suspendErrorCode": "101504", "suspendDuration": 2000}),
                Some(json!({"circuitBreaker": breaker})),
            ),
            (json!({"suspendErrorCode": [], "suspendDuration": "2000"}), None),
            (json!({"suspendErrorCode": ["101504"], "suspendDuration": "0"}), None),
        ] {
            let mut notices = Vec::new();
            let backend = json!({"url": "https://a", "config": config});
            assert_eq!(advanced(&[&backend], "production", &mut notices), expected, "{config}");
            assert!(notices.is_empty(), "{notices:?}");
        }
    }

    #[test]
    fn the_first_backend_that_says_something_speaks_for_all() {
        let backends = [
            json!({"url": "https://a", "config": ""}),
            json!({"url": "https://b", "config": {"retryTimeOut": 1}}),
            json!({"url": "https://c", "config": {"retryTimeOut": 2, "actionDuration": 5}}),
        ];
        let backends: Vec<&Value> = backends.iter().collect();
        let found = advanced(&backends, "production", &mut Vec::new());
        assert_eq!(found, Some(json!({"retryConfig": {"count": 1}, "timeoutInMillis": 5})));
    }

    #[test]
    fn backends_with_different_settings_are_told() {
        for (configs, is_told) in [
            ([json!({"actionDuration": 5}), json!({"actionDuration": "5"})], false),
            ([json!({"actionDuration": 5}), json!({"actionDuration": 6})], true),
            ([json!({"actionDuration": 5}), Value::Null], true),
            ([Value::Null, json!({"retryTimeOut": 2})], true),
            (
                [json!({}), json!({"suspendErrorCode": ["101504"], "suspendDuration": 9})],
                true,
            ),
            // What says nothing here is no difference.
            ([json!({"actionDuration": "", "factor": "2"}), json!("")], false),
        ] {
            let backends = configs.map(|config| json!({"url": "https://a", "config": config}));
            let backends: Vec<&Value> = backends.iter().collect();
            let mut notices = Vec::new();
            advanced(&backends, "sandbox", &mut notices);
            let told = notices.iter().map(|notice| notice.text.as_str()).collect::<String>();
            let expected = "the sandbox backends have different timeouts";
            assert_eq!(told.contains(expected), is_told, "{backends:?} {told}");
        }
    }

    #[test]
    fn what_has_no_equal_is_told() {
        let mut notices = Vec::new();
        let config =
            json!({"suspendErrorCode": ["101504"], "suspendDuration": "1", "suspendMaxDuration": "9", "factor": "2"});
        advanced(&[&json!({ "config": config })], "sandbox", &mut notices);
        assert!(notices[0].text.contains("does not grow"), "{notices:?}");
        for (config, expected) in [
            (
                json!({"algoClassName": "org.apache.synapse.endpoints.algorithms.RoundRobin", "sessionManagement": ""}),
                None,
            ),
            (
                json!({"algoCombo": "a.b.WeightedRRLCAlgorithm"}),
                Some("the algorithm `a.b.WeightedRRLCAlgorithm`"),
            ),
            (json!({"sessionManagement": "none"}), None),
            (
                json!({"sessionManagement": "transport"}),
                Some("sessions (`transport`)"),
            ),
        ] {
            let mut notices = Vec::new();
            untold_balancing(&config, &mut notices);
            let found = notices.first().map_or("", |notice| notice.text.as_str());
            assert!(
                expected.map_or(found.is_empty(), |text| found.contains(text)),
                "{config} {notices:?}"
            );
        }
    }
}
