//! What each change of a schema means, sent and received.

mod bounds;

use super::*;
use crate::diff::contract::direction::Direction::{Either, Received, Sent};
use serde_json::json;

/// Schemas by name that the tests refer to.
fn components() -> Value {
    json!({
        "Cat": {"type": "object", "properties": {"kind": {"type": "string"}}},
        "Dog": {"type": "object", "properties": {"kind": {"type": "string"}, "barks": {"type": "boolean"}}},
        "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}, "n": {"type": "integer"}}},
        "Loop": {"$ref": "#/components/schemas/Loop"},
        "Twist": {"allOf": [{"$ref": "#/components/schemas/Twist"}, {"type": "string"}]},
    })
}

fn document(version: &str, schema: &Value) -> Document {
    let mut components = components();
    components["It"] = schema.clone();
    Document::new(json!({"openapi": version, "components": {"schemas": components}}))
}

fn found(old: &Document, new: &Document, direction: Direction) -> Vec<Finding> {
    let schema = |document| Document::get(document, "components").unwrap().pointer("/schemas/It");
    Schemas::new(old, new, Budget::new()).compare(schema(old), schema(new), direction)
}

fn told(versions: [&str; 2], old: &Value, new: &Value, direction: Direction) -> Vec<String> {
    let (old, new) = (document(versions[0], old), document(versions[1], new));
    let mut told: Vec<String> = found(&old, &new, direction)
        .into_iter()
        .map(|Finding { class, path, what }| format!("{}|{path}|{what}", class.name()))
        .collect();
    told.sort();
    told
}

/// The one change, without its class, and the classes sent and received, there and back.
fn classes(old: &Value, new: &Value) -> ([Class; 2], Vec<String>) {
    let (old, new) = (document("3.1.0", old), document("3.1.0", new));
    let [sent, received] = [Sent, Received].map(|direction| found(&old, &new, direction));
    let gravest = |findings: &[Finding]| {
        let classes = findings.iter().map(|finding| finding.class);
        classes.max().unwrap_or(Class::Cosmetic)
    };
    let whats = sent.iter().map(|finding| format!("{} {}", finding.path, finding.what));
    ([gravest(&sent), gravest(&received)], whats.collect())
}

