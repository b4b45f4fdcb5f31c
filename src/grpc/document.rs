//! A service as the OpenAPI document that says the same.

use super::options::{self, Endpoints, number};
use super::places::{Places, field};
use super::{OPTIONS_FILE, options::texts};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Span, Value};
use indexmap::IndexMap;
use protox::prost_reflect::{MethodDescriptor, ServiceDescriptor};

/// Services have no version of their own.
const VERSION: &str = "1.0.0";

/// The header with an API key, as gRPC clients of micro-gw send it.
const API_KEY_HEADER: &str = "api_key";

/// The document; `None` when the service cannot be served, which has been reported.
pub(super) fn of(service: &ServiceDescriptor, places: &Places<'_>, diagnostics: &mut Diagnostics) -> Option<Node> {
    let name = service.full_name();
    let path = service.path();
    let whole = places.at(&below(path, &[field::NAME]));
    let options_path = below(path, &[field::SERVICE_OPTIONS]);
    let options = service.options();
    if service.methods().len() == 0 {
        let message = format!("the service {name} has no method that a gateway could serve");
        diagnostics.push(
            Diagnostic::error(Code::NoOperation, places.source, whole, message)
                .remedy("Add methods, or remove the service."),
        );
        return None;
    }
    let mut root = Map::default();
    root.text("openapi", whole, "3.0.3");
    let mut info = Map::default();
    info.text("title", whole, name);
    info.text("version", whole, VERSION);
    root.put("info", whole, info.at(whole));
    root.text("x-wso2-basePath", whole, &format!("/{name}"));
    let mut has_endpoints = false;
    for (number, extension) in [
        (number::PRODUCTION, "x-wso2-production-endpoints"),
        (number::SANDBOX, "x-wso2-sandbox-endpoints"),
    ] {
        if let Some(endpoints) = options::value(&options, number).and_then(options::endpoints) {
            let span = places.option(&options_path, number);
            if let Some(url) = endpoints
                .urls
                .iter()
                .find(|url| url.contains("ws://") || url.contains("wss://"))
            {
                let message = format!("`{url}` is not where gRPC is spoken");
                diagnostics.push(
                    Diagnostic::error(Code::EndpointUrl, places.source, span, message).remedy("Use http or https."),
                );
            }
            root.put(extension, span, endpoints_node(&endpoints, span));
            has_endpoints = true;
        }
    }
    if !has_endpoints {
        let message = format!("the service {name} has no endpoint");
        diagnostics.push(Diagnostic::error(Code::Endpoint, places.source, whole, message).remedy(format!(
            "Import `{OPTIONS_FILE}` and add `option (wso2.production_endpoints) = {{ url: \"http://backend:50051\" }};` to the \
             service."
        )));
        return None;
    }
    if let Some(tier) = options::value(&options, number::TIER).and_then(protox::prost_reflect::Value::as_str) {
        root.text(
            "x-wso2-throttling-tier",
            places.option(&options_path, number::TIER),
            tier,
        );
    }
    if let Some(security) = options::value(&options, number::SECURITY).map(options::numbers) {
        let span = places.option(&options_path, number::SECURITY);
        add_security(&mut root, &security, span, places, diagnostics);
    }
    root.put("components", whole, components(whole));
    let mut paths = Map::default();
    for method in service.methods() {
        let span = places.at(&below(method.path(), &[field::NAME]));
        let mut item = Map::default();
        item.put("post", span, operation(&method, span, places));
        paths.put(&format!("/{}", method.name()), span, item.at(span));
    }
    root.put("paths", whole, paths.at(whole));
    Some(root.at(whole))
}

fn operation(method: &MethodDescriptor, span: Span, places: &Places<'_>) -> Node {
    let options = method.options();
    let path = below(method.path(), &[field::METHOD_OPTIONS]);
    let mut operation = Map::default();
    operation.text("operationId", span, method.name());
    if let Some(tier) = options::value(&options, number::METHOD_TIER).and_then(protox::prost_reflect::Value::as_str) {
        operation.text(
            "x-wso2-throttling-tier",
            places.option(&path, number::METHOD_TIER),
            tier,
        );
    }
    if let Some(scopes) = options::value(&options, number::METHOD_SCOPES).map(texts)
        && !scopes.is_empty()
    {
        let span = places.option(&path, number::METHOD_SCOPES);
        let mut requirement = Map::default();
        requirement.put(
            "default",
            span,
            list(span, scopes.iter().map(|scope| text(span, scope))),
        );
        operation.put("security", span, list(span, [requirement.at(span)]));
    }
    let mut responses = Map::default();
    let mut response = Map::default();
    response.text("description", span, "gRPC");
    responses.put("default", span, response.at(span));
    operation.put("responses", span, responses.at(span));
    operation.at(span)
}

