//! What an operation takes and answers, in the same shape for every version of OpenAPI.

use super::content::Content;
use super::document::{Document, Found};
use super::swagger;
use serde_json::Value;
use std::collections::BTreeMap;

/// Headers that the specification excludes from parameters: kinds of bodies and credentials are said elsewhere.
const NOT_PARAMETERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Where a parameter is and what it is called. Those of the path go by their position, since their names do not count.
pub(super) type ParameterKey = (String, String);

/// What an operation takes and answers.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) parameters: BTreeMap<ParameterKey, Parameter<'a>>,
    pub(super) body: Option<Body<'a>>,
    /// By code, range of codes or `default`, in lower case.
    pub(super) answers: BTreeMap<String, Answer<'a>>,
    pub(super) is_deprecated: bool,
}

/// A parameter, or a header of an answer.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) is_needed: bool,
    pub(super) schema: Option<&'a Value>,
    /// How lists and objects are written: the style, and whether each part stands alone.
    pub(super) style: (&'a str, bool),
    /// It can stand there without a value, as in `?q=`.
    pub(super) may_be_empty: bool,
    /// Characters such as `/` can stand in it as they are.
    pub(super) may_have_reserved: bool,
}

/// A body of a request.
#[derive(Debug)]
pub(super) struct Body<'a> {
    pub(super) is_needed: bool,
    pub(super) content: Content<'a>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    /// Empty: it has no body that anybody speaks of.
    pub(super) content: Content<'a>,
    /// By name in lower case.
    pub(super) headers: BTreeMap<String, Parameter<'a>>,
}

impl<'a> Operation<'a> {
    pub(super) fn read(document: &'a Document, found: &Found<'a>) -> Self {
        let flag = |key: &str| found.operation.get(key) == Some(&Value::Bool(true));
        let mut operation = Self {
            parameters: BTreeMap::new(),
            body: None,
            answers: BTreeMap::new(),
            is_deprecated: flag("deprecated"),
        };
        // Those of the operation take the place of those of the path.
        for owner in [found.item, found.operation] {
            let parameters = owner.get("parameters").and_then(Value::as_array);
            for parameter in parameters.into_iter().flatten() {
                operation.take_parameter(document, found, document.resolved(parameter));
            }
        }
        if document.is_swagger {
            operation.take_form(document, found.operation);
        } else if let Some(body) = found.operation.get("requestBody") {
            let body = document.resolved(body);
            operation.body = Some(Body {
                is_needed: is_required(body),
                content: Content::of(body.get("content")),
            });
        }
        let answers = found.operation.get("responses").and_then(Value::as_object);
        for (code, answer) in answers.into_iter().flatten() {
            if code.starts_with("x-") {
                continue;
            }
            let answer = document.resolved(answer);
            let content = match document.is_swagger {
                true => Content::of_swagger(answer.get("schema"), kinds(document, found.operation, "produces")),
                false => Content::of(answer.get("content")),
            };
            let headers = answer.get("headers").and_then(Value::as_object).into_iter().flatten();
            let headers = headers.map(|(name, header)| {
                let header = document.resolved(header);
                (name.to_ascii_lowercase(), parameter(document, name, header, "header"))
            });
            let answer = Answer {
                content,
                headers: headers.filter(|(name, _)| name != "content-type").collect(),
            };
            operation.answers.insert(code.to_ascii_lowercase(), answer);
        }
        operation
    }

    fn take_parameter(&mut self, document: &'a Document, found: &Found<'a>, written: &'a Value) {
        let text = |key: &str| written.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let key = match text("in") {
            // What is left out of the template is in no request.
            "path" => match position(found.path, name) {
                Some(position) => position,
                None => return,
            },
            "body" => {
                let content = Content::of_swagger(written.get("schema"), kinds(document, found.operation, "consumes"));
                self.body = Some(Body {
                    is_needed: is_required(written),
                    content,
                });
                return;
            }
            "header" => name.to_ascii_lowercase(),
            "" | "formData" => return,
            _ => name.to_owned(),
        };
        let place = text("in");
        if place == "header" && NOT_PARAMETERS.contains(&key.as_str()) {
            return;
        }
        let parameter = parameter(document, name, written, place);
        self.parameters.insert((place.to_owned(), key), parameter);
    }

    fn take_form(&mut self, document: &'a Document, operation: &'a Value) {
        let Some(form) = swagger::form_of(operation) else {
            return;
        };
        let required = form.get("required").and_then(Value::as_array);
        self.body = Some(Body {
            is_needed: required.is_some_and(|names| !names.is_empty()),
            content: Content::of_swagger(Some(form), kinds(document, operation, "consumes")),
        });
    }
}

fn parameter<'a>(document: &Document, name: &'a str, written: &'a Value, place: &str) -> Parameter<'a> {
    let content = written.get("content").and_then(Value::as_object);
    let content = content.and_then(|content| content.values().next()?.get("schema"));
    // Swagger 2.0 has no schema here: the parameter says itself what its values are.
    let schema = if document.is_swagger {
        Some(written)
    } else {
        written.get("schema").or(content)
    };
    let usual = if matches!(place, "query" | "cookie") {
        "form"
    } else {
        "simple"
    };
    let named = match document.is_swagger {
        true => swagger::style(written),
        false => written.get("style").and_then(Value::as_str).unwrap_or_default(),
    };
    let style = if named.is_empty() { usual } else { named };
    let stands_alone = match written.get("explode").and_then(Value::as_bool) {
        _ if document.is_swagger => style == "form" && !named.is_empty(),
        Some(explode) => explode,
        None => style == "form",
    };
    let flag = |key: &str| place == "query" && written.get(key) == Some(&Value::Bool(true));
    Parameter {
        name,
        is_needed: is_required(written),
        schema,
        style: (style, stands_alone),
        may_be_empty: flag("allowEmptyValue"),
        may_have_reserved: flag("allowReserved"),
    }
}

/// Where in a path a variable stands.
fn position(path: &str, name: &str) -> Option<String> {
    let variables = path
        .split('{')
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap_or(rest));
    let mut names = variables.map(|variable| variable.trim_end_matches(['+', '*']));
    names
        .position(|variable| variable == name)
        .map(|position| position.to_string())
}

/// Kinds of bodies of Swagger 2.0, of the operation or of all.
fn kinds<'a>(document: &'a Document, operation: &'a Value, key: &str) -> Vec<&'a str> {
    let kinds = operation.get(key).or_else(|| document.get(key));
    let kinds = kinds.and_then(Value::as_array).into_iter().flatten();
    kinds.filter_map(Value::as_str).collect()
}

fn is_required(value: &Value) -> bool {
    value.get("required").and_then(Value::as_bool).unwrap_or_default()
}
