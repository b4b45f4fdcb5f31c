//! What becomes of the callers of operations that are gone.

use super::*;
use serde_json::{Value, json};

/// Changes between two lists of paths, as definitions have them, which the gateway routes.
fn told(before: &Value, after: &Value) -> Vec<String> {
    let [before, after] = [before, after].map(|paths| {
        let mut config = config();
        let resources = paths.as_object().into_iter().flatten().flat_map(|(template, item)| {
            let methods = Method::ALL.into_iter();
            let declared = methods.filter(|method| item.get(method.as_str().to_ascii_lowercase()).is_some());
            declared.map(|method| Resource {
                method,
                ..resource(template)
            })
        });
        config.apis[0].resources = resources.collect();
        let document = json!({"openapi": "3.0.3", "paths": paths}).to_string();
        let entries = BTreeMap::from([("definitions/shop.json".to_owned(), document.into_bytes())]);
        (config, entries)
    });
    let side = |(config, entries)| Side {
        config,
        snapshot: None,
        entries,
    };
    let changes = compare(side((&before.0, &before.1)), side((&after.0, &after.1))).into_iter();
    changes
        .map(|change| {
            let place = change.place.unwrap_or_default();
            format!("{} {place}: {}", change.class.name(), change.what)
        })
        .collect()
}

/// The parameter of a path.
fn id(schema: &Value) -> Value {
    json!([{"name": "id", "in": "path", "required": true, "schema": schema}])
}

fn answering(kind: &str) -> Value {
    json!({"200": {"description": "ok", "content": {"application/json": {"schema": {"type": kind}}}}})
}

#[test]
fn a_text_that_is_no_value_of_the_variable_finds_no_successor() {
    let with = |own: bool, schema: Value| {
        let one = json!({"get": {"parameters": id(&schema), "responses": answering("object")}});
        match own {
            true => json!({"/pet/findByStatus": {"get": {"responses": answering("array")}}, "/pet/{id}": one}),
            false => json!({"/pet/{id}": one}),
        }
    };
    let gone = "compatible GET /pet/findByStatus: it is gone: GET /pet/{id} serves its requests";
    let integer = json!({"type": "integer", "format": "int64"});
    assert_eq!(
        told(&with(true, integer.clone()), &with(false, integer.clone())),
        [
            "breaking GET /pet/findByStatus: `findByStatus` is no value of the path parameter id of GET /pet/{id}",
            gone,
        ]
    );
    // Where it is one, it is the answers that differ.
    let answers = "breaking GET /pet/findByStatus: the body of the answer 200 is object, not array";
    let text = json!({"type": "string"});
    assert_eq!(told(&with(true, text.clone()), &with(false, text)), [answers, gone]);
    let patterned = json!({"type": "string", "pattern": "^f"});
    assert_eq!(
        told(&with(true, patterned.clone()), &with(false, patterned)),
        [
            "breaking GET /pet/findByStatus: `findByStatus` may be no value of the path parameter id of GET /pet/{id}, which may \
             break callers: its schema says more than can be looked at",
            answers,
            gone,
        ]
    );
    // Nobody who is there has to go for a new one.
    assert_eq!(
        told(&with(false, integer.clone()), &with(true, integer)),
        ["compatible GET /pet/findByStatus: it is new"]
    );
}

#[test]
fn what_is_sent_and_answered_has_to_be_the_same_still() {
    let body = json!({"required": true, "content": {"application/json": {}}});
    let one = json!({"post": {"parameters": id(&json!({})), "requestBody": body, "responses": {}}});
    let both = json!({"/orders/export": {"post": {"responses": {}}}, "/orders/{id}": one});
    assert_eq!(
        told(&both, &json!({"/orders/{id}": one})),
        [
            "breaking POST /orders/export: it needs a body",
            "compatible POST /orders/export: it is gone: POST /orders/{id} serves its requests",
        ]
    );
    // The same under a wider path is no change.
    let plain = json!({"get": {"responses": answering("array")}});
    assert_eq!(
        told(&json!({"/a/{id}": plain}), &json!({"/a/*": plain})),
        [
            "compatible GET /a/*: it is new",
            "compatible GET /a/{id}: it is gone: GET /a/* serves its requests",
        ]
    );
    let queried = json!({"get": {"parameters": [{"name": "q", "in": "query", "required": true}], "responses": {}}});
    let unqueried = json!({"get": {"responses": {}}});
    assert_eq!(
        told(&json!({"/a/{id}": unqueried}), &json!({"/a/*": queried}))[0],
        "breaking GET /a/{id}: it needs the query parameter q, which is new"
    );
}

#[test]
fn variables_are_compared_where_they_stand() {
    let with = |template: &str, names: &[(&str, &str)]| {
        let parameters: Vec<Value> = names
            .iter()
            .map(|(name, kind)| json!({"name": name, "in": "path", "required": true, "schema": {"type": kind}}))
            .collect();
        json!({template: {"get": {"parameters": parameters, "responses": {}}}})
    };
    // The variable of the one is the first, and of the other the second.
    let before = with("/a/b/{id}", &[("id", "integer")]);
    assert_eq!(
        told(&before, &with("/a/{x}/{y}", &[("x", "string"), ("y", "integer")])),
        [
            "compatible GET /a/b/{id}: it is gone: GET /a/{x}/{y} serves its requests",
            "compatible GET /a/{x}/{y}: it is new",
        ]
    );
    assert_eq!(
        told(&before, &with("/a/{x}/{y}", &[("x", "string"), ("y", "boolean")]))[0],
        "breaking GET /a/b/{id}: the path parameter y of GET /a/{x}/{y} is boolean, not integer"
    );
    // Behind a star anything was sent.
    assert_eq!(
        told(&with("/a/*", &[]), &with("/a/{x}", &[("x", "integer")])),
        [
            "breaking GET /a/*: it is gone: GET /a/{x} serves only some of its requests",
            "breaking GET /a/{x}: the path parameter x of GET /a/{x} is integer, not string",
            "compatible GET /a/{x}: it is new",
        ]
    );
    // What a new operation takes was no call of the one that is gone.
    let other = json!({"/a/new": {"get": {"responses": answering("array")}}});
    assert_eq!(
        told(&with("/a/{id}", &[("id", "integer")]), &other),
        [
            "breaking GET /a/{id}: it is gone: GET /a/new serves only some of its requests",
            "compatible GET /a/new: it is new",
        ]
    );
}

#[test]
fn answers_to_head_have_no_bodies() {
    let get = json!({"responses": answering("object")});
    let head = json!({"responses": {"200": {"description": "ok"}}});
    assert_eq!(
        told(&json!({"/a": {"get": get, "head": head}}), &json!({"/a": {"get": get}})),
        ["compatible HEAD /a: it is gone: GET /a serves its requests"]
    );
}
