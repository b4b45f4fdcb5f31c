//! The block list, in every shape that control planes write.

use super::conditions::range;
use crate::cloud::json;
use mgw_bundle::config::Block;
use serde_json::Value;
use std::net::IpAddr;

/// Brings the active entries into the gateway's form, sorted. The second list has the kinds of those it cannot apply.
pub(super) fn blocks(documents: &[Value]) -> (Vec<Block>, Vec<String>) {
    let (mut blocks, mut unknown) = (Vec::new(), Vec::new());
    for document in documents {
        if !json::flag(document, "conditionStatus").unwrap_or(true) {
            continue;
        }
        match block(document) {
            Some(block) => blocks.push(block),
            None => unknown.push(json::text(document, "conditionType").unwrap_or_else(|| "no".to_owned())),
        }
    }
    blocks.sort();
    blocks.dedup();
    (blocks, unknown)
}

fn block(document: &Value) -> Option<Block> {
    let kind = json::text(document, "conditionType")?.to_ascii_uppercase();
    let text = json::text(document, "conditionValue");
    let fields = json::member(document, "conditionValue")?;
    Some(match kind.as_str() {
        "API" => Block::Api { context: text? },
        "APPLICATION" => Block::application(&text?)?,
        "USER" => Block::User { name: text? },
        "SUBSCRIPTION" => Block::subscription(&text?)?,
        "IP" | "IPRANGE" => {
            let (first, last) = match &text {
                Some(address) => (address.parse().ok()?, address.parse().ok()?),
                None => match address(fields, "fixedIp") {
                    Some(fixed) => (fixed, fixed),
                    None => (address(fields, "startingIp")?, address(fields, "endingIp")?),
                },
            };
            let (first, last) = range(first, last)?;
            Block::Address {
                first,
                last,
                inverted: json::flag(fields, "invert").unwrap_or(false),
            }
        }
        _ => return None,
    })
}

fn address(fields: &Value, key: &str) -> Option<IpAddr> {
    json::text(fields, key)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shape_is_read_and_the_rest_is_named() {
        let entry = |kind: &str, value: Value| json!({"conditionType": kind, "conditionValue": value});
        let (found, unknown) = blocks(&[
            entry("API", json!("/t/meridian/ledger/2.1.0")),
            entry("APPLICATION", json!("ana@meridian:Till: two")),
            entry("USER", json!("ana@carbon.super")),
            entry("USER", json!("ana@carbon.super")),
            entry("IP", json!("10.4.0.7")),
            entry("IP", json!({"fixedIp": "10.4.0.8", "invert": true})),
            entry(
                "IPRANGE",
                json!({"startingIp": "10.4.0.1", "endingIp": "10.4.0.99", "invert": false}),
            ),
            entry("SUBSCRIPTION", json!("/ledger/2.1.0:2.1.0:ana-Till:PRODUCTION")),
            entry("SUBSCRIPTION", json!("/ledger/2.1.0:2.1.0:ben-Till: two")),
            entry("IPRANGE", json!({"startingIp": "10.4.0.9", "endingIp": "10.4.0.1"})),
            entry("COUNTRY", json!("x")),
            json!({"conditionType": "USER", "conditionValue": "ben", "conditionStatus": false}),
            json!({}),
        ]);
        assert_eq!(unknown, ["IPRANGE", "COUNTRY", "no"]);
        let address = |first: &str, last: &str, inverted| Block::Address {
            first: first.parse().expect("an address"),
            last: last.parse().expect("an address"),
            inverted,
        };
        assert_eq!(
            found,
            [
                Block::Api {
                    context: "/t/meridian/ledger/2.1.0".into()
                },
                Block::Application {
                    owner: "ana@meridian".into(),
                    name: "Till: two".into()
                },
                Block::User {
                    name: "ana@carbon.super".into()
                },
                address("10.4.0.1", "10.4.0.99", false),
                address("10.4.0.7", "10.4.0.7", false),
                address("10.4.0.8", "10.4.0.8", true),
                Block::Subscription {
                    context: "/ledger/2.1.0".into(),
                    owner: "ana".into(),
                    application: "Till".into(),
                    key_type: Some("PRODUCTION".into())
                },
                Block::Subscription {
                    context: "/ledger/2.1.0".into(),
                    owner: "ben".into(),
                    application: "Till: two".into(),
                    key_type: None
                },
            ]
        );
    }
}
