//! What is said to etcd's JSON gateway, and what it says.
//!
//! The gateway writes 64-bit numbers as texts, leaves out what is empty or zero, and bytes are base64.

use super::error::EtcdError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::json;

/// Says who asks.
pub(super) fn sign_in(name: &str, password: &str) -> serde_json::Value {
    json!({ "name": name, "password": password })
}

/// Asks for one key.
pub(super) fn range(key: &str) -> serde_json::Value {
    json!({ "key": STANDARD.encode(key) })
}

/// Asks to be told of changes of one key, from a revision on.
pub(super) fn watch(key: &str, from: i64) -> serde_json::Value {
    json!({ "create_request": { "key": STANDARD.encode(key), "start_revision": from.to_string() } })
}

/// The value of a key, and when that held.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// `None`: there is no such key.
    pub(super) value: Option<Vec<u8>>,
    pub(super) revision: i64,
}

/// What etcd tells a watcher.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing changed: the watch began, or etcd shows that it is there.
    Nothing,
    /// The newest value; `None`: the key was deleted.
    Value(Option<Vec<u8>>, i64),
}

#[derive(Deserialize)]
struct Header {
    #[serde(default, deserialize_with = "number")]
    revision: i64,
}

#[derive(Deserialize)]
struct KeyValue {
    #[serde(default)]
    value: String,
    #[serde(default, deserialize_with = "number")]
    mod_revision: i64,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    kv: Option<KeyValue>,
}

/// etcd 3.4 names the code twice; the gateway in streams names it `grpc_code`.
#[derive(Deserialize)]
struct Fault {
    #[serde(default, alias = "grpc_code", deserialize_with = "number")]
    code: i64,
}

/// Reads the answer to [`sign_in`].
pub(super) fn token(text: &[u8]) -> Result<String, EtcdError> {
    #[derive(Deserialize)]
    struct Answer {
        token: String,
    }
    let answer: Answer = serde_json::from_slice(text).map_err(|_| EtcdError::NoEtcd)?;
    Ok(answer.token)
}

/// Reads the answer to [`range`].
pub(super) fn value(text: &[u8]) -> Result<Read, EtcdError> {
    #[derive(Deserialize)]
    struct Answer {
        header: Header,
        #[serde(default)]
        kvs: Vec<KeyValue>,
    }
    let answer: Answer = serde_json::from_slice(text).map_err(|_| EtcdError::NoEtcd)?;
    let value = answer.kvs.first().map(|first| decoded(&first.value));
    Ok(Read {
        value: value.transpose()?,
        revision: answer.header.revision,
    })
}

/// Reads the body of an answer that is a failure.
pub(super) fn fault(status: u16, text: &[u8]) -> EtcdError {
    match serde_json::from_slice::<Fault>(text) {
        Ok(fault) if fault.code != 0 => EtcdError::of_code(fault.code),
        // Without a gateway for the version of the API there is no such path.
        _ if status == 404 => EtcdError::NoEtcd,
        _ => EtcdError::Status(status),
    }
}

/// Reads one message of the answer to [`watch`].
pub(super) fn told(text: &[u8]) -> Result<Told, EtcdError> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        result: Option<Answer>,
        #[serde(default)]
        error: Option<Fault>,
    }
    #[derive(Deserialize)]
    struct Answer {
        header: Header,
        #[serde(default)]
        canceled: bool,
        #[serde(default, deserialize_with = "number")]
        compact_revision: i64,
        #[serde(default)]
        events: Vec<Event>,
    }
    let line: Line = serde_json::from_slice(text).map_err(|_| EtcdError::NoEtcd)?;
    if let Some(fault) = line.error {
        return Err(EtcdError::of_code(fault.code));
    }
    let answer = line.result.ok_or(EtcdError::NoEtcd)?;
    if answer.compact_revision > 0 {
        return Err(EtcdError::Compacted);
    }
    if answer.canceled {
        // With a token that is not good any more, say.
        return Err(EtcdError::Unauthenticated);
    }
    // Several changes may come together; the last one holds.
    let Some(last) = answer.events.last() else {
        return Ok(Told::Nothing);
    };
    let changed = last.kv.as_ref().ok_or(EtcdError::NoEtcd)?;
    let value = if last.kind == "DELETE" {
        None
    } else {
        Some(decoded(&changed.value)?)
    };
    Ok(Told::Value(value, answer.header.revision.max(changed.mod_revision)))
}