#[test]
fn what_admits_less_breaks_those_who_send_and_what_admits_more_those_who_receive() {
    for (wide, narrow, what) in [
        (json!({}), json!({"type": "string"}), " is string, not of any type"),
        (
            json!({"type": "number"}),
            json!({"type": "integer"}),
            " is integer, not number",
        ),
        (
            json!({"type": ["string", "integer"]}),
            json!({"type": "string"}),
            " is string, not integer or string",
        ),
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string"}),
            " is not null any more",
        ),
        (
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            json!({"type": ["string", "null"], "enum": ["a"]}),
            " is not null any more",
        ),
        (
            json!({"type": "string", "nullable": true, "enum": ["a", null]}),
            json!({"type": "string", "nullable": true, "enum": ["a"]}),
            " is not null any more",
        ),
        (
            json!({"allOf": [{"type": ["string", "null"]}, {"maxLength": 9}]}),
            json!({"allOf": [{"type": ["string", "null"]}, {"type": "string", "maxLength": 9}]}),
            " is not null any more",
        ),
        (
            json!({"type": ["string", "integer"], "enum": ["1", 1]}),
            json!({"type": ["string", "integer"], "enum": ["1"]}),
            " is 1 no more",
        ),
        (
            json!({"type": "object", "properties": {"a": {}}}),
            json!({"type": "object", "properties": {"a": {}}, "unevaluatedProperties": false}),
            " has no other properties any more",
        ),
        (
            json!({"type": "integer", "format": "int64"}),
            json!({"type": "integer", "format": "int32"}),
            " has the format int32, not int64",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "format": "uuid"}),
            " has the format uuid",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "enum": ["a", "b"]}),
            " is one of a, b",
        ),
        (
            json!({"type": "string", "enum": ["a", "b", "c"]}),
            json!({"type": "string", "enum": ["c"]}),
            " is a, b no more",
        ),
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "integer", "minimum": 2}),
            " has the minimum 2, not 1",
        ),
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "integer", "exclusiveMinimum": 1}),
            " has the minimum 1 (not itself), not 1",
        ),
        (
            json!({"type": "string", "maxLength": 20}),
            json!({"type": "string", "maxLength": 10}),
            " has the maxLength 10, not 20",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "minLength": 1}),
            " has the minLength 1, which is new",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "pattern": "^a$"}),
            " has the pattern ^a$, which is new",
        ),
        (
            json!({"type": "array"}),
            json!({"type": "array", "uniqueItems": true}),
            " has no item twice",
        ),
        (
            json!({"items": {"type": "number"}}),
            json!({"items": {"type": "integer"}}),
            "[] is integer, not number",
        ),
        (
            json!({"properties": {"a": {"items": {"type": "number"}}}}),
            json!({"properties": {"a": {"items": {"type": "integer"}}}}),
            "a[] is integer, not number",
        ),
        (
            json!({"type": "object"}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            "* is string, not of any type",
        ),
        (
            json!({"type": "object"}),
            json!({"type": "object", "additionalProperties": false}),
            " has no other properties any more",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "not": {"enum": ["a"]}}),
            " has not, which is new",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]}),
            json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            " has no alternative boolean any more",
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"type": "string"}),
            " has no alternative integer any more",
        ),
        // One alternative is none, and is found among several.
        (
            json!({"anyOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}),
            json!({"anyOf": [{"$ref": "#/components/schemas/Cat"}]}),
            " has no alternative Dog any more",
        ),
        (
            json!({"anyOf": [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}]}),
            json!({"$ref": "#/components/schemas/Cat"}),
            " has no alternative Dog any more",
        ),
        (
            json!({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "title": "B"}, {"type": "null"}]}),
            json!({"anyOf": [{"properties": {"a": {}}}, {"type": "null"}]}),
            " has no alternative B any more",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
            json!({"type": ["string", "null"]}),
            " has no alternative integer any more",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
            json!({"type": ["string", "integer"]}),
            " is not null any more",
        ),
        (
            json!({"properties": {"a": {}}}),
            json!({"properties": {"a": {}}, "required": ["a"]}),
            "a is needed, and could be left out",
        ),
    ] {
        let (there, whats) = classes(&wide, &narrow);
        assert_eq!(whats, [what], "{wide} {narrow}");
        assert_eq!(there, [Class::Breaking, Class::Compatible], "{wide} {narrow}");
        let (back, _) = classes(&narrow, &wide);
        assert_eq!(back, [Class::Compatible, Class::Breaking], "{narrow} {wide}");
        // Behind `not` both are doubtful.
        let not = |schema: &Value| json!({"not": schema});
        for (old, new) in [(&wide, &narrow), (&narrow, &wide)] {
            let (classes, whats) = classes(&not(old), &not(new));
            assert_eq!(classes, [Class::Breaking; 2], "{old} {new}");
            assert!(whats[0].contains("which may break callers"), "{whats:?}");
        }
    }
}

