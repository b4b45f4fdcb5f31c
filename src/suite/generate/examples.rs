//! The examples of a definition: what its author says that a request looks like.

use mgw_bundle::config::Resource;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::ops::RangeInclusive;

/// What may stand in a path or a query as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers that say how the body is written, who calls, and how the message is sent; an example of them would say something
/// else than what is so.
const OF_THE_REQUEST: [&str; 13] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request made of examples.
#[derive(Debug, Default)]
pub(super) struct Example {
    /// Below the base path.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
    /// What the definition says of the answer; empty where it says nothing, or `default`.
    pub(super) statuses: Vec<RangeInclusive<u16>>,
}

/// An example, as far as there is one.
#[derive(Debug)]
pub(super) struct Examples<'a> {
    template: &'a str,
    example: Example,
    path_values: Vec<(String, String)>,
    missing: Vec<String>,
}

impl Examples<'_> {
    /// The path with this text for variables that have no example.
    pub(super) fn path_with(&self, text: &str) -> String {
        let value = |name: &str| {
            let known = self.path_values.iter().find(|(other, _)| other == name);
            known.map_or_else(|| text.to_owned(), |(_, value)| value.clone())
        };
        filled(self.template, value)
    }

    /// The whole request, or what has no example.
    pub(super) fn complete(self) -> Result<Example, Vec<String>> {
        if !self.missing.is_empty() {
            return Err(self.missing);
        }
        let path = self.path_with("");
        Ok(Example { path, ..self.example })
    }
}

/// Replaces the variables of a template; what stands for everything below is left out.
pub(super) fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = template.trim_end_matches('*');
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        out.extend(utf8_percent_encode(&value(name), ESCAPED));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Looks for the examples of an operation; references have been replaced by what they refer to.
pub(super) fn of<'a>(definition: &Value, resource: &'a Resource) -> Examples<'a> {
    let item = definition.get("paths").and_then(|paths| paths.get(&resource.template));
    let method = resource.method.as_str().to_ascii_lowercase();
    let operation = item.and_then(|item| item.get(&method));
    let mut found = Examples {
        template: &resource.template,
        example: Example::default(),
        path_values: Vec::new(),
        missing: Vec::new(),
    };
    // What the operation says of a parameter counts before what its path says.
    let of = |holder: Option<&Value>| {
        let parameters = holder.and_then(|holder| holder.get("parameters")?.as_array().cloned());
        parameters.unwrap_or_default()
    };
    let mut seen: Vec<(String, String)> = Vec::new();
    for parameter in of(operation).iter().chain(&of(item)) {
        let text = |key: &str| {
            parameter
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let key = (text("in"), text("name"));
        if !seen.contains(&key) {
            found.add_parameter(&key.0, &key.1, parameter);
            seen.push(key);
        }
    }
    for name in variables(&resource.template) {
        if !found.path_values.iter().any(|(known, _)| *known == name) && !found.missing.contains(&format!("`{name}`")) {
            found.missing.push(format!("`{name}`"));
        }
    }
    if let Some(operation) = operation {
        found.add_body(operation);
        found.example.statuses = statuses(operation);
    }
    found
}

fn variables(template: &str) -> impl Iterator<Item = String> {
    let parts = template.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()))
}

impl Examples<'_> {
    fn add_parameter(&mut self, place: &str, name: &str, parameter: &Value) {
        let is_required = place == "path" || parameter.get("required").and_then(Value::as_bool) == Some(true);
        let Some(value) = example(parameter).as_ref().and_then(scalar) else {
            if place == "body" {
                self.add_swagger_body(parameter, is_required);
            } else if is_required && matches!(place, "path" | "query" | "header" | "formData" | "cookie") {
                self.missing.push(format!("`{name}`"));
            }
            return;
        };
        match place {
            "path" => self.path_values.push((name.to_owned(), value)),
            "query" => {
                let pair = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
                if !self.example.query.is_empty() {
                    self.example.query.push('&');
                }
                self.example.query.push_str(&format!("{}={}", pair(name), pair(&value)));
            }
            "header" if !OF_THE_REQUEST.contains(&name.to_ascii_lowercase().as_str()) => {
                let is_header = http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(&value).is_ok();
                if is_header {
                    self.example.headers.push((name.to_owned(), value));
                }
            }
            "formData" | "cookie" if is_required => self.missing.push(format!("`{name}`, which is a {place}")),
            _ => {}
        }
    }

    fn add_swagger_body(&mut self, parameter: &Value, is_required: bool) {
        match parameter.get("schema").and_then(example) {
            Some(value) => self.set_json(&value),
            None if is_required => self.missing.push("the body".to_owned()),
            None => {}
        }
    }

    fn add_body(&mut self, operation: &Value) {
        let Some(body) = operation.get("requestBody") else {
            return;
        };
        let content = body.get("content").and_then(Value::as_object);
        let json = content.and_then(|content| {
            let is_json = |name: &str| {
                name.split(';')
                    .next()
                    .is_some_and(|name| name == "application/json" || name.ends_with("+json"))
            };
            content.iter().find(|(name, _)| is_json(name))
        });
        match json.and_then(|(_, media)| example(media)) {
            Some(value) => self.set_json(&value),
            None if body.get("required").and_then(Value::as_bool) == Some(true) => {
                self.missing.push("the body".to_owned());
            }
            None => {}
        }
    }

    fn set_json(&mut self, value: &Value) {
        self.example.body = Some(value.to_string().into_bytes());
        self.example
            .headers
            .push(("content-type".to_owned(), "application/json".to_owned()));
    }
}

/// The example of a parameter, a body or a schema, wherever the versions of OpenAPI have it.
fn example(holder: &Value) -> Option<Value> {
    let named = |examples: &Value| match examples {
        Value::Object(examples) => examples.values().find_map(|example| example.get("value").cloned()),
        Value::Array(examples) => examples.first().cloned(),
        _ => None,
    };
    holder
        .get("example")
        .or_else(|| holder.get("x-example"))
        .cloned()
        .or_else(|| holder.get("examples").and_then(named))
        .or_else(|| holder.get("default").cloned())
        .or_else(|| holder.get("enum")?.as_array()?.first().cloned())
        .or_else(|| holder.get("schema").and_then(example))
}

/// A value as it stands in a path, a query or a header.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Array(values) => values.first().and_then(scalar),
        Value::Null | Value::Object(_) => None,
    }
}

/// The statuses of an operation's answers; none where `default` stands for all others.
fn statuses(operation: &Value) -> Vec<RangeInclusive<u16>> {
    let Some(responses) = operation.get("responses").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut statuses = Vec::new();
    for name in responses.keys() {
        let class = name.strip_suffix("XX").or_else(|| name.strip_suffix("xx"));
        if let Some(class) = class
            .and_then(|class| class.parse::<u16>().ok())
            .filter(|class| (1..=5).contains(class))
        {
            statuses.push(class * 100..=class * 100 + 99);
        } else if let Ok(status) = name.parse::<u16>() {
            statuses.push(status..=status);
        } else if name == "default" {
            return Vec::new();
        }
    }
    statuses
}
