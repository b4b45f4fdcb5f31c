//! Which requests a blocking condition of the control plane is about, in every shape that it writes.

use crate::strict_json;
use mgw_bundle::config::Block;
use serde_json::Value;
use std::borrow::Cow;
use std::net::IpAddr;

/// Longest value of a condition, in bytes.
const MAX_VALUE: usize = 4096;

/// Reads a condition of a kind: `API`, `APPLICATION`, `USER`, `SUBSCRIPTION`, `IP` or `IPRANGE`, in any case. `None`: it is
/// of no such kind, or malformed.
pub(crate) fn block_condition(kind: &str, value: &Value) -> Option<Block> {
    let text = value
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= MAX_VALUE);
    Some(match kind.to_ascii_uppercase().as_str() {
        "API" => Block::Api {
            context: text?.to_owned(),
        },
        "APPLICATION" => Block::application(text?)?,
        "USER" => Block::User { name: text?.to_owned() },
        "SUBSCRIPTION" => Block::subscription(text?)?,
        "IP" | "IPRANGE" => return addresses(value, text),
        _ => return None,
    })
}

/// Reads a plain value of a list that does not say of what kind its members are. Each shows by itself.
pub(crate) fn block_of_shape(text: &str) -> Option<Block> {
    let kind = match text.matches(':').count() {
        0 if text.starts_with('/') => "API",
        0 => "USER",
        1 => "APPLICATION",
        _ if text.starts_with('/') => "SUBSCRIPTION",
        _ => "APPLICATION",
    };
    block_condition(kind, &text.into())
}

/// An address, or an object that names one or two, itself or as JSON text.
fn addresses(value: &Value, text: Option<&str>) -> Option<Block> {
    let fields = match (value, text) {
        (Value::Object(fields), _) => Cow::Borrowed(fields),
        (_, Some(text)) if text.trim_start().starts_with('{') => Cow::Owned(strict_json::parse(text.as_bytes())?),
        (_, text) => return range(text?.parse().ok()?, text?.parse().ok()?, false),
    };
    let address = |name: &str| -> Option<IpAddr> { fields.get(name)?.as_str()?.trim().parse().ok() };
    let (first, last) = match address("fixedIp") {
        Some(fixed) => (fixed, fixed),
        None => (address("startingIp")?, address("endingIp")?),
    };
    let inverted = match fields.get("invert") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(inverted)) => *inverted,
        Some(Value::String(text)) => text.parse().ok()?,
        Some(_) => return None,
    };
    range(first, last, inverted)
}

fn range(first: IpAddr, last: IpAddr, inverted: bool) -> Option<Block> {
    let (first, last) = (first.to_canonical(), last.to_canonical());
    let is_range = first.is_ipv4() == last.is_ipv4() && first <= last;
    is_range.then_some(Block::Address { first, last, inverted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn address(first: &str, last: &str, inverted: bool) -> Block {
        Block::Address {
            first: first.parse().expect("an address"),
            last: last.parse().expect("an address"),
            inverted,
        }
    }

    #[test]
    fn every_shape_is_read() {
        let (api, user) = (
            Block::Api {
                context: "/t/meridian/ledger/2.1.0".into(),
            },
            Block::User {
                name: "ana@carbon.super".into(),
            },
        );
        let application = Block::Application {
            owner: "ana@meridian".into(),
            name: "Till: two".into(),
        };
        for (kind, value, expected) in [
            ("API", json!("/t/meridian/ledger/2.1.0"), api),
            ("application", json!("ana@meridian:Till: two"), application),
            ("User", json!("ana@carbon.super"), user),
            ("IP", json!("10.4.0.7"), address("10.4.0.7", "10.4.0.7", false)),
            (
                "IP",
                json!({"fixedIp": "10.4.0.8", "invert": true}),
                address("10.4.0.8", "10.4.0.8", true),
            ),
            (
                "IP",
                json!("{\"fixedIp\":\"::ffff:10.4.0.8\",\"invert\":\"true\"}"),
                address("10.4.0.8", "10.4.0.8", true),
            ),
            (
                "IPRANGE",
                json!({"fixedIp": null, "startingIp": "10.4.0.1", "endingIp": "10.4.0.99", "invert": null, "id": 4}),
                address("10.4.0.1", "10.4.0.99", false),
            ),
            (
                "SUBSCRIPTION",
                json!("/ledger/2.1.0:2.1.0:ana-Till:PRODUCTION"),
                Block::subscription("/ledger/2.1.0:2.1.0:ana-Till:PRODUCTION").expect("a subscription"),
            ),
        ] {
            assert_eq!(block_condition(kind, &value), Some(expected), "{kind} {value}");
        }
    }

    #[test]
    fn malformed_conditions_are_none() {
        for (kind, value) in [
            ("API", json!("")),
            ("API", json!(5)),
            ("API", json!("x".repeat(4097))),
            ("APPLICATION", json!("Till")),
            ("SUBSCRIPTION", json!("/ledger/2.1.0")),
            ("COUNTRY", json!("x")),
            ("IP", json!("somewhere")),
            ("IP", json!({"fixedIp": "10.4.0.8", "invert": 1})),
            ("IP", json!({"fixedIp": "10.4.0.8", "invert": "perhaps"})),
            ("IP", json!("{\"fixedIp\":\"10.4.0.8\",\"fixedIp\":\"10.4.0.9\"}")),
            ("IPRANGE", json!({"startingIp": "10.4.0.9", "endingIp": "10.4.0.1"})),
            ("IPRANGE", json!({"startingIp": "10.4.0.9", "endingIp": "::1"})),
            ("IPRANGE", json!({"startingIp": "10.4.0.9"})),
        ] {
            assert_eq!(block_condition(kind, &value), None, "{kind} {value:.60}");
        }
    }

    #[test]
    fn plain_values_show_their_kind() {
        for (text, kind) in [
            ("/ledger/2.1.0", "API"),
            ("ana", "USER"),
            ("ana:Till", "APPLICATION"),
            ("ana:Till: two", "APPLICATION"),
            ("/ledger/2.1.0:2.1.0:ana-Till:PRODUCTION", "SUBSCRIPTION"),
        ] {
            let block = block_of_shape(text);
            assert!(block.is_some());
            assert_eq!(block, block_condition(kind, &text.into()), "{text}");
        }
    }
}
