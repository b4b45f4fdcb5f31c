//! The binary map that control planes of generation 3 send.
//!
//! A count as `int32`, then that many entries: the name as UTF-8 ended by NUL, one byte for the type, the value. Numbers are
//! big-endian.

use serde_json::{Map, Value};

/// Most entries; messages of the event hub have seven at the most.
const MAX_ENTRIES: usize = 64;
/// Longest name, in bytes.
const MAX_NAME: usize = 128;

/// Reads a map message that fills `bytes`. `None`: it is malformed.
///
/// Data in bytes is left out, as no message of the event hub has any; so are numbers that are not finite.
pub(super) fn decode(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut rest = bytes;
    let count = usize::try_from(i32::from_be_bytes(take(&mut rest)?)).ok()?;
    if count > MAX_ENTRIES {
        return None;
    }
    let mut map = Map::new();
    for _ in 0..count {
        let name = text(&mut rest)?;
        if name.is_empty() || name.len() > MAX_NAME {
            return None;
        }
        let value = value(&mut rest)?;
        // Readers could disagree on which of two counts.
        if map.insert(name.to_owned(), value).is_some() {
            return None;
        }
    }
    rest.is_empty().then_some(map)
}

fn value(rest: &mut &[u8]) -> Option<Value> {
    let [kind] = take(rest)?;
    Some(match kind {
        1 => Value::Bool(take(rest)? != [0]),
        2 => i8::from_be_bytes(take(rest)?).into(),
        3 => {
            // A length of -1 stands for no data.
            if let Ok(length) = usize::try_from(i32::from_be_bytes(take(rest)?)) {
                *rest = rest.get(length..)?;
            }
            Value::Null
        }
        4 => i16::from_be_bytes(take(rest)?).into(),
        5 => char::from_u32(u16::from_be_bytes(take(rest)?).into())?
            .to_string()
            .into(),
        6 => i32::from_be_bytes(take(rest)?).into(),
        7 => i64::from_be_bytes(take(rest)?).into(),
        8 => f32::from_be_bytes(take(rest)?).into(),
        9 => f64::from_be_bytes(take(rest)?).into(),
        10 => text(rest)?.into(),
        11 => Value::Null,
        _ => return None,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*bytes)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = memchr::memchr(0, rest)?;
    let text = std::str::from_utf8(&rest[..end]).ok()?;
    *rest = &rest[end + 1..];
    Some(text)
}

/// Writes a map message as the control plane would, for tests. Integers become `int64`, nested values are left out.
#[cfg(test)]
pub(crate) fn encode(map: &Map<String, Value>) -> Vec<u8> {
    let mut bytes = i32::try_from(map.len()).expect("a small map").to_be_bytes().to_vec();
    for (name, value) in map {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        match value {
            Value::Bool(value) => bytes.extend([1, (*value).into()]),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => {
                    bytes.push(7);
                    bytes.extend(integer.to_be_bytes());
                }
                None => {
                    bytes.push(9);
                    bytes.extend(number.as_f64().expect("a number").to_be_bytes());
                }
            },
            Value::String(text) => {
                bytes.push(10);
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(0);
            }
            Value::Null | Value::Array(_) | Value::Object(_) => bytes.push(11),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn entry(name: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
        [&1_i32.to_be_bytes(), name, &[0, kind], value].concat()
    }

    #[test]
    fn every_type_is_read() {
        for (kind, value, expected) in [
            (1, &[0][..], json!(false)),
            (1, &[1], json!(true)),
            (2, &[0xfe], json!(-2)),
            (3, &[0, 0, 0, 2, 9, 9], json!(null)),
            (3, &[0xff, 0xff, 0xff, 0xff], json!(null)),
            (4, &[0x01, 0x00], json!(256)),
            (5, &[0x20, 0xac], json!("€")),
            (6, &[0xff, 0xff, 0xff, 0xff], json!(-1)),
            (7, &1_767_007_200_000_i64.to_be_bytes(), json!(1_767_007_200_000_i64)),
            (8, &1.5_f32.to_be_bytes(), json!(1.5)),
            (8, &f32::NAN.to_be_bytes(), json!(null)),
            (9, &(-0.25_f64).to_be_bytes(), json!(-0.25)),
            (10, b"t\xc3\xa9xt\0", json!("téxt")),
            (10, b"\0", json!("")),
            (11, b"", json!(null)),
        ] {
            let map = decode(&entry(b"name", kind, value)).expect("well-formed");
            assert_eq!(Value::Object(map), json!({ "name": expected }), "{kind} {value:?}");
        }
    }

    #[test]
    fn malformed_maps_are_refused() {
        let twice = [&2_i32.to_be_bytes()[..], b"a\0\x0ba\0\x0b"].concat();
        let many = [&65_i32.to_be_bytes()[..], &b"a\0\x0b".repeat(65)].concat();
        for bytes in [
            &b""[..],
            &[0, 0, 0],
            &[0xff, 0xff, 0xff, 0xff],
            &[0, 0, 0, 0, 0],
            &[0, 0, 0, 1],
            &[0x7f, 0xff, 0xff, 0xff],
            &twice,
            &many,
            &entry(b"", 11, b""),
            &entry(&[b'n'; 129], 11, b""),
            &entry(b"\xff", 11, b""),
            &entry(b"a", 0, b""),
            &entry(b"a", 12, b""),
            &entry(b"a", 1, b""),
            &entry(b"a", 3, &[0, 0, 0, 3, 1, 2]),
            &entry(b"a", 5, &[0xd8, 0x00]),
            &entry(b"a", 7, &[0; 7]),
            &entry(b"a", 7, &[0; 9]),
            &entry(b"a", 10, b"no end"),
            &entry(b"a", 10, b"\xff\0"),
            &entry(b"a", 11, b"\0"),
        ] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }

    fn field() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9_f64)
                .prop_filter("integers come back as such", |number| number.fract() != 0.0)
                .prop_map(Value::from),
            "[^\0]{0,40}".prop_map(Value::from),
            Just(Value::Null),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in prop::collection::hash_map("[^\0]{1,20}", field(), 0..20)) {
            let map: Map<_, _> = fields.into_iter().collect();
            prop_assert_eq!(decode(&encode(&map)), Some(map));
        }

        #[test]
        fn damage_is_no_panic(fields in prop::collection::hash_map("[a-z]{1,9}", field(), 1..6), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = encode(&fields.into_iter().collect());
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let _ = decode(&bytes);
            prop_assert_eq!(decode(&bytes[..place]), None);
        }
    }
}
