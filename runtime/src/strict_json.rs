//! JSON without the liberties of JSON: no duplicate members, bounded depth and size.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Deepest nesting; claim sets of real issuers use four.
const MAX_DEPTH: usize = 12;
/// Most values in one document.
const MAX_VALUES: usize = 4096;

/// Parses one JSON object that fills `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Option<Map<String, Value>> {
    match parse_value(bytes)? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Parses one JSON value that fills `bytes`.
pub(crate) fn parse_value(bytes: &[u8]) -> Option<Value> {
    let mut values = 0;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        depth: 0,
        values: &mut values,
    };
    let value = strict.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

struct Strict<'a> {
    depth: usize,
    values: &'a mut usize,
}

impl Strict<'_> {
    fn inner(&mut self) -> Strict<'_> {
        Strict {
            depth: self.depth + 1,
            values: self.values,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.values += 1;
        if self.depth > MAX_DEPTH || *self.values > MAX_VALUES {
            return Err(D::Error::custom("too deep or too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.inner())? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(Name(name)) = access.next_key()? {
            let value = access.next_value_seed(self.inner())?;
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(map))
    }
}

struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn accepts_objects_and_keeps_their_members() {
        let map = parse(br#"{"a":1,"b":{"a":[1.5,"x",null,true,-3]}}"#).expect("a strict object");
        assert_eq!(
            serde_json::to_string(&map).ok().as_deref(),
            Some(r#"{"a":1,"b":{"a":[1.5,"x",null,true,-3]}}"#)
        );
    }

    #[test]
    fn refuses_everything_else() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(13), "]".repeat(13));
        let wide = format!("{{\"a\":[{}0]}}", "0,".repeat(5000));
        let cases = [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":1,"\u0061":2}"#,
            "[]",
            "1",
            "\"x\"",
            "",
            "{}x",
            "{} {}",
            "{\"a\":01}",
            "{a:1}",
            "{\"a\":NaN}",
            "\u{feff}{}",
            &deep,
            &wide,
        ];
        for case in cases {
            assert!(parse(case.as_bytes()).is_none(), "{case:.60}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_none());
    }
}
