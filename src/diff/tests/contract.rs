//! What definitions ask of requests.

use super::*;
use serde_json::{Value, json};

/// Changes between two definitions of `/a` alone, which the gateway serves in the same way.
fn told(before: &Value, after: &Value) -> Vec<String> {
    let entries = [before, after].map(|item| {
        let document = json!({
            "paths": {"/a": item},
            "components": {"parameters": {"limit": {"name": "limit", "in": "query", "required": true}}},
        });
        BTreeMap::from([("definitions/shop.json".to_owned(), document.to_string().into_bytes())])
    });
    let config = config();
    let [before, after] = entries.each_ref().map(|entries| Side {
        config: &config,
        snapshot: None,
        entries,
    });
    let changes = compare(before, after);
    changes
        .iter()
        .map(|change| {
            format!(
                "{} {}: {}",
                change.class.name(),
                change.place.as_deref().unwrap_or(""),
                change.what
            )
        })
        .collect()
}

#[test]
fn what_requests_need_is_breaking_and_what_they_may_have_is_not() {
    const COSMETIC: &str = "cosmetic : its description, schemas or examples have changed";
    let plain = json!({"get": {}});
    let with = |parameter: Value| json!({"get": {"parameters": [parameter]}});
    let optional = with(json!({"name": "q", "in": "query"}));
    let needed = with(json!({"name": "q", "in": "query", "required": true}));
    let body = |required: bool, kinds: &[&str]| {
        let content: serde_json::Map<String, Value> =
            kinds.iter().map(|kind| ((*kind).to_owned(), json!({}))).collect();
        json!({"get": {"requestBody": {"required": required, "content": content}}})
    };
    for (before, after, expected) in [
        (&plain, &plain, &[][..]),
        (&plain, &optional, &[COSMETIC]),
        (&needed, &optional, &[COSMETIC]),
        (&needed, &plain, &[COSMETIC]),
        (
            &plain,
            &needed,
            &["breaking GET /a: it needs the query parameter q, which is new"],
        ),
        (
            &optional,
            &needed,
            &["breaking GET /a: it needs the query parameter q, which could be left out"],
        ),
        (
            &plain,
            &with(json!({"$ref": "#/components/parameters/limit"})),
            &["breaking GET /a: it needs the query parameter limit, which is new"],
        ),
        (
            &plain,
            &json!({"get": {}, "parameters": [{"name": "X-A", "in": "header", "required": true}]}),
            &["breaking GET /a: it needs the header parameter x-a, which is new"],
        ),
        // Names of headers are the same in any case.
        (
            &with(json!({"name": "x-a", "in": "header", "required": true})),
            &with(json!({"name": "X-A", "in": "header", "required": true})),
            &[COSMETIC],
        ),
        // Those of a path are part of the template.
        (
            &plain,
            &with(json!({"name": "id", "in": "path", "required": true})),
            &[COSMETIC],
        ),
        (&plain, &body(false, &["application/json"]), &[COSMETIC]),
        (
            &plain,
            &body(true, &["application/json"]),
            &["breaking GET /a: it needs a body"],
        ),
        (
            &plain,
            &with(json!({"name": "order", "in": "body", "required": true})),
            &["breaking GET /a: it needs a body"],
        ),
        (
            &body(true, &["application/json", "text/xml"]),
            &body(true, &["application/json"]),
            &["breaking GET /a: it takes no text/xml any more"],
        ),
        (&body(true, &["text/xml"]), &body(true, &["*/*"]), &[COSMETIC]),
    ] {
        assert_eq!(told(before, after), expected, "{before} {after}");
    }
}

#[test]
fn what_is_no_definition_asks_for_nothing() {
    let loops = json!({"$ref": "#/paths/~1a"});
    assert_eq!(told(&loops, &loops), [""; 0]);
    assert_eq!(told(&json!([]), &json!({"get": []})).len(), 1);
}
