//! Tolerant reading of the control plane's JSON: unknown fields, explicit nulls, and numbers or lists in several shapes.

use serde_json::Value;

/// Why bytes are no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unparsable {
    /// It ends in the middle.
    Short,
    /// Nested more deeply than anything that is meant.
    Deep,
    /// The bytes are not UTF-8.
    Encoding,
    /// Anything else.
    Syntax,
}

/// Parses a document. A mark of UTF-8 at its beginning is passed over; raw control characters inside strings, which some
/// servers write, are taken as blanks.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Unparsable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let parsed = serde_json::from_slice(bytes).or_else(|error| {
        if !error.is_syntax() || !bytes.iter().any(u8::is_ascii_control) {
            return Err(error);
        }
        let blanked: Vec<u8> = bytes
            .iter()
            .map(|byte| if byte.is_ascii_control() { b' ' } else { *byte })
            .collect();
        serde_json::from_slice(&blanked)
    });
    parsed.map_err(|error| match std::str::from_utf8(bytes) {
        Err(_) => Unparsable::Encoding,
        Ok(_) if error.is_eof() => Unparsable::Short,
        // The library has no kind of its own for it.
        Ok(_) if error.to_string().starts_with("recursion limit") => Unparsable::Deep,
        Ok(_) => Unparsable::Syntax,
    })
}

/// Returns a member that is there and not null.
pub(crate) fn member<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|value| !value.is_null())
}

/// Returns a non-empty text; numbers and booleans are written out.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    match member(value, key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Returns a boolean, also when it is written as text.
pub(crate) fn flag(value: &Value, key: &str) -> Option<bool> {
    match member(value, key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Returns a whole number that is not negative, also when it is written as text.
pub(crate) fn count(value: &Value, key: &str) -> Option<u64> {
    match member(value, key)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Returns the elements of an array; anything else has none.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether [`texts`] passes over nothing.
pub(crate) fn is_texts(value: &Value, key: &str) -> bool {
    match member(value, key) {
        None | Some(Value::String(_)) => true,
        Some(Value::Array(items)) => texts(value, key).len() == items.len(),
        Some(_) => false,
    }
}

/// Returns texts from an array of texts, an array of objects with a `name`, or one text with commas.
pub(crate) fn texts(value: &Value, key: &str) -> Vec<String> {
    match member(value, key) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| match item {
                Value::String(text) => Some(text.clone()),
                Value::Object(_) => text(item, "name"),
                _ => None,
            })
            .collect(),
        Some(Value::String(list)) => list
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn raw_line_breaks_inside_strings_are_forgiven() {
        let value = parse(b"{\"clientId\":\"a\",\"jsonString\":\"x\ny\"}").unwrap();
        assert_eq!(text(&value, "clientId").as_deref(), Some("a"));
    }

    #[test]
    fn what_does_not_parse_is_told_apart() {
        let deep = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
        for (bytes, expected) in [
            (&b"{\"clientId\":\"a\""[..], Unparsable::Short),
            (b"", Unparsable::Short),
            (b"<html>\n</html>", Unparsable::Syntax),
            (b"{\"name\": \"B\xfccher\"}", Unparsable::Encoding),
            (deep.as_bytes(), Unparsable::Deep),
        ] {
            assert_eq!(parse(bytes), Err(expected), "{bytes:?}");
        }
        assert_eq!(parse(b"\xef\xbb\xbf{}"), Ok(json!({})));
    }

    #[test]
    fn values_are_read_in_every_shape() {
        let value = json!({
            "n": 5, "s": "5", "f": "True", "none": null, "blank": " ",
            "objects": [{"name": "a"}, {"x": 1}], "texts": ["b"], "list": "c, d,"
        });
        assert_eq!(
            (count(&value, "n"), count(&value, "s"), count(&value, "f")),
            (Some(5), Some(5), None)
        );
        assert_eq!(
            (
                text(&value, "n").as_deref(),
                text(&value, "none"),
                text(&value, "blank")
            ),
            (Some("5"), None, None)
        );
        assert_eq!((flag(&value, "f"), flag(&value, "n")), (Some(true), None));
        assert_eq!(texts(&value, "objects"), ["a"]);
        assert_eq!(texts(&value, "texts"), ["b"]);
        assert_eq!(texts(&value, "list"), ["c", "d"]);
        assert!(texts(&value, "missing").is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = parse(&bytes) {
                for key in ["", "a"] {
                    let _ = (text(&value, key), flag(&value, key), count(&value, key), texts(&value, key), items(&value, key));
                }
            }
        }
    }
}
