//! OpenAPI definitions.

use super::{VERSION, base_path};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;

/// Returns a definition with one GET operation per template. An open one asks for no token.
pub(super) fn definition(name: &str, open: bool, templates: &[String], backend: SocketAddr) -> Value {
    let paths: Map<String, Value> = templates
        .iter()
        .map(|template| (template.clone(), json!({ "get": operation(template) })))
        .collect();
    let mut definition = json!({
        "openapi": "3.0.3",
        "info": { "title": name, "version": VERSION },
        "x-wso2-basePath": base_path(name),
        "x-wso2-production-endpoints": { "urls": [format!("http://{backend}")] },
        "paths": paths,
    });
    if open && let Some(root) = definition.as_object_mut() {
        root.insert("x-wso2-disable-security".into(), true.into());
    }
    definition
}

fn operation(template: &str) -> Value {
    let parameters: Vec<Value> = template
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    json!({ "parameters": parameters, "responses": { "200": { "description": "The order line." } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_an_operation_with_its_parameters() {
        let templates = super::super::templates::templates();
        let definition = definition("full", false, &templates, ([127, 0, 0, 1], 80).into());
        assert_eq!(definition["paths"].as_object().unwrap().len(), 100);
        let parameters = &definition["paths"]["/orders7/{order}/lines/{line}"]["get"]["parameters"];
        assert_eq!(parameters[0]["name"], "order");
        assert_eq!(parameters[1]["name"], "line");
        assert!(definition.get("x-wso2-disable-security").is_none());
    }

    #[test]
    fn only_the_open_api_is_open() {
        let open = definition("plain", true, &[], ([127, 0, 0, 1], 80).into());
        assert_eq!(open["x-wso2-disable-security"], true);
        assert_eq!(open["x-wso2-basePath"], "/plain/1.0.0");
    }
}
