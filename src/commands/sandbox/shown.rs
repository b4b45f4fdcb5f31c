//! What a running sandbox shows of itself, for people.

use crate::ui::{table, visible};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Under which a gateway of this program tells its version.
const VERSION: &str = "mgw.version";

/// The gateways as a table and as a document, with what programs would have to work out.
pub(super) fn gateways(answer: &Value, now: Timestamp) -> (String, Value) {
    let list: Vec<Value> = answer["list"].as_array().into_iter().flatten().map(one).collect();
    let document = json!({"list": list});
    if list.is_empty() {
        return ("no gateway has shown itself".to_owned(), document);
    }
    let head = ["HOST", "LABELS", "STATE", "LAST SEEN", "VERSION", "METADATA", "ID"].map(str::to_owned);
    let rows = list.iter().map(|gateway| {
        let text = |name: &str| visible(gateway[name].as_str().unwrap_or("-"));
        let labels = gateway["labels"].as_array().into_iter().flatten();
        let labels: Vec<_> = labels.filter_map(Value::as_str).map(visible).collect();
        let metadata = ["envMetadata", "customMetadata"].map(|name| gateway[name].as_object());
        let metadata = metadata.into_iter().flatten().flatten();
        let metadata: Vec<_> = metadata
            .filter(|(name, _)| *name != VERSION)
            .map(|(name, value)| visible(&format!("{name}={}", value.as_str().unwrap_or_default())))
            .collect();
        [
            text("hostName"),
            if labels.is_empty() {
                "-".to_owned()
            } else {
                labels.join(",")
            },
            text("state"),
            last_seen(&gateway["lastSeen"], now),
            text("version"),
            metadata.join(" "),
            text("id"),
        ]
    });
    (table(std::iter::once(head).chain(rows), [false; 7]), document)
}

/// A gateway with its version in a place of its own.
fn one(gateway: &Value) -> Value {
    let mut gateway = gateway.clone();
    let version = ["customMetadata", "envMetadata"]
        .into_iter()
        .find_map(|map| gateway[map][VERSION].as_str())
        .map(str::to_owned);
    gateway["version"] = json!(version);
    gateway
}

fn last_seen(at_ms: &Value, now: Timestamp) -> String {
    let Some(at) = at_ms.as_i64() else {
        return "never".to_owned();
    };
    let age = u64::try_from(now.as_millisecond() - at).unwrap_or_default();
    format!("{} s ago", Duration::from_millis(age).as_secs())
}

/// The requests, one a line.
pub(super) fn requests(answer: &Value) -> String {
    let rows = answer["list"].as_array().into_iter().flatten().map(|request| {
        let text = |name: &str| visible(request[name].as_str().unwrap_or_default());
        let status = request["status"].as_u64();
        let status = status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        [status, text("method"), text("target")]
    });
    table(rows, [false; 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_stand_in_a_table_with_their_version() {
        let now = Timestamp::from_millisecond(70_500).unwrap();
        let answer = json!({"list": [{
            "id": "7d", "hostName": "edge-1", "labels": ["emea"], "envMetadata": {"os.name": "Linux"},
            "customMetadata": {"mgw.version": "0.1.0", "owner": "a\u{1b}b"}, "state": "ONLINE", "lastSeen": 10_000, "pings": 1,
        }]});
        let (text, document) = gateways(&answer, now);
        let rows: Vec<Vec<_>> = text
            .lines()
            .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(
            rows[1].iter().map(|cell| cell.trim()).collect::<Vec<_>>(),
            [
                "edge-1",
                "emea",
                "ONLINE",
                "60 s ago",
                "0.1.0",
                "os.name=Linux owner=a\\u{1b}b",
                "7d"
            ]
        );
        assert_eq!(document["list"][0]["version"], "0.1.0");
        let never = json!({"list": [{"id": "x", "lastSeen": null}]});
        assert!(gateways(&never, now).0.contains("never"));
        assert_eq!(gateways(&json!({"list": []}), now).0, "no gateway has shown itself");
    }
}
