//! Properties that hold whatever definitions say.

use super::*;
use crate::diff::change::Changes;
use crate::diff::{Change, Class};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Changes::default();
    let bytes = |value: &Value| serde_json::to_vec(value).unwrap();
    compare(&bytes(before), &bytes(after), &[], &mut changes.about("Shop 1"));
    changes.sorted()
}

fn definition(version: &str, schema: &Value) -> Value {
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/It"}}});
    json!({
        "openapi": version,
        "paths": {"/a/{id}": {"post": {
            "parameters": [{"name": "q", "in": "query", "schema": schema}],
            "requestBody": {"content": content},
            "responses": {"200": {"content": content}},
        }}},
        "components": {"schemas": {"It": schema}},
    })
}

/// Schemas as people write them, and some that nobody does.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!(7)),
        Just(json!({"$ref": "#/components/schemas/It"})),
        Just(json!({"$ref": "#/nowhere", "type": "string"})),
        prop_oneof![
            Just("string"),
            Just("integer"),
            Just("number"),
            Just("boolean"),
            Just("null")
        ]
        .prop_map(|kind| json!({"type": kind})),
        (0..9u32, 0..9u32)
            .prop_map(|(least, most)| json!({"type": "integer", "minimum": least, "exclusiveMaximum": most})),
        (0..9u32).prop_map(|most| json!({"type": "string", "maxLength": most, "nullable": true})),
        proptest::collection::vec("[a-c]", 1..4).prop_map(|values| json!({"enum": values})),
        "[a-c]".prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let named = proptest::collection::btree_map("[a-c]", inner.clone(), 0..4);
        let several = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (named, proptest::collection::vec("[a-d]", 0..3), any::<bool>()).prop_map(|(properties, required, is_open)| {
                json!({"type": "object", "properties": properties, "required": required, "additionalProperties": is_open})
            }),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            inner.clone().prop_map(|schema| json!({"not": schema})),
            inner.clone().prop_map(|schema| json!({"additionalProperties": schema})),
            (several, prop_oneof![Just("allOf"), Just("oneOf"), Just("anyOf"), Just("prefixItems")])
                .prop_map(|(schemas, keyword)| json!({keyword: schemas})),
        ]
    })
}

/// The same with every map the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev().map(|(key, value)| (key.clone(), reversed(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

/// A schema that admits less.
fn narrower() -> impl Strategy<Value = (Value, Value)> {
    let pair = |wide: Value, narrow: Value| Just((wide, narrow));
    let leaf = prop_oneof![
        (1..50u32, 1..50u32).prop_map(|(least, more)| {
            let bounded = |least: u32| json!({"type": "integer", "minimum": least});
            (bounded(least), bounded(least + more))
        }),
        (1..50u32).prop_map(|most| {
            let bounded = |most: u32| json!({"type": "string", "maxLength": most});
            (bounded(most), bounded(most - 1))
        }),
        pair(json!({"type": "number"}), json!({"type": "integer"})),
        pair(json!({"type": ["string", "null"]}), json!({"type": "string"})),
        pair(json!({"enum": ["a", "b"]}), json!({"enum": ["b"]})),
    ];
    leaf.prop_recursive(4, 8, 1, |inner| {
        let both = |wrap: fn(Value) -> Value| move |(wide, narrow): (Value, Value)| (wrap(wide), wrap(narrow));
        prop_oneof![
            inner
                .clone()
                .prop_map(both(|schema| json!({"type": "array", "items": schema}))),
            inner.clone().prop_map(both(
                |schema| json!({"type": "object", "properties": {"a": schema, "b": {}}})
            )),
            inner
                .clone()
                .prop_map(both(|schema| json!({"allOf": [{"title": "x"}, schema]}))),
            inner.prop_map(both(|schema| json!({"type": "object", "additionalProperties": schema}))),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_changes_against_itself_in_any_order(schema in schema()) {
        let definition = definition("3.1.0", &schema);
        prop_assert_eq!(changes(&definition, &definition), []);
        let mut other = reversed(&definition);
        other["info"] = json!({"description": "another"});
        prop_assert_eq!(changes(&definition, &other), []);
    }

    #[test]
    fn any_two_schemas_are_compared(old in schema(), new in schema()) {
        for (one, other) in [("3.0.0", "3.0.0"), ("3.0.0", "3.1.0")] {
            let (old, new) = (definition(one, &old), definition(other, &new));
            for change in changes(&old, &new) {
                prop_assert!(matches!(change.class, Class::Breaking | Class::Compatible));
            }
        }
    }

    #[test]
    fn what_is_breaking_there_is_compatible_back((wide, narrow) in narrower()) {
        let of = |found: &[Change], place: &str| -> Vec<Class> {
            let about = found.iter().filter(|change| change.what.contains(place));
            about.map(|change| change.class).collect()
        };
        let [wide, narrow] = [wide, narrow].map(|schema| definition("3.1.0", &schema));
        let (there, back) = (changes(&wide, &narrow), changes(&narrow, &wide));
        let (sent, received) = ("the query parameter q", "the body of the answer 200");
        prop_assert_eq!(of(&there, sent), [Class::Breaking]);
        prop_assert_eq!(of(&back, sent), [Class::Compatible]);
        prop_assert_eq!(of(&there, received), [Class::Compatible]);
        prop_assert_eq!(of(&back, received), [Class::Breaking]);
    }

    #[test]
    fn any_document_is_compared(text in "\\PC{0,60}", paths in schema()) {
        let odd = json!({"openapi": text, "swagger": "2.0", "consumes": paths, "paths": {"/a": {
            "parameters": paths, "post": {"parameters": [paths], "responses": paths, "requestBody": paths},
        }}});
        prop_assert_eq!(changes(&odd, &odd), []);
        changes(&odd, &definition("3.0.0", &paths));
        changes(&definition("3.0.0", &paths), &odd);
    }
}

#[test]
fn what_is_too_much_is_told() {
    let definition = |kind: &str| Document::new(definition("3.0.0", &json!({"type": kind})));
    let (before, after) = (definition("string"), definition("integer"));
    let mut found = Changes::default();
    compare_documents(&before, &after, &[], Budget::of(3), &mut found.about("Shop 1"));
    let found = found.sorted();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].class, Class::Breaking);
    assert!(found[0].what.contains("to compare all"), "{}", found[0].what);
}
