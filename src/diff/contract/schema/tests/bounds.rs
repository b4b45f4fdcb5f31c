//! Schemas that refer to themselves, and those that grow without end.

use super::*;

#[test]
fn circles_end_and_a_change_in_them_is_told_once() {
    let node = |kind: &str| {
        json!({"openapi": "3.0.0", "components": {"schemas": {
            "It": {"type": "object", "properties": {"nodes": {"items": {"$ref": "#/components/schemas/Node"}}}},
            "Node": {"type": "object", "properties": {
                "next": {"$ref": "#/components/schemas/Node"},
                "other": {"allOf": [{"$ref": "#/components/schemas/Other"}]},
                "n": {"type": kind},
            }},
            "Other": {"properties": {"node": {"$ref": "#/components/schemas/Node"}}},
        }}})
    };
    let [old, new] = ["number", "integer"].map(|kind| Document::new(node(kind)));
    let findings = found(&old, &new, Sent);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].path.as_str(), findings[0].class),
        ("nodes[].n", Class::Breaking)
    );
    assert!(found(&old, &old, Sent).is_empty());
}

#[test]
fn what_grows_behind_references_is_bounded() {
    // Each schema has the next one twice: paths double at each step, schemas do not.
    let doubling = |kind: &str| {
        let mut schemas = json!({"It": {"$ref": "#/components/schemas/S0"}, "S40": {"type": kind}});
        for number in 0..40 {
            let next = json!({"$ref": format!("#/components/schemas/S{}", number + 1)});
            schemas[format!("S{number}")] = json!({"type": "object", "properties": {"a": next, "b": next}});
        }
        Document::new(json!({"openapi": "3.0.0", "components": {"schemas": schemas}}))
    };
    let (old, new) = (doubling("string"), doubling("integer"));
    let findings = found(&old, &new, Sent);
    assert_eq!(findings.len(), 1, "{findings:?}");
    // A change that is further away than anybody looks is not overlooked.
    let chain = |kind: &str| {
        let mut schemas = json!({"It": {"$ref": "#/components/schemas/S0"}, "S600": {"type": kind}});
        for number in 0..600 {
            let next = json!({"$ref": format!("#/components/schemas/S{}", number + 1)});
            schemas[format!("S{number}")] = json!({"properties": {"a": next}});
        }
        Document::new(json!({"openapi": "3.0.0", "components": {"schemas": schemas}}))
    };
    let (old, new) = (chain("number"), chain("integer"));
    for (direction, expected) in [(Sent, Class::Breaking), (Received, Class::Compatible)] {
        let findings = found(&old, &new, direction);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].path.as_str(), findings[0].class), ("", expected));
    }
    // Circles of different lengths meet in many pairs.
    let schema = |document| Document::get(document, "components").unwrap().pointer("/schemas/It");
    let circle = |length: usize| {
        let mut schemas = json!({"It": {"$ref": "#/components/schemas/S0"}});
        for number in 0..length {
            let next = json!({"$ref": format!("#/components/schemas/S{}", (number + 1) % length)});
            schemas[format!("S{number}")] = json!({"properties": {"a": next}});
        }
        Document::new(json!({"openapi": "3.0.0", "components": {"schemas": schemas}}))
    };
    let (old, new) = (circle(97), circle(89));
    let mut schemas = Schemas::new(&old, &new, Budget::of(2_000));
    assert!(schemas.compare(schema(&old), schema(&new), Sent).is_empty());
    assert!(schemas.budget.is_exceeded());
    // Many changes are told as many, the gravest first.
    let properties = |kind: &str, more: &str| {
        let names = (0..300).map(|number| (format!("p{number}"), json!({"type": kind})));
        let mut properties: serde_json::Map<String, Value> = names.collect();
        properties.insert("zz".to_owned(), json!({"type": more}));
        document("3.0.0", &json!({"type": "object", "properties": properties}))
    };
    let findings = found(&properties("integer", "number"), &properties("number", "integer"), Sent);
    assert_eq!(findings.len(), MOST_FINDINGS + 1);
    assert_eq!((findings[0].path.as_str(), findings[0].class), ("zz", Class::Breaking));
    assert_eq!(findings[MOST_FINDINGS].what, "changes in more ways than are told here");
}

#[test]
fn only_what_was_left_out_exceeds_the_budget() {
    let mut budget = Budget::of(3);
    assert!(budget.take(3) && !budget.is_exceeded());
    assert!(!budget.take(1) && budget.is_exceeded());
}
