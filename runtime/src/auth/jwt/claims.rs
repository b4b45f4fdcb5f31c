//! Reading claims of every shape that issuers write.

use serde_json::{Map, Value};

/// Most scopes of one token.
const MAX_SCOPES: usize = 1024;

/// Returns a text claim.
pub(crate) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Returns a time in seconds since the epoch: a number, or digits in a string. `Err`: present and of another type.
pub(crate) fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, ()> {
    let value = match claims.get(name) {
        None => return Ok(None),
        Some(value) => value,
    };
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            // Beyond this, and for NaN, a time is nonsense.
            number.as_f64().filter(|time| time.abs() < 1e15).map(|time| time as i64)
        }),
        Value::String(digits) if digits.len() <= 15 => digits.parse().ok(),
        _ => None,
    };
    number
        .filter(|time| time.abs() < 1_000_000_000_000_000)
        .map(Some)
        .ok_or(())
}

/// Returns the texts of a string or of an array of strings. `None`: of another type.
pub(crate) fn strings(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Returns the scopes: the configured claim, else the first present of `scope`, `scp`, `scopes`; blank-separated text
/// or an array.
pub(crate) fn scopes(claims: &Map<String, Value>, configured: Option<&str>) -> Vec<String> {
    let value = match configured {
        Some(name) => claims.get(name),
        None => ["scope", "scp", "scopes"].iter().find_map(|name| claims.get(*name)),
    };
    value
        .and_then(strings)
        .unwrap_or_default()
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .take(MAX_SCOPES)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn times_are_numbers_or_digits() {
        let read = |value: Value| seconds(&map(json!({ "exp": value })), "exp");
        assert_eq!(read(json!(1_700_000_000)), Ok(Some(1_700_000_000)));
        assert_eq!(read(json!(1_700_000_000.5)), Ok(Some(1_700_000_000)));
        assert_eq!(read(json!("1700000000")), Ok(Some(1_700_000_000)));
        for wrong in [
            json!(null),
            json!(true),
            json!("soon"),
            json!([1]),
            json!({}),
            json!(1e300),
            json!(u64::MAX),
        ] {
            assert_eq!(read(wrong.clone()), Err(()), "{wrong}");
        }
        assert_eq!(seconds(&Map::new(), "exp"), Ok(None));
    }

    #[test]
    fn scopes_come_in_every_shape() {
        assert_eq!(scopes(&map(json!({"scope": "a  b"})), None), ["a", "b"]);
        assert_eq!(scopes(&map(json!({"scp": ["a", "b c"]})), None), ["a", "b", "c"]);
        assert_eq!(scopes(&map(json!({"scopes": ["a"]})), None), ["a"]);
        assert_eq!(scopes(&map(json!({"scope": "a", "perm": ["b"]})), Some("perm")), ["b"]);
        assert!(scopes(&map(json!({"scope": 7})), None).is_empty());
        assert!(scopes(&map(json!({"scope": ["a", 7]})), None).is_empty());
    }
}
