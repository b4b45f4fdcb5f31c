//! A definition as the bundle has it, and what its references lead to.

use super::swagger;
use crate::diff::operations::Place;
use crate::openapi::reference::percent_decoded;
use mgw_bundle::config::Method;
use mgw_bundle::template::Template;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How many references lead from one to the next.
const MOST_REFERENCES: usize = 16;

/// A definition of any version.
#[derive(Debug)]
pub(super) struct Document {
    root: Value,
    /// Swagger 2.0, which has bodies among the parameters, and kinds of bodies beside them.
    pub(super) is_swagger: bool,
    /// Since 3.1 what stands beside a reference counts.
    has_siblings: bool,
}

/// An operation where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) path: &'a str,
    pub(super) method: Method,
    pub(super) item: &'a Value,
    pub(super) operation: &'a Value,
}

impl Found<'_> {
    /// `GET /orders`
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }
}

/// What a reference leads to in a document.
pub(super) fn target_in<'a>(root: &'a Value, value: &Value) -> Option<&'a Value> {
    let reference = value.get("$ref")?.as_str()?;
    root.pointer(&percent_decoded(reference.strip_prefix('#')?)?)
}

impl Document {
    /// `None`: it is no JSON.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().map(Self::new)
    }

    pub(super) fn new(mut root: Value) -> Self {
        let is_swagger = root.get("swagger").is_some();
        if is_swagger {
            swagger::gather_forms(&mut root);
        }
        let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
        let has_siblings = !is_swagger && !version.trim().starts_with("3.0");
        Self {
            root,
            is_swagger,
            has_siblings,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.root.get(key)
    }

    /// The operations by the requests that they are for.
    pub(super) fn operations(&self) -> BTreeMap<Place, Found<'_>> {
        let paths = self.get("paths").and_then(Value::as_object);
        let mut found = BTreeMap::new();
        for (path, item) in paths.into_iter().flatten() {
            let item = self.resolved(item);
            for method in Method::ALL {
                let Some(operation) = item.get(method.as_str().to_ascii_lowercase()) else {
                    continue;
                };
                let template = Template::parse(path).map_err(|_| path.clone());
                let operation = Found {
                    path,
                    method,
                    item,
                    operation,
                };
                found.insert((template, method), operation);
            }
        }
        found
    }

    /// What a reference inside of the document leads to; what leads nowhere stays.
    pub(super) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..MOST_REFERENCES {
            match self.target(value) {
                Some(there) => value = there,
                None => break,
            }
        }
        value
    }

    /// What a reference leads to at once; `None` where there is none, or nothing.
    pub(super) fn target<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        target_in(&self.root, value)
    }

    /// Whether a schema with a reference says more beside it.
    pub(super) fn counts_beside(&self, schema: &Map<String, Value>) -> bool {
        self.has_siblings && schema.len() > 1
    }
}
