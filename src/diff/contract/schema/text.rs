//! Whether a text that stands in a path is a value of a schema.

use super::number::Bound;
use super::view::{View, flattened, shown};
use crate::diff::contract::document::Document;
use serde_json::{Number, Value};
use std::cmp::Ordering;

/// Formats of numbers, which say nothing about texts.
const OF_NUMBERS: [&str; 4] = ["int32", "int64", "float", "double"];

/// `None`: nobody can tell. Without a schema anything is admitted.
pub(in crate::diff::contract) fn admits_text<'a>(
    document: &'a Document,
    schema: Option<&'a Value>,
    text: &str,
) -> Option<bool> {
    let (schemas, _) = flattened(document, schema.as_slice());
    let view = View::of(&schemas);
    let is_text = view.types.as_ref().is_none_or(|types| types.contains("string"));
    let number = text.parse::<Number>().ok().filter(|_| !is_text);
    let is_of_type = |name: &&str| match *name {
        "integer" => number.as_ref().is_some_and(|number| !number.is_f64()),
        "number" => number.is_some(),
        "boolean" => matches!(text, "true" | "false"),
        // Lists and objects are written in one of several styles.
        _ => true,
    };
    let is_listed = |value: &&Value| match value {
        Value::String(listed) => listed == text,
        other => shown(other) == text,
    };
    let is_within = |(name, (end, bound)): (&&str, &(_, Bound))| {
        let value = match *name {
            "minimum" | "maximum" => number.clone(),
            "minLength" | "maxLength" if is_text => Some(Number::from(text.chars().count())),
            _ => None,
        };
        let own = value.map(|value| Bound {
            value,
            is_exclusive: false,
        });
        own.is_none_or(|own| own.strictness(bound, *end) != Ordering::Less)
    };
    let has_type = is_text || view.types.iter().flatten().any(is_of_type);
    if !has_type
        || !view.values.iter().all(|values| values.values().any(is_listed))
        || !view.bounds.iter().all(is_within)
    {
        return Some(false);
    }
    let is_plain = view.choices.is_empty()
        && view.others.is_empty()
        && view.format.is_none_or(|format| OF_NUMBERS.contains(&format));
    is_plain.then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_read_as_the_types_that_are_admitted() {
        let document = Document::new(json!({"components": {"schemas": {"id": {"type": "integer", "minimum": 1}}}}));
        for (schema, text, expected) in [
            (json!({}), "new", Some(true)),
            (json!({"type": "string"}), "new", Some(true)),
            (json!({"type": "string"}), "7", Some(true)),
            (json!({"type": "integer", "format": "int64"}), "7", Some(true)),
            (json!({"type": "integer", "format": "int64"}), "new", Some(false)),
            (json!({"type": "integer"}), "7.5", Some(false)),
            (json!({"type": "number"}), "7.5", Some(true)),
            (json!({"type": "boolean"}), "true", Some(true)),
            (json!({"type": "boolean"}), "new", Some(false)),
            (json!({"type": ["string", "integer"]}), "new", Some(true)),
            (json!({"$ref": "#/components/schemas/id"}), "new", Some(false)),
            (json!({"$ref": "#/components/schemas/id"}), "0", Some(false)),
            (json!({"$ref": "#/components/schemas/id"}), "1", Some(true)),
            (json!({"enum": ["new", 7]}), "new", Some(true)),
            (json!({"enum": ["new", 7]}), "7", Some(true)),
            (json!({"enum": ["new", 7]}), "old", Some(false)),
            (json!({"type": "string", "minLength": 4}), "new", Some(false)),
            (json!({"type": "string", "maxLength": 3}), "new", Some(true)),
            (json!({"type": "integer", "exclusiveMaximum": 7}), "7", Some(false)),
            (json!(false), "new", Some(false)),
            (json!({"type": "array", "items": {"type": "string"}}), "a,b", Some(true)),
            (json!({"type": "string", "format": "uuid"}), "new", None),
            (json!({"type": "string", "pattern": "^n"}), "new", None),
            (json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}), "new", None),
        ] {
            assert_eq!(admits_text(&document, Some(&schema), text), expected, "{schema} {text}");
        }
        assert_eq!(admits_text(&document, None, "new"), Some(true));
    }
}
