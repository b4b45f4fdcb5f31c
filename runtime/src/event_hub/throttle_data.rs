//! What the traffic manager tells its gateways about limits: the topic `throttleData`.

use super::block_condition::block_condition;
use super::fields::Fields;
use super::{DecodeError, MAX_MESSAGE};
use mgw_bundle::config::Block;
use secrecy::SecretString;

/// The topic.
pub(crate) const THROTTLE_DATA: &str = "throttleData";
/// Longest template; more is told apart from less by whoever reads it.
const MAX_TEMPLATE: usize = 4096;
/// Longest key of a decision, in bytes.
const MAX_KEY: usize = 4096;
/// Longest name of a tenant or a kind.
const MAX_NAME: usize = 256;

/// A message of the traffic manager.
#[derive(Debug, Clone)]
pub enum ThrottleData {
    /// A custom policy came or went.
    KeyTemplate(KeyTemplateChange),
    /// A limit is reached, or no longer.
    Decision(ThrottleDecision),
    /// Requests are to be refused, or no longer.
    Block(BlockChange),
}

/// A key template of a custom policy came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTemplateChange {
    /// The template, such as `$userId:$apiContext`.
    pub template: String,
    /// `true`: it counts from now on.
    pub added: bool,
}

/// A limit is reached, or no longer.
#[derive(Debug, Clone)]
pub struct ThrottleDecision {
    /// What the limit counts by. Names users and addresses, so it is not for logs.
    pub key: SecretString,
    /// Until when, in milliseconds since the epoch. `None`: no longer.
    pub until_ms: Option<u64>,
    /// The conditions that the traffic manager has looked at, base64 of JSON.
    pub conditions: Option<String>,
}

/// Requests are to be refused, or no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockChange {
    /// The control plane's number.
    pub id: Option<i64>,
    /// Which requests.
    pub block: Block,
    /// Whose APIs it is about. Only addresses need that: everything else has the tenant in its name.
    pub tenant: Option<String>,
    /// `true`: they are refused from now on.
    pub added: bool,
}

impl ThrottleData {
    /// Reads a message; which kind it is shows in the fields that are there.
    pub(super) fn read(message: &Fields) -> Result<Self, DecodeError> {
        if message.has("keyTemplateValue") {
            key_template(message).map(Self::KeyTemplate)
        } else if message.has("throttleKey") {
            decision(message).map(Self::Decision)
        } else if ["blockingCondition", "blockingKey", "condition"]
            .iter()
            .any(|name| message.has(name))
        {
            block(message).map(Self::Block)
        } else {
            Err(DecodeError::Field("throttleKey"))
        }
    }
}

fn key_template(message: &Fields) -> Result<KeyTemplateChange, DecodeError> {
    Ok(KeyTemplateChange {
        template: message.required("keyTemplateValue", MAX_TEMPLATE)?.to_owned(),
        added: match message.required("keyTemplateState", MAX_NAME)? {
            state if state.eq_ignore_ascii_case("add") => true,
            state if state.eq_ignore_ascii_case("remove") => false,
            _ => return Err(DecodeError::Field("keyTemplateState")),
        },
    })
}

fn decision(message: &Fields) -> Result<ThrottleDecision, DecodeError> {
    const EXPIRY: &str = "expiryTimeStamp";
    let throttled = message.flag("isThrottled")?;
    let until_ms = if throttled.ok_or(DecodeError::Field("isThrottled"))? {
        let time = message.integer(EXPIRY)?.ok_or(DecodeError::Field(EXPIRY))?;
        Some(u64::try_from(time).map_err(|_| DecodeError::Field(EXPIRY))?)
    } else {
        None
    };
    Ok(ThrottleDecision {
        key: message.required("throttleKey", MAX_KEY)?.into(),
        until_ms,
        conditions: message.text("evaluatedConditions", MAX_MESSAGE)?.map(str::to_owned),
    })
}

