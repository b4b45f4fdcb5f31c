//! What Swagger 2.0 says in other places than later versions.

use super::document::target_in;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where the fields of a form are put as the one schema that later versions have for them. No definition has such a key.
const FORM: &str = "\u{0}form";

/// Gives every operation with fields of a form a schema of all of them.
pub(super) fn gather_forms(root: &mut Value) {
    let paths = root.get_mut("paths").and_then(Value::as_object_mut);
    let Some(mut paths) = paths.map(std::mem::take) else {
        return;
    };
    for (_, item) in &mut paths {
        let shared = item.get("parameters").cloned();
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            let Some(operation) = operation.as_object_mut() else {
                continue;
            };
            let own = operation.get("parameters");
            let form = form([shared.as_ref(), own].into_iter().flatten(), root);
            if let Some(form) = form {
                operation.insert(FORM.to_owned(), form);
            }
        }
    }
    if let Some(place) = root.get_mut("paths") {
        *place = Value::Object(paths);
    }
}

/// The schema of a form. Fields that are referred to stay so, since they may be large.
fn form<'a>(owners: impl Iterator<Item = &'a Value>, root: &Value) -> Option<Value> {
    // An operation's own field takes the place of the one that all of the path share.
    let mut by_name = BTreeMap::new();
    let fields = owners.filter_map(Value::as_array).flatten();
    for written in fields {
        let field = target_in(root, written).unwrap_or(written);
        if field.get("in").and_then(Value::as_str) != Some("formData") {
            continue;
        }
        let Some(name) = field.get("name").and_then(Value::as_str) else {
            continue;
        };
        let is_required = field.get("required") == Some(&Value::Bool(true));
        by_name.insert(name, (written, is_required));
    }
    let required: Vec<&str> = by_name
        .iter()
        .filter(|(_, (_, is_required))| *is_required)
        .map(|(name, _)| *name)
        .collect();
    let properties = by_name
        .iter()
        .map(|(name, (written, _))| ((*name).to_owned(), (*written).clone()));
    let properties: Map<String, Value> = properties.collect();
    (!properties.is_empty()).then(|| json!({"type": "object", "properties": properties, "required": required}))
}

/// The schema of an operation's form.
pub(super) fn form_of(operation: &Value) -> Option<&Value> {
    operation.get(FORM)
}

/// The style that later versions have for a way to write lists.
pub(super) fn style(parameter: &Value) -> &str {
    match parameter.get("collectionFormat").and_then(Value::as_str) {
        Some("multi") => "form",
        Some("ssv") => "spaceDelimited",
        Some("pipes") => "pipeDelimited",
        Some("tsv") => "tabDelimited",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_form_become_properties() {
        let mut root = json!({
            "paths": {"/a": {
                "parameters": [{"name": "b", "in": "formData", "type": "string"}, {"name": "q", "in": "query"}],
                "post": {"parameters": [{"$ref": "#/parameters/c"}]},
                "put": {"parameters": [{"$ref": "#/parameters/%63"}, {"name": "b", "in": "formData", "required": true}]},
                "get": {},
            }},
            "parameters": {"c": {"name": "c", "in": "formData", "required": true, "type": "file"}},
        });
        gather_forms(&mut root);
        let form = form_of(&root["paths"]["/a"]["post"]).unwrap();
        assert_eq!(form["properties"].as_object().unwrap().len(), 2);
        assert_eq!(form["properties"]["c"], json!({"$ref": "#/parameters/c"}));
        assert_eq!(form["required"], json!(["c"]));
        let form = form_of(&root["paths"]["/a"]["put"]).unwrap();
        assert_eq!(form["required"], json!(["b", "c"]));
        for mut odd in [json!([]), json!({"paths": []}), json!({"paths": {"/a": [1]}})] {
            let before = odd.clone();
            gather_forms(&mut odd);
            assert_eq!(odd, before);
        }
    }
}
