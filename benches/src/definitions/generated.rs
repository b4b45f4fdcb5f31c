//! A definition of any size.

use serde_json::{Map, Value, json};

/// What descriptions are made of.
const WORDS: &str =
    "Returns the lines of an order, newest first; a line that was cancelled is told as such, with a reason. ";

/// Schemas that the operations refer to.
const SCHEMAS: u32 = 200;

/// Returns a definition with this many operations whose JSON has about this many bytes.
pub(super) fn definition(operations: u32, bytes: usize) -> Value {
    let bare = with_descriptions(operations, 0);
    let missing = bytes.saturating_sub(bare.to_string().len());
    with_descriptions(operations, missing / operations as usize)
}

fn with_descriptions(operations: u32, length: usize) -> Value {
    let description: String = WORDS.chars().cycle().take(length).collect();
    let paths: Map<String, Value> = (0..operations)
        .map(|number| {
            let operation = json!({
                "operationId": format!("operation{number}"),
                "description": description,
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "ok", "content": {"application/json": {
                    "schema": {"$ref": format!("#/components/schemas/Schema{}", number % SCHEMAS)},
                }}}},
            });
            (format!("/orders{number}/{{id}}"), json!({ "get": operation }))
        })
        .collect();
    let schemas: Map<String, Value> = (0..SCHEMAS)
        .map(|number| {
            let properties: Map<String, Value> = (0..20)
                .map(|property| {
                    (
                        format!("property{property}"),
                        json!({"type": "string", "maxLength": 100}),
                    )
                })
                .collect();
            (
                format!("Schema{number}"),
                json!({"type": "object", "properties": properties}),
            )
        })
        .collect();
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Large", "version": "1.0.0"},
        "x-wso2-basePath": "/large/1.0.0",
        "x-wso2-production-endpoints": {"urls": ["http://127.0.0.1:9"]},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// The same as people write YAML: in blocks, with texts in quotes.
pub(super) fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, indent: usize, out: &mut String) {
    let margin = |out: &mut String| out.extend(std::iter::repeat_n(' ', indent));
    let is_block = |value: &Value| match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        _ => false,
    };
    let member = |out: &mut String, key: &str, value: &Value| {
        margin(out);
        out.push_str(key);
        out.push(if is_block(value) { '\n' } else { ' ' });
        if is_block(value) {
            write(value, indent + 2, out);
        } else {
            out.push_str(&value.to_string());
            out.push('\n');
        }
    };
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                member(out, &format!("{}:", json!(key)), value);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                member(out, "-", element);
            }
        }
        value => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_the_size_that_is_asked_for() {
        let definition = definition(50, 1_000_000);
        let length = definition.to_string().len();
        assert!((950_000..1_050_000).contains(&length), "{length}");
        assert_eq!(definition["paths"].as_object().map(Map::len), Some(50));
    }

    #[test]
    fn yaml_is_in_blocks() {
        let value = json!({"a": {"b": [1, {"c": []}]}, "d": "x"});
        assert_eq!(
            yaml(&value),
            "\"a\":\n  \"b\":\n    - 1\n    -\n      \"c\": []\n\"d\": \"x\"\n"
        );
    }
}