/// There are two spellings, one of which micro-gw reads and nobody sends.
fn block(message: &Fields) -> Result<BlockChange, DecodeError> {
    let either = |one, other| match message.text(one, MAX_NAME) {
        Ok(None) => message.text(other, MAX_NAME),
        told => told,
    };
    const KIND: &str = "blockingCondition";
    const VALUE: &str = "conditionValue";
    let kind = either(KIND, "condition")?.ok_or(DecodeError::Field(KIND))?;
    let value = message.value(VALUE).or_else(|| message.value("blockingKey"));
    let value = value.ok_or(DecodeError::Field(VALUE))?;
    let state = match message.flag("state")? {
        None => message.flag("conditionState")?,
        told => told,
    };
    Ok(BlockChange {
        id: message.integer("id")?,
        block: block_condition(kind, value).ok_or(DecodeError::Field(VALUE))?,
        tenant: message.text("tenantDomain", MAX_NAME)?.map(str::to_owned),
        // A block that nobody lifts is worse than one that comes late.
        added: state.ok_or(DecodeError::Field("state"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::map_message::encode;
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    /// What a message means, which must be the same in both forms.
    fn read(payload: &Value) -> Result<ThrottleData, DecodeError> {
        let text = json!({"event": {"payloadData": payload}}).to_string();
        let text = Fields::read(Some("text/plain"), text.as_bytes()).and_then(|fields| ThrottleData::read(&fields));
        // A binary map has no objects inside.
        let members = payload.as_object().expect("an object");
        if !members.values().any(Value::is_object) {
            let map = Fields::read(Some("jms/map-message"), &encode(members));
            let map = map.and_then(|fields| ThrottleData::read(&fields));
            assert_eq!(format!("{map:?}"), format!("{text:?}"), "{payload}");
        }
        text
    }

    #[test]
    fn key_templates_come_and_go() {
        for (state, added) in [("add", true), ("ADD", true), ("remove", false)] {
            let payload = json!({"keyTemplateValue": "$userId", "keyTemplateState": state, "throttleKey": ""});
            let Ok(ThrottleData::KeyTemplate(change)) = read(&payload) else {
                panic!("{payload}");
            };
            assert_eq!((change.template.as_str(), change.added), ("$userId", added));
        }
    }

    #[test]
    fn decisions_hold_until_they_expire_or_are_taken_back() {
        for (payload, until_ms, conditions) in [
            (
                json!({"throttleKey": "12:ana", "isThrottled": true, "expiryTimeStamp": 1_767_007_200_000_u64,
                    "evaluatedConditions": "W10="}),
                Some(1_767_007_200_000),
                Some("W10="),
            ),
            (
                json!({"throttleKey": "12:ana", "isThrottled": "true", "expiryTimeStamp": "1767007200000",
                    "evaluatedConditions": null, "keyTemplateValue": null}),
                Some(1_767_007_200_000),
                None,
            ),
            (
                json!({"throttleKey": "12:ana", "isThrottled": false, "expiryTimeStamp": -1}),
                None,
                None,
            ),
            (json!({"throttleKey": "12:ana", "isThrottled": "False"}), None, None),
        ] {
            let Ok(ThrottleData::Decision(decision)) = read(&payload) else {
                panic!("{payload}");
            };
            assert_eq!(decision.key.expose_secret(), "12:ana");
            assert_eq!(
                (decision.until_ms, decision.conditions.as_deref()),
                (until_ms, conditions)
            );
            assert!(!format!("{decision:?}").contains("ana"));
        }
    }

    #[test]
    fn blocks_have_two_spellings() {
        let range = r#"{"startingIp":"10.4.0.1","endingIp":"10.4.0.9","invert":"false"}"#;
        let addresses = Block::Address {
            first: [10, 4, 0, 1].into(),
            last: [10, 4, 0, 9].into(),
            inverted: false,
        };
        let user = Block::User { name: "ana".into() };
        for (payload, id, block, tenant, added) in [
            (
                json!({"id": 4, "blockingCondition": "IPRANGE", "conditionValue": range, "state": "true",
                    "tenantDomain": "meridian"}),
                Some(4),
                &addresses,
                Some("meridian"),
                true,
            ),
            (
                json!({"id": "4", "blockingCondition": "IPRANGE", "conditionState": "false", "tenantDomain": "",
                    "conditionValue": {"startingIp": "10.4.0.1", "endingIp": "10.4.0.9"}}),
                Some(4),
                &addresses,
                None,
                false,
            ),
            (
                json!({"blockingKey": "USER", "condition": "USER", "conditionValue": "ana", "conditionState": true}),
                None,
                &user,
                None,
                true,
            ),
            (
                json!({"condition": "user", "blockingKey": "ana", "state": "TRUE"}),
                None,
                &user,
                None,
                true,
            ),
        ] {
            let Ok(ThrottleData::Block(change)) = read(&payload) else {
                panic!("{payload}");
            };
            assert_eq!((change.id, &change.block), (id, block), "{payload}");
            assert_eq!((change.tenant.as_deref(), change.added), (tenant, added), "{payload}");
        }
    }

    #[test]
    fn malformed_messages_say_which_field() {
        let long = "k".repeat(MAX_KEY + 1);
        for (payload, field) in [
            (json!({}), "throttleKey"),
            (json!({"other": 1}), "throttleKey"),
            (json!({"keyTemplateValue": "$userId"}), "keyTemplateState"),
            (
                json!({"keyTemplateValue": "$userId", "keyTemplateState": "perhaps"}),
                "keyTemplateState",
            ),
            (
                json!({"keyTemplateValue": 5, "keyTemplateState": "add"}),
                "keyTemplateValue",
            ),
            (
                json!({"keyTemplateValue": "$".repeat(MAX_TEMPLATE + 1), "keyTemplateState": "add"}),
                "keyTemplateValue",
            ),
            (json!({"throttleKey": "k"}), "isThrottled"),
            (json!({"throttleKey": "k", "isThrottled": "perhaps"}), "isThrottled"),
            (json!({"throttleKey": "k", "isThrottled": true}), "expiryTimeStamp"),
            (
                json!({"throttleKey": "k", "isThrottled": true, "expiryTimeStamp": -1}),
                "expiryTimeStamp",
            ),
            (
                json!({"throttleKey": "k", "isThrottled": true, "expiryTimeStamp": "soon"}),
                "expiryTimeStamp",
            ),
            (json!({"throttleKey": long, "isThrottled": false}), "throttleKey"),
            (
                json!({"throttleKey": "k", "isThrottled": false, "evaluatedConditions": 1}),
                "evaluatedConditions",
            ),
            (json!({"blockingCondition": "USER", "state": "true"}), "conditionValue"),
            (
                json!({"blockingCondition": "COUNTRY", "conditionValue": "x", "state": "true"}),
                "conditionValue",
            ),
            (json!({"blockingCondition": "USER", "conditionValue": "ana"}), "state"),
            (
                json!({"blockingCondition": "USER", "conditionValue": "ana", "state": "perhaps"}),
                "state",
            ),
            (
                json!({"blockingCondition": 5, "conditionValue": "ana", "state": "true"}),
                "blockingCondition",
            ),
            (json!({"blockingKey": "ana", "state": "true"}), "blockingCondition"),
            (
                json!({"blockingCondition": "USER", "conditionValue": "ana", "state": "true", "id": "x"}),
                "id",
            ),
        ] {
            let error = read(&payload).expect_err("malformed");
            assert_eq!(error, DecodeError::Field(field), "{payload:.80}");
        }
    }
}
