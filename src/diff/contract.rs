//! What a definition asks of requests beyond what the gateway looks at: parameters and bodies. The backend refuses what
//! lacks them, so a call that was answered may not be any more.

use super::change::About;
use mgw_bundle::config::Method;
use mgw_bundle::template::Template;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many references lead from one to the next.
const MOST_REFERENCES: usize = 16;

/// The requests of an operation. A template that cannot be parsed stands for itself.
type Place = (Result<Template, String>, Method);

/// What an operation asks for.
#[derive(Debug, Default)]
struct Asked {
    /// The operation, as `GET /orders`.
    name: String,
    /// Where a parameter is and what it is called, and whether it is needed. Those of the path are in the template.
    parameters: BTreeMap<(String, String), bool>,
    /// Whether a body is needed; `None` where none is spoken of.
    body: Option<bool>,
    /// Kinds of bodies that are taken.
    media_types: BTreeSet<String>,
}

/// Compares two definitions of an API. What is no JSON asks for nothing.
pub(super) fn compare(before: &[u8], after: &[u8], about: &mut About<'_>) {
    let (was, is) = (all_asked(before), all_asked(after));
    for (place, now) in &is {
        // An operation that comes or goes is told as such.
        if let Some(old) = was.get(place) {
            compare_one(old, now, &mut about.at(now.name.clone()));
        }
    }
}

fn compare_one(old: &Asked, now: &Asked, about: &mut About<'_>) {
    for ((place, name), is_needed) in &now.parameters {
        let was_needed = old.parameters.get(&(place.clone(), name.clone()));
        match was_needed {
            _ if !is_needed => {}
            None => about.breaking(format!("it needs the {place} parameter {name}, which is new")),
            Some(false) => about.breaking(format!(
                "it needs the {place} parameter {name}, which could be left out"
            )),
            Some(true) => {}
        }
    }
    if now.body == Some(true) && old.body != Some(true) {
        about.breaking("it needs a body");
    }
    if now.body.is_some() && !now.media_types.contains("*/*") {
        for gone in old.media_types.difference(&now.media_types) {
            about.breaking(format!("it takes no {gone} any more"));
        }
    }
}

fn all_asked(definition: &[u8]) -> BTreeMap<Place, Asked> {
    let Ok(document) = serde_json::from_slice::<Value>(definition) else {
        return BTreeMap::new();
    };
    let paths = document.get("paths").and_then(Value::as_object);
    let mut found = BTreeMap::new();
    for (path, item) in paths.into_iter().flatten() {
        let item = resolved(&document, item);
        for method in Method::ALL {
            let Some(operation) = item.get(method.as_str().to_ascii_lowercase()) else {
                continue;
            };
            let template = Template::parse(path).map_err(|_| path.clone());
            let mut asked = asked(&document, item, operation);
            asked.name = format!("{} {path}", method.as_str());
            found.insert((template, method), asked);
        }
    }
    found
}

fn asked(document: &Value, item: &Value, operation: &Value) -> Asked {
    let mut asked = Asked::default();
    // Those of the operation take the place of those of the path.
    for owner in [item, operation] {
        let parameters = owner.get("parameters").and_then(Value::as_array);
        for parameter in parameters.into_iter().flatten() {
            asked.take_parameter(resolved(document, parameter));
        }
    }
    if let Some(body) = operation.get("requestBody").map(|body| resolved(document, body)) {
        asked.body = Some(is_required(body));
        let content = body.get("content").and_then(Value::as_object);
        asked.media_types = content
            .into_iter()
            .flat_map(|content| content.keys().cloned())
            .collect();
    }
    asked
}

impl Asked {
    fn take_parameter(&mut self, parameter: &Value) {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("in") {
            "path" | "" => {}
            "body" => self.body = Some(is_required(parameter)),
            "header" => {
                let key = ("header".to_owned(), text("name").to_ascii_lowercase());
                self.parameters.insert(key, is_required(parameter));
            }
            place => {
                let key = (place.to_owned(), text("name").to_owned());
                self.parameters.insert(key, is_required(parameter));
            }
        }
    }
}

fn is_required(value: &Value) -> bool {
    value.get("required").and_then(Value::as_bool).unwrap_or_default()
}

/// What a reference inside of the document leads to; what leads nowhere stays.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..MOST_REFERENCES {
        let reference = value.get("$ref").and_then(Value::as_str);
        match reference.and_then(|reference| document.pointer(reference.strip_prefix('#')?)) {
            Some(there) => value = there,
            None => break,
        }
    }
    value
}