fn decoded(text: &str) -> Result<Vec<u8>, EtcdError> {
    STANDARD.decode(text).map_err(|_| EtcdError::NoEtcd)
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers as etcd 3.4 gives them.
    #[test]
    fn answers_are_read() {
        let header = r#""header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"7","raft_term":"2"}"#;
        let read = |rest: &str| value(format!("{{{header}{rest}}}").as_bytes());
        assert_eq!(
            read(
                r#","kvs":[{"key":"a2V5","create_revision":"2","mod_revision":"2","version":"1","value":"aHR0cDovL2E="}],"count":"1""#
            ),
            Ok(Read {
                value: Some(b"http://a".to_vec()),
                revision: 7
            })
        );
        assert_eq!(
            read(""),
            Ok(Read {
                value: None,
                revision: 7
            })
        );
        assert_eq!(
            read(r#","kvs":[{"key":"a2V5"}]"#).map(|read| read.value),
            Ok(Some(Vec::new())),
            "what is empty is left out"
        );
        assert_eq!(read(r#","kvs":[{"value":"*"}]"#), Err(EtcdError::NoEtcd));
        assert_eq!(value(b"<html>"), Err(EtcdError::NoEtcd));
        assert_eq!(token(br#"{"header":{},"token":"abc.5"}"#), Ok("abc.5".to_owned()));
        let message = |rest: &str| told(format!(r#"{{"result":{{{header}{rest}}}}}"#).as_bytes());
        assert_eq!(message(r#","created":true"#), Ok(Told::Nothing));
        assert_eq!(
            message(
                r#","events":[{"kv":{"value":"eA==","mod_revision":"6"}},{"kv":{"key":"a2V5","value":"aHR0cDovL2E=","mod_revision":"8"}}]"#
            ),
            Ok(Told::Value(Some(b"http://a".to_vec()), 8)),
            "the last change holds"
        );
        assert_eq!(
            message(r#","events":[{"type":"DELETE","kv":{"key":"a2V5","mod_revision":"7"}}]"#),
            Ok(Told::Value(None, 7))
        );
        assert_eq!(
            message(r#","canceled":true,"compact_revision":"5""#),
            Err(EtcdError::Compacted)
        );
        assert_eq!(message(r#","canceled":true"#), Err(EtcdError::Unauthenticated));
        assert_eq!(
            told(br#"{"error":{"grpc_code":7,"http_code":403,"message":"etcdserver: permission denied"}}"#),
            Err(EtcdError::Forbidden)
        );
        assert_eq!(told(b"{}"), Err(EtcdError::NoEtcd));
    }

    #[test]
    fn failures_say_what_to_look_at() {
        for (status, body, expected) in [
            (
                400,
                r#"{"error":"etcdserver: user name is empty","message":"etcdserver: user name is empty","code":3}"#,
                EtcdError::Unauthenticated,
            ),
            (
                401,
                r#"{"error":"etcdserver: invalid auth token","code":16}"#,
                EtcdError::Unauthenticated,
            ),
            (
                403,
                r#"{"error":"etcdserver: permission denied","code":7}"#,
                EtcdError::Forbidden,
            ),
            (
                503,
                r#"{"error":"etcdserver: no leader","code":14}"#,
                EtcdError::Code(14),
            ),
            (404, "404 page not found", EtcdError::NoEtcd),
            (502, "", EtcdError::Status(502)),
        ] {
            assert_eq!(fault(status, body.as_bytes()), expected, "{body}");
        }
    }
}
