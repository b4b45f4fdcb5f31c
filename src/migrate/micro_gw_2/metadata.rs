//! What API Manager 2.6 said of the APIs of a project, where the project keeps it as JSON.
//!
//! Gateways of that version served their code, which has backends, limits, CORS and who may call. What the code has not is
//! the definition: what is sent, and what it means. So that is what is taken of these files.

use super::service::Service;
use crate::diagnostics::{Code, Diagnostic};
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::migrate::{leaks, secrets};
use crate::yaml::{self, Format, Node, Source};
use serde_json::{Map, Value, json};

/// What a definition says of how it is served: that is the code's business.
const OF_SERVING: [&str; 5] = ["servers", "host", "schemes", "basePath", "security"];
/// The same of an operation.
const OF_OPERATIONS: [&str; 5] = ["servers", "security", "x-auth-type", "x-throttling-tier", "x-scope"];
/// The methods that a path can have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An API as the control plane answered it.
#[derive(Debug)]
pub(super) struct Described {
    name: String,
    version: String,
    source: Source,
    node: Node,
}

/// The APIs that a file describes; `None` where it describes none.
pub(super) fn read(root: &Branch<'_>, path: &str, draft: &mut Draft) -> Option<Vec<Described>> {
    if Format::of_name(path) != Some(Format::Json) {
        return None;
    }
    let (source, node) = match yaml::parse(&root.shown(path), root.read(path).ok()?, Format::Json) {
        Ok(parsed) => parsed,
        Err(error) => {
            draft.findings.push(told(error));
            return Some(Vec::new());
        }
    };
    let node = node.get("list").unwrap_or(&node);
    let apis = node.as_array().unwrap_or(std::slice::from_ref(node));
    let described: Option<Vec<Described>> = apis.iter().map(|api| described(&source, api)).collect();
    described.filter(|apis| !apis.is_empty())
}

fn described(source: &Source, node: &Node) -> Option<Described> {
    let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    text("context")?;
    node.get("apiDefinition").or_else(|| node.get("endpointConfig"))?;
    Some(Described {
        name: text("name")?,
        version: text("version")?,
        source: source.clone(),
        node: node.clone(),
    })
}

/// A mistake in a file: what was to come of it stays behind, and nothing else.
fn told(error: yaml::SyntaxError) -> Diagnostic {
    let mut finding = Diagnostic::from(error).secret();
    finding.severity = crate::diagnostics::Severity::Warning;
    finding
}

impl Described {
    /// Whether it is the API of a service.
    pub(super) fn is_of(&self, service: &Service) -> bool {
        service.identity() == Some((&self.name, &self.version))
    }

    /// Its definition without secrets, each of which is told; `None` where it has none that can be read.
    pub(super) fn definition(&self, draft: &mut Draft) -> Option<Map<String, Value>> {
        let member = self.node.get("apiDefinition")?;
        let text = member
            .as_str()
            .map_or_else(|| member.to_json().to_string(), str::to_owned);
        if text.trim().is_empty() {
            return None;
        }
        // Places are those in its own text, and are told as the place of that: the file has it with escapes, on one line.
        let mut inner = Draft::default();
        let parsed = yaml::parse(self.source.name(), text.into_bytes(), Format::Json);
        let document = match parsed {
            Ok((source, node)) => {
                let found = secrets::in_definition(&node);
                secrets::tell(&source, &found, &mut inner);
                let mut document = node.to_json();
                let leaked = leaks::take_out(&node, &mut document, &found);
                leaks::tell(&source, &leaked, &mut inner);
                secrets::clean(&mut document, &found);
                Some(document)
            }
            Err(error) => {
                inner.findings.push(told(error));
                None
            }
        };
        for finding in inner.findings.iter() {
            let mut finding = finding.clone();
            finding.place = Some((self.source.clone(), member.span));
            draft.findings.push(finding);
        }
        match document {
            Some(Value::Object(members)) if members.get("paths").is_some_and(Value::is_object) => Some(members),
            _ => None,
        }
    }

    /// Tells that no code serves it.
    pub(super) fn tell_unserved(&self, draft: &mut Draft) {
        let span = self.node.member("name").map_or(self.node.span, |member| member.key);
        draft.note(
            Code::MigrateApi,
            &Place::At(self.source.clone(), span),
            format!("no code of the project serves {} {}", self.name, self.version),
            "Take it from the control plane with `mgw pull` or `mgw add` where it is to be served.",
        );
    }
}

/// The definition of the code with what another one says of what is sent. How and to whom it is served stays as the code
/// has it.
pub(super) fn merged(code: Map<String, Value>, mut described: Map<String, Value>) -> Map<String, Value> {
    let keep =
        |name: &str| !OF_SERVING.contains(&name) && !name.starts_with("x-wso2-") && !name.starts_with("x-throttling");
    described.retain(|name, _| keep(name));
    let old = match described.shift_remove("paths") {
        Some(Value::Object(paths)) => paths,
        _ => Map::new(),
    };
    let is_swagger = described.contains_key("swagger");
    for (name, value) in code {
        match (name.as_str(), value) {
            ("openapi", _) => {}
            ("info", value) => info(described.entry("info").or_insert_with(|| json!({})), &value),
            ("paths", Value::Object(paths)) => {
                described.insert(name, Value::Object(of_paths(paths, &old)));
            }
            ("components", value) => scheme(&mut described, &value, is_swagger),
            (_, value) => {
                described.insert(name, value);
            }
        }
    }
    described
}

/// Name and version of the code.
fn info(info: &mut Value, code: &Value) {
    if !info.is_object() {
        *info = json!({});
    }
    for key in ["title", "version"] {
        info[key] = code[key].clone();
    }
}

