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
    const COSMETIC: &str = "cosmetic : its descriptions or examples have changed, or how it is written";
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
        (
            &plain,
            &optional,
            &["compatible GET /a: it takes the query parameter q, which is new"],
        ),
        (
            &needed,
            &optional,
            &["compatible GET /a: the query parameter q can be left out"],
        ),
        (
            &needed,
            &plain,
            &[
                "breaking GET /a: it does not know the query parameter q any more, which may break callers: what is sent in it \
               has no effect, or is refused",
            ],
        ),
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
            &["breaking GET /a: it needs the header parameter X-A, which is new"],
        ),
        (
            &with(json!({"name": "q", "in": "query", "allowEmptyValue": true})),
            &optional,
            &["breaking GET /a: the query parameter q may not be empty any more"],
        ),
        (
            &optional,
            &with(json!({"name": "q", "in": "query", "allowEmptyValue": true})),
            &["compatible GET /a: the query parameter q may be empty"],
        ),
        (
            &with(json!({"name": "q", "in": "query", "allowReserved": true})),
            &optional,
            &[
                "breaking GET /a: the query parameter q may not hold characters such as `/` and `?` as they are any more",
            ],
        ),
        (
            &optional,
            &with(json!({"name": "q", "in": "query", "allowReserved": true})),
            &["compatible GET /a: the query parameter q may hold characters such as `/` and `?` as they are"],
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
        (
            &plain,
            &body(false, &["application/json"]),
            &["compatible GET /a: it takes a body"],
        ),
        (
            &plain,
            &body(true, &["application/json"]),
            &["breaking GET /a: it needs a body"],
        ),
        (
            &body(true, &["application/json", "text/xml"]),
            &body(true, &["application/json"]),
            &["breaking GET /a: it takes no text/xml any more"],
        ),
        (
            &body(true, &["text/xml"]),
            &body(true, &["*/*"]),
            &["compatible GET /a: it takes */* too"],
        ),
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

/// Operations as people change them.
#[test]
fn each_part_of_an_operation_is_compared() {
    let get = |operation: Value| json!({"get": operation});
    let parameters = |parameters: Value| json!({"get": {"parameters": parameters}});
    let query = |schema: Value| parameters(json!([{"name": "q", "in": "query", "schema": schema}]));
    let answers = |answers: Value| json!({"get": {"responses": answers}});
    let answer = |schema: Value| answers(json!({"200": {"content": {"application/json": {"schema": schema}}}}));
    let list = |style: &str, explode: bool| {
        parameters(json!([{"name": "q", "in": "query", "style": style, "explode": explode, "schema": {"items": {}}}]))
    };
    for (before, after, expected) in [
        (
            query(json!({"type": "string"})),
            query(json!({"type": "integer"})),
            &["breaking GET /a: the query parameter q is integer, not string"][..],
        ),
        (
            query(json!({"type": "string"})),
            parameters(json!([{"name": "Q", "in": "header", "schema": {"type": "string"}}])),
            &["breaking GET /a: it takes Q in the header, not in the query"],
        ),
        (
            parameters(json!([{"name": "Q", "in": "header"}])),
            parameters(json!([{"name": "q", "in": "query"}])),
            &["breaking GET /a: it takes q in the query, not in the header"],
        ),
        (
            list("form", true),
            list("form", false),
            &["breaking GET /a: the query parameter q is written in the style form, not form with parts of their own"],
        ),
        // The gateway sees to credentials, and the kinds of bodies are said elsewhere.
        (
            get(json!({})),
            parameters(json!([{"name": "Authorization", "in": "header", "required": true}])),
            &["cosmetic : its descriptions or examples have changed, or how it is written"],
        ),
        (
            answers(json!({"200": {}, "404": {}})),
            answers(json!({"200": {}, "409": {}})),
            &[
                "breaking GET /a: it does not answer 404 any more",
                "compatible GET /a: it may answer 409",
            ],
        ),
        // It is in a range.
        (
            answers(json!({"404": {}})),
            answers(json!({"4XX": {}})),
            &["compatible GET /a: it may answer 4XX"],
        ),
        (
            answer(json!({"properties": {"a": {"type": "string"}, "b": {}}})),
            answer(json!({"properties": {"a": {"type": "integer"}}})),
            &[
                "breaking GET /a: a of the body of the answer 200 is integer, not string",
                "breaking GET /a: b of the body of the answer 200 is gone",
            ],
        ),
        (
            answer(json!({"enum": ["a"]})),
            answer(json!({"enum": ["a", "b"]})),
            &["breaking GET /a: the body of the answer 200 may be b, which is new"],
        ),
        (
            answers(json!({"200": {"content": {"application/json": {}, "text/xml": {}}}})),
            answers(json!({"200": {"content": {"application/json": {}, "text/csv": {}}}})),
            &[
                "breaking GET /a: the body of the answer 200 is no text/xml any more",
                "compatible GET /a: the body of the answer 200 may be text/csv",
            ],
        ),
        (
            answer(json!({})),
            answers(json!({"200": {}})),
            &["breaking GET /a: the answer 200 has no body any more"],
        ),
        (
            answers(json!({"200": {"headers": {"X-A": {"schema": {"type": "integer"}}, "X-B": {}}}})),
            answers(json!({"200": {"headers": {"x-a": {"schema": {"type": "string"}}, "X-C": {}}}})),
            &[
                "breaking GET /a: the header X-A of the answer 200 is string, not integer",
                "breaking GET /a: the header X-B of the answer 200 is gone",
                "compatible GET /a: the header X-C of the answer 200 is new",
            ],
        ),
        (
            get(json!({})),
            get(json!({"deprecated": true})),
            &["compatible GET /a: it is deprecated"],
        ),
        (
            get(json!({"requestBody": {"content": {"a/b": {}}}})),
            get(json!({})),
            &[
                "breaking GET /a: it does not know a body any more, which may break callers: what is sent in it has no effect, or \
               is refused",
            ],
        ),
        // The same of all kinds is told once, the rest by kind.
        (
            get(json!({"requestBody": {"content": {"a/b": {"schema": {"type": "string"}}, "c/d": {"schema": {}}}}})),
            get(json!({"requestBody": {"content": {"a/b": {"schema": {"type": "integer"}}, "c/d": {"schema": {}}}}})),
            &["breaking GET /a: the body as a/b is integer, not string"],
        ),
    ] {
        assert_eq!(told(&before, &after), expected, "{before} {after}");
    }
}

/// A definition, and the same one in the words of Swagger 2.0.
#[test]
fn versions_are_compared_by_meaning() {
    let of = |before: &Value, after: &Value| {
        let mut changes = Changes::default();
        let bytes = |value: &Value| value.to_string().into_bytes();
        crate::diff::contract::compare(&bytes(before), &bytes(after), &[], &mut changes.about("Shop"));
        let changes = changes.sorted().into_iter();
        changes.map(|change| change.what).collect::<Vec<_>>()
    };
    let old = json!({
        "swagger": "2.0",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": {"/a/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "type": "integer"}],
            "post": {
                "parameters": [
                    {"$ref": "#/parameters/limit"},
                    {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
                    {"name": "ids", "in": "query", "type": "array", "items": {"type": "string"}},
                    {"name": "order", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Order"}},
                ],
                "responses": {"200": {
                    "schema": {"$ref": "#/definitions/Order"},
                    "headers": {"X-Rate": {"type": "integer"}},
                }},
            },
            "put": {
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"name": "picture", "in": "formData", "type": "file", "required": true},
                    {"name": "title", "in": "formData", "type": "string"},
                ],
                "responses": {"default": {"description": "-"}},
            },
        }},
        "parameters": {"limit": {"name": "limit", "in": "query", "type": "integer", "format": "int32"}},
        "definitions": {"Order": {"type": "object", "properties": {"note": {"type": "string", "x-nullable": true}}}},
    });
    let order = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}});
    let new = json!({
        "openapi": "3.1.0",
        "paths": {"/a/{number}": {
            "parameters": [{"name": "number", "in": "path", "required": true, "schema": {"type": "integer"}}],
            "post": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "format": "int32"}},
                    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "ids", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                "requestBody": {"required": true, "content": order},
                "responses": {"200": {"content": order, "headers": {"X-Rate": {"schema": {"type": "integer"}}}}},
            },
            "put": {
                "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": {
                    "type": "object",
                    "properties": {"picture": {"type": "string", "format": "binary"}, "title": {"type": "string"}},
                    "required": ["picture"],
                }}}},
                "responses": {"default": {}},
            },
        }},
        "components": {"schemas": {"Order": {"properties": {"note": {"type": ["string", "null"]}}}}},
    });
    assert_eq!(of(&old, &new), [""; 0]);
    assert_eq!(of(&new, &old), [""; 0]);
    // The names of variables do not count, their values do.
    let mut changed = new.clone();
    changed["paths"]["/a/{number}"]["parameters"][0]["schema"]["type"] = json!("string");
    changed["paths"]["/a/{number}"]["put"]["requestBody"]["content"]["multipart/form-data"]["schema"]["required"] =
        json!(["picture", "title"]);
    assert_eq!(
        of(&old, &changed),
        [
            "the path parameter number is string, not integer",
            "the path parameter number is string, not integer",
            "title of the body is needed, and could be left out",
        ]
    );
}