/// `NONE` 0, `BASIC` 1, `OAUTH2` 2, `JWT` 3, `APIKEY` 4.
fn add_security(root: &mut Map, numbers: &[i32], span: Span, places: &Places<'_>, diagnostics: &mut Diagnostics) {
    let mut types = Vec::new();
    for number in numbers {
        let kind = match number {
            0 if numbers.len() == 1 => {
                root.put(
                    "x-wso2-disable-security",
                    span,
                    Node {
                        value: Value::Bool(true),
                        span,
                    },
                );
                return;
            }
            0 => {
                diagnostics.push(
                    Diagnostic::error(
                        Code::ApplicationSecurity,
                        places.source,
                        span,
                        "`NONE` stands beside other credentials",
                    )
                    .remedy("Remove `NONE`, or the others."),
                );
                return;
            }
            1 => "basic_auth",
            2 | 3 => "oauth2",
            4 => "api_key",
            other => {
                let message = format!("{other} is no credential that the gateway knows");
                diagnostics.push(
                    Diagnostic::error(Code::ApplicationSecurity, places.source, span, message)
                        .remedy("Use NONE, BASIC, OAUTH2, JWT and APIKEY."),
                );
                return;
            }
        };
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    let mut security = Map::default();
    security.put(
        "security-types",
        span,
        list(span, types.into_iter().map(|kind| text(span, kind))),
    );
    root.put("x-wso2-application-security", span, security.at(span));
}

fn components(span: Span) -> Node {
    let mut oauth2 = Map::default();
    oauth2.text("type", span, "oauth2");
    oauth2.put("flows", span, Map::default().at(span));
    let mut key = Map::default();
    key.text("type", span, "apiKey");
    key.text("in", span, "header");
    key.text("name", span, API_KEY_HEADER);
    let mut schemes = Map::default();
    schemes.put("default", span, oauth2.at(span));
    schemes.put("apiKey", span, key.at(span));
    let mut components = Map::default();
    components.put("securitySchemes", span, schemes.at(span));
    components.at(span)
}

/// gRPC is spoken over HTTP/2, also without TLS.
fn endpoints_node(endpoints: &Endpoints, span: Span) -> Node {
    let mut node = Map::default();
    node.put(
        "urls",
        span,
        list(span, endpoints.urls.iter().map(|url| text(span, url))),
    );
    if let Some(kind) = endpoints.kind {
        node.text("type", span, kind);
    }
    let mut advanced = Map::default();
    advanced.text("httpVersion", span, "2");
    if let Some(timeout) = endpoints.timeout_ms {
        let value = Value::Number(timeout.into());
        advanced.put("timeoutInMillis", span, Node { value, span });
    }
    node.put("advanceEndpointConfig", span, advanced.at(span));
    node.at(span)
}

fn below(path: &[i32], more: &[i32]) -> Vec<i32> {
    [path, more].concat()
}

/// Collects the members of a map.
#[derive(Default)]
struct Map {
    members: IndexMap<String, Member>,
}

impl Map {
    fn put(&mut self, name: &str, key: Span, node: Node) {
        self.members.insert(name.to_owned(), Member { key, node });
    }

    fn text(&mut self, name: &str, span: Span, value: &str) {
        self.put(name, span, text(span, value));
    }

    fn at(self, span: Span) -> Node {
        Node {
            value: Value::Object(self.members),
            span,
        }
    }
}

fn text(span: Span, text: &str) -> Node {
    Node {
        value: Value::String(text.to_owned()),
        span,
    }
}

fn list(span: Span, elements: impl IntoIterator<Item = Node>) -> Node {
    Node {
        value: Value::Array(elements.into_iter().collect()),
        span,
    }
}