/// The paths and methods of the code, with what the definition says of them.
fn of_paths(code: Map<String, Value>, old: &Map<String, Value>) -> Map<String, Value> {
    let of_path = |(path, item): (String, Value)| {
        let mut new = old.get(&path).and_then(Value::as_object).cloned().unwrap_or_default();
        let was = new.clone();
        new.retain(|name, _| !METHODS.contains(&name.as_str()) && name != "servers");
        if let Value::Object(operations) = item {
            for (method, operation) in operations {
                let known = was.get(&method).and_then(Value::as_object);
                new.insert(method, of_operation(operation, known));
            }
        }
        (path, Value::Object(new))
    };
    code.into_iter().map(of_path).collect()
}

fn of_operation(code: Value, known: Option<&Map<String, Value>>) -> Value {
    let Some(known) = known else { return code };
    let mut operation = known.clone();
    operation.retain(|name, _| !OF_OPERATIONS.contains(&name.as_str()) && !name.starts_with("x-wso2-"));
    if let Value::Object(members) = code {
        for (name, value) in members {
            if name != "responses" || !operation.contains_key("responses") {
                operation.insert(name, value);
            }
        }
    }
    Value::Object(operation)
}

/// The scheme that scopes of the code refer to.
fn scheme(described: &mut Map<String, Value>, components: &Value, is_swagger: bool) {
    let mut scheme = components["securitySchemes"]["default"].clone();
    let owner = if is_swagger {
        let mut flow = scheme["flows"]["implicit"].take();
        flow["type"] = "oauth2".into();
        flow["flow"] = "implicit".into();
        scheme = flow;
        described.entry("securityDefinitions").or_insert_with(|| json!({}))
    } else {
        let owner = described.entry("components").or_insert_with(|| json!({}));
        if !owner.is_object() {
            *owner = json!({});
        }
        &mut owner["securitySchemes"]
    };
    if !owner.is_object() {
        *owner = json!({});
    }
    owner["default"] = scheme;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    const API: &str = r#"{"name": "A", "version": "1", "context": "/a", "endpointSecurity": {"password": "canary"},
        "apiDefinition": "{\"swagger\":\"2.0\",\"host\":\"gw\",\"paths\":{\"/x\":{\"parameters\":[],\"get\":{\"x-auth-type\":\"None\",\"summary\":\"an x\"},\"post\":{}},\"/y\":{\"get\":{}}}}"}"#;

    #[test]
    fn apis_are_read_alone_and_in_lists() {
        for (text, expected) in [
            (API.to_owned(), Some(1)),
            (format!("[{API}, {API}]"), Some(2)),
            (format!("{{\"list\": [{API}]}}"), Some(1)),
            ("[]".to_owned(), None),
            (format!("[{API}, 5]"), None),
            (API.replace("context", "base"), None),
            ("{\"swagger\": \"2.0\"}".to_owned(), None),
        ] {
            let tree = tree(&[("a.json", &text)]);
            let read = read(&tree.root(), "a.json", &mut Draft::default());
            assert_eq!(read.map(|apis| apis.len()), expected, "{text}");
        }
        let mut draft = Draft::default();
        let tree = tree(&[("a.json", "{\"name\": ")]);
        assert_eq!(read(&tree.root(), "a.json", &mut draft).map(|apis| apis.len()), Some(0));
        assert_eq!(draft.findings.iter().count(), 1);
    }

    #[test]
    fn secrets_of_a_definition_are_told_at_its_line_and_go() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnktN2YzYSJ9.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZy1lbm91Z2g";
        let text = API.replace("an x", &format!("call with {token}"));
        let text = text.replace(
            "\\\"host\\\":\\\"gw\\\"",
            "\\\"x-wso2-production-endpoints\\\":{\\\"urls\\\":[\\\"https://u:canary@a\\\"]}",
        );
        let tree = tree(&[("a.json", &text)]);
        let mut draft = Draft::default();
        let apis = read(&tree.root(), "a.json", &mut draft).unwrap();
        let definition = apis[0].definition(&mut draft).unwrap();
        let shown = serde_json::to_string(&definition).unwrap();
        assert!(!shown.contains(token) && !shown.contains("canary"), "{shown}");
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert!(
            told.len() == 2 && told.iter().all(|line| line.starts_with("old/a.json:2:26: warning:")),
            "{told:#?}"
        );
    }

    #[test]
    fn the_code_says_how_it_is_served_and_the_definition_what_is_sent() {
        let tree = tree(&[("a.json", API)]);
        let mut draft = Draft::default();
        let apis = read(&tree.root(), "a.json", &mut draft).unwrap();
        let definition = apis[0].definition(&mut draft).unwrap();
        let code = json!({
            "openapi": "3.0.1", "info": {"title": "A", "version": "1"}, "x-wso2-basePath": "/a/1",
            "paths": {
                "/x": {"get": {"responses": {}, "security": [{"default": ["r"]}]}},
                "/z": {"put": {"responses": {}, "x-wso2-disable-security": true}}
            },
            "components": {"securitySchemes": {"default": {"type": "oauth2", "flows": {"implicit": {"scopes": {"r": ""}}}}}}
        });
        let Value::Object(code) = code else { panic!() };
        assert_eq!(
            Value::Object(merged(code, definition)),
            json!({
                "swagger": "2.0", "info": {"title": "A", "version": "1"}, "x-wso2-basePath": "/a/1",
                "paths": {
                    "/x": {"parameters": [], "get": {"summary": "an x", "responses": {}, "security": [{"default": ["r"]}]}},
                    "/z": {"put": {"responses": {}, "x-wso2-disable-security": true}}
                },
                "securityDefinitions": {"default": {"type": "oauth2", "flow": "implicit", "scopes": {"r": ""}}}
            })
        );
    }
}