#[test]
fn what_cannot_be_weighed_may_break_with_a_reason() {
    for (old, new) in [
        (json!({"type": "string"}), json!({"type": "integer"})),
        (
            json!({"type": "string", "format": "uuid"}),
            json!({"type": "string", "format": "email"}),
        ),
        (
            json!({"type": "string", "pattern": "a"}),
            json!({"type": "string", "pattern": "b"}),
        ),
        (json!({"multipleOf": 2}), json!({"multipleOf": 3})),
        (
            json!({"patternProperties": {"^a": {"type": "string"}}}),
            json!({"patternProperties": {"^b": {"type": "string"}}}),
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}], "anyOf": [{"minimum": 1}, {"minLength": 2}]}),
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
        (
            json!({"prefixItems": [{"type": "string"}]}),
            json!({"prefixItems": [{"type": "string"}, {"type": "string"}]}),
        ),
        (
            json!({"discriminator": {"propertyName": "a"}, "oneOf": [{"title": "A"}, {"title": "B"}]}),
            json!({"discriminator": {"propertyName": "b"}, "oneOf": [{"title": "A"}, {"title": "B"}]}),
        ),
    ] {
        for (old, new) in [(&old, &new), (&new, &old)] {
            assert_eq!(classes(old, new).0, [Class::Breaking; 2], "{old} {new}");
        }
    }
    // An alternative that may be another one too.
    let cats = json!({"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"type": "string"}]});
    let mut pets = cats.clone();
    let dog = json!({"$ref": "#/components/schemas/Dog"});
    pets["oneOf"].as_array_mut().unwrap().push(dog);
    assert_eq!(
        told(["3.0.0"; 2], &cats, &pets, Sent),
        [
            "breaking||has the new alternative Dog, which may break callers: what is one of them and another one too is refused"
        ]
    );
    let told_apart = |schema: &Value| {
        let mut schema = schema.clone();
        schema["discriminator"] = json!({"propertyName": "kind"});
        schema
    };
    assert_eq!(
        told(["3.0.0"; 2], &told_apart(&cats), &told_apart(&pets), Sent),
        ["compatible||has the new alternative Dog"]
    );
    assert_eq!(
        told(["3.0.0"; 2], &told_apart(&cats), &told_apart(&pets), Received),
        ["breaking||has the new alternative Dog"]
    );
}

#[test]
fn the_values_that_name_alternatives_are_compared() {
    let pets = |mapping: Value| {
        let schemas = ["Cat", "Dog"].map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
        json!({"oneOf": schemas, "discriminator": {"propertyName": "kind", "mapping": mapping}})
    };
    let cat = "#/components/schemas/Cat";
    for (old, new, sent, received) in [
        // The name of a schema is what names it where nothing else does.
        (json!({}), json!({"Cat": cat}), vec![], vec![]),
        (json!({"cat": cat}), json!({"cat": "Cat"}), vec![], vec![]),
        (
            json!({}),
            json!({"cat": cat}),
            vec!["breaking||has Cat for the kind cat, not Cat"],
            vec!["breaking||has Cat for the kind cat, not Cat"],
        ),
        (
            json!({"cat": cat}),
            json!({"cat": cat, "kitty": cat}),
            vec!["compatible||has Cat for the kind kitty too"],
            vec!["breaking||has Cat for the kind kitty too"],
        ),
        (
            json!({"cat": cat, "kitty": cat}),
            json!({"cat": cat}),
            vec!["breaking||has Cat for the kind kitty no more"],
            vec!["compatible||has Cat for the kind kitty no more"],
        ),
    ] {
        let (old, new) = (pets(old), pets(new));
        assert_eq!(told(["3.0.0"; 2], &old, &new, Sent), sent, "{old} {new}");
        assert_eq!(told(["3.0.0"; 2], &old, &new, Received), received, "{old} {new}");
    }
}

#[test]
fn properties_come_and_go_otherwise_sent_than_received() {
    let with = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required});
    let plain = with(json!({"a": {"type": "string"}}), &[]);
    let more = with(json!({"a": {"type": "string"}, "b": {"type": "string"}}), &[]);
    let needed = with(json!({"a": {"type": "string"}, "b": {"type": "string"}}), &["b"]);
    let closed = |schema: &Value| {
        let mut schema = schema.clone();
        schema["additionalProperties"] = json!(false);
        schema
    };
    for (old, new, direction, expected) in [
        (&plain, &more, Sent, "compatible|b|is new"),
        (&plain, &more, Received, "compatible|b|is new"),
        (&plain, &needed, Sent, "breaking|b|is needed, and is new"),
        (&plain, &needed, Received, "compatible|b|is new"),
        (
            &more,
            &plain,
            Sent,
            "breaking|b|is gone, which may break callers: what is sent in it has no effect, or is refused",
        ),
        (&more, &plain, Received, "breaking|b|is gone"),
        (
            &closed(&more),
            &closed(&plain),
            Sent,
            "breaking|b|is not taken any more",
        ),
        (
            &closed(&plain),
            &closed(&more),
            Received,
            "breaking|b|is new, which may break callers: nothing else than what was known could be there",
        ),
        (&needed, &more, Received, "breaking|b|may be missing"),
        (&more, &needed, Received, "compatible|b|is always there"),
        (&more, &needed, Sent, "breaking|b|is needed, and could be left out"),
        (
            &plain,
            &more,
            Either,
            "breaking|b|is new, which may break callers: whether more or less is admitted by it depends on the values",
        ),
    ] {
        assert_eq!(told(["3.0.0"; 2], old, new, direction), [expected], "{old} {new}");
    }
    // What only goes one way is not looked at the other way.
    let read_only = with(json!({"a": {"type": "string"}, "b": {"readOnly": true}}), &["b"]);
    let write_only = with(json!({"a": {"type": "string"}, "b": {"writeOnly": true}}), &["b"]);
    assert_eq!(told(["3.0.0"; 2], &plain, &read_only, Sent), [""; 0]);
    assert_eq!(told(["3.0.0"; 2], &write_only, &plain, Received), [""; 0]);
    assert_eq!(
        told(["3.0.0"; 2], &needed, &write_only, Received),
        ["breaking|b|is gone"]
    );
    // The default of what is left out.
    let default = |value: i32| json!({"type": "integer", "default": value});
    assert_eq!(told(["3.0.0"; 2], &default(1), &default(2), Received), [""; 0]);
    assert_eq!(classes(&default(1), &default(2)).0[0], Class::Breaking);
}

#[test]
fn other_ways_to_say_the_same_are_no_change() {
    let cat = json!({"$ref": "#/components/schemas/Cat"});
    for (old_version, old, new_version, new) in [
        (
            "3.0.3",
            json!({"type": "string", "nullable": true}),
            "3.1.0",
            json!({"type": ["string", "null"]}),
        ),
        (
            "3.0.3",
            json!({"nullable": true, "allOf": [cat]}),
            "3.1.0",
            json!({"anyOf": [cat, {"type": "null"}]}),
        ),
        (
            "3.0.3",
            json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true}),
            "3.1.0",
            json!({"type": "integer", "exclusiveMinimum": 1}),
        ),
        (
            "3.0.3",
            json!({"type": "string", "enum": ["a"]}),
            "3.1.0",
            json!({"const": "a"}),
        ),
        (
            "3.0.3",
            json!({"type": "string", "format": "byte"}),
            "3.1.0",
            json!({"type": "string", "contentEncoding": "base64"}),
        ),
        (
            "3.0.3",
            json!({"properties": {"a": {"type": "string"}}}),
            "3.0.3",
            json!({"type": "object", "properties": {"a": {"type": "string", "minLength": 0}}}),
        ),
        (
            "3.0.3",
            json!({"type": "object", "properties": {"kind": {"type": "string"}, "a": {"type": "integer"}}, "required": ["a"]}),
            "3.0.3",
            json!({"allOf": [cat, {"properties": {"a": {"type": "integer"}}}, {"required": ["a"]}]}),
        ),
        (
            "3.0.3",
            json!({"oneOf": [cat, {"type": "string"}]}),
            "3.0.3",
            json!({"oneOf": [{"type": "string"}, cat]}),
        ),
        (
            "3.1.0",
            json!({"type": ["string", "integer"]}),
            "3.1.0",
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
        (
            "3.1.0",
            json!({"type": ["string", "integer", "boolean", "null"]}),
            "3.1.0",
            json!({"oneOf": [{"type": ["boolean", "string"]}, {"type": "integer"}, {"type": "null"}]}),
        ),
        (
            "3.1.0",
            json!({"type": ["string", "integer", "null"]}),
            "3.1.0",
            json!({"anyOf": [{"type": "string"}, {"type": ["integer", "null"]}]}),
        ),
        // Whole numbers have a next one.
        (
            "3.1.0",
            json!({"type": "integer", "minimum": 4, "maximum": 10}),
            "3.1.0",
            json!({"type": "integer", "exclusiveMinimum": 3, "maximum": 10.5}),
        ),
        // Beside a reference nothing counts up to 3.0.
        (
            "3.0.3",
            cat.clone(),
            "3.0.3",
            json!({"$ref": "#/components/schemas/Cat", "maxProperties": 1}),
        ),
        ("3.1.0", json!({}), "3.1.0", json!(true)),
        (
            "3.1.0",
            json!({"description": "a", "example": 1, "deprecated": true}),
            "3.1.0",
            json!({"title": "b", "examples": [2]}),
        ),
        (
            "3.1.0",
            json!({"$ref": "#/components/schemas/Loop"}),
            "3.1.0",
            json!({"$ref": "#/components/schemas/Loop", "title": "a"}),
        ),
        (
            "3.1.0",
            json!({"$ref": "#/components/schemas/Twist"}),
            "3.1.0",
            json!({"type": "string"}),
        ),
        (
            "3.1.0",
            json!({"$ref": "#/components/schemas/nowhere"}),
            "3.1.0",
            json!({"$ref": "#/components/schemas/nowhere", "title": "x"}),
        ),
    ] {
        for direction in [Sent, Received, Either] {
            assert_eq!(
                told([old_version, new_version], &old, &new, direction),
                [""; 0],
                "{old} {new}"
            );
            assert_eq!(
                told([new_version, old_version], &new, &old, direction),
                [""; 0],
                "{new} {old}"
            );
        }
    }
    let bounded = |bound: &str, value: u32| json!({"type": "number", bound: value});
    assert_eq!(
        told(
            ["3.1.0"; 2],
            &bounded("minimum", 4),
            &bounded("exclusiveMinimum", 3),
            Received
        ),
        ["breaking||has the minimum 3 (not itself), not 4"]
    );
    let limited = json!({"$ref": "#/components/schemas/Cat", "maxProperties": 1});
    assert_eq!(
        told(["3.1.0"; 2], &cat, &limited, Sent),
        ["breaking||has the maxProperties 1, which is new"]
    );
}

#[test]
fn what_may_go_either_way_breaks_both() {
    let open = json!({"type": "object", "additionalProperties": false});
    let named = json!({"type": "object", "additionalProperties": false, "patternProperties": {"^x-": {}}});
    for (old, new) in [(&open, &named), (&named, &open)] {
        let (classes, whats) = classes(old, new);
        assert_eq!(classes, [Class::Breaking, Class::Breaking], "{whats:?}");
    }
}

#[test]
fn what_is_sent_in_vain_breaks_those_who_send() {
    let property = |mark: bool| json!({"type": "object", "properties": {"a": {"type": "string", "readOnly": mark}}, "additionalProperties": {"type": "string"}});
    let ([sent, _], whats) = classes(&property(false), &property(true));
    assert_eq!(sent, Class::Breaking, "{whats:?}");
    let default = |members: Value| json!({"type": "object", "properties": {"a": members}});
    let ([sent, received], whats) = classes(
        &default(json!({"type": "integer", "default": 20})),
        &default(json!({"type": "integer"})),
    );
    assert_eq!((sent, received), (Class::Breaking, Class::Cosmetic), "{whats:?}");
}
