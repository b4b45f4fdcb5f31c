//! What a schema says, however it is written.
//!
//! A schema is a list of schemas that have to hold together: itself, what it refers to, and what stands in its `allOf`. The
//! ways in which versions of OpenAPI say the same (`nullable`, `type: [.., "null"]`, `const`) are one here.

use super::discriminator::Discriminator;
use super::number::{Bound, End};
use crate::diff::contract::document::Document;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Schemas that have to hold together. None: anything is admitted.
pub(super) type Together<'a> = Vec<&'a Value>;

/// Keywords with a schema that cannot be weighed.
pub(super) const UNWEIGHED: [&str; 10] = [
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "contains",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
    "contentSchema",
];

/// Keywords with schemas by name, which cannot be weighed.
pub(super) const UNWEIGHED_BY_NAME: [&str; 2] = ["patternProperties", "dependentSchemas"];

/// Keywords whose values are compared as they are.
pub(super) const AS_THEY_ARE: [&str; 6] = [
    "multipleOf",
    "pattern",
    "dependentRequired",
    "minContains",
    "maxContains",
    "$dynamicRef",
];

/// Bounds of lengths and counts.
const COUNTS: [(&str, End); 6] = [
    ("minLength", End::Least),
    ("maxLength", End::Most),
    ("minItems", End::Least),
    ("maxItems", End::Most),
    ("minProperties", End::Least),
    ("maxProperties", End::Most),
];

/// Formats that tell how a value is shown, not what it may be.
const SHOWN: [&str; 1] = ["password"];

/// Schemas of which at least one has to hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice<'a> {
    /// Exactly one.
    pub(super) is_exclusive: bool,
    pub(super) branches: Vec<&'a Value>,
}

/// What of the other properties of an object is said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rest<'a> {
    /// Nothing.
    Open,
    /// There are none.
    Closed,
    /// They follow these schemas.
    Schema(Together<'a>),
}

/// What schemas say together.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// Without `null`; `None`: of any.
    pub(super) types: Option<BTreeSet<&'a str>>,
    /// `null` is admitted.
    pub(super) is_nullable: bool,
    pub(super) format: Option<&'a str>,
    /// The values of `enum` without `null`, by how they are shown.
    pub(super) values: Option<BTreeMap<String, &'a Value>>,
    pub(super) bounds: BTreeMap<&'static str, (End, Bound)>,
    pub(super) has_unique_items: bool,
    pub(super) properties: BTreeMap<&'a str, Together<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) rest: Rest<'a>,
    pub(super) items: Together<'a>,
    /// The schemas of the first items.
    pub(super) first_items: Vec<&'a Value>,
    pub(super) choices: Vec<Choice<'a>>,
    /// The property that tells alternatives apart.
    pub(super) discriminator: Option<Discriminator<'a>>,
    pub(super) default: Option<&'a Value>,
    /// What cannot be weighed, by keyword.
    pub(super) others: BTreeMap<&'static str, Vec<&'a Value>>,
    /// How many schemas and values were looked at.
    pub(super) steps: usize,
}

/// Schemas with everything that they refer to, each once, and whether a reference was followed.
pub(super) fn flattened<'a>(document: &'a Document, roots: &[&'a Value]) -> (Together<'a>, bool) {
    let mut found: Together<'a> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut has_reference = false;
    let mut waiting: Vec<&'a Value> = roots.iter().rev().copied().collect();
    while let Some(schema) = waiting.pop() {
        if !seen.insert(std::ptr::from_ref(schema)) {
            continue;
        }
        let Some(members) = schema.as_object() else {
            found.push(schema);
            continue;
        };
        let mut counts = true;
        if members.contains_key("$ref") {
            has_reference = true;
            counts = document.counts_beside(members);
            waiting.extend(document.target(schema));
        }
        if !counts {
            continue;
        }
        found.push(schema);
        for list in ["allOf", "oneOf", "anyOf"] {
            let branches = members
                .get(list)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            match list {
                "allOf" => waiting.extend(branches.iter().rev()),
                // The only thing besides `null` is no alternative.
                _ => waiting.extend(only_branch(branches)),
            }
        }
    }
    (found, has_reference)
}

/// The branch that is left when `null` is not counted.
fn only_branch(branches: &[Value]) -> Option<&Value> {
    let mut others = branches.iter().filter(|branch| !is_null(branch));
    others.next().filter(|_| others.next().is_none())
}

/// `{type: null}`
fn is_null(schema: &Value) -> bool {
    let is_null_type = |value: &Value| value.as_str() == Some("null");
    schema.get("type").is_some_and(|written| {
        is_null_type(written) || written.as_array().is_some_and(|types| types.iter().all(is_null_type))
    })
}

/// Whether `null` is admitted, as far as it has been read.
#[derive(Debug, Default)]
struct Null {
    /// By `nullable`, or as one of two alternatives: whatever the types say that stand beside it.
    is_added: bool,
    /// Among types or values, as far as no other schema of those that have to hold excludes it.
    is_listed: bool,
    is_excluded: bool,
}

impl<'a> View<'a> {
    /// Of schemas that have been [flattened].
    pub(super) fn of(schemas: &[&'a Value]) -> Self {
        let mut view = Self {
            types: None,
            is_nullable: false,
            format: None,
            values: None,
            bounds: BTreeMap::new(),
            has_unique_items: false,
            properties: BTreeMap::new(),
            required: BTreeSet::new(),
            rest: Rest::Open,
            items: Vec::new(),
            first_items: Vec::new(),
            choices: Vec::new(),
            discriminator: None,
            default: None,
            others: BTreeMap::new(),
            steps: 1,
        };
        let mut null = Null::default();
        for schema in schemas {
            match schema {
                Value::Object(members) => view.take(members, &mut null),
                Value::Bool(false) => {
                    view.types = Some(BTreeSet::new());
                    null.is_excluded = true;
                }
                _ => {}
            }
        }
        // Where alternatives are all that is said, they say it.
        view.is_nullable = null.is_added || !null.is_excluded && (null.is_listed || view.choices.is_empty());
        view
    }

    fn take(&mut self, members: &'a Map<String, Value>, null: &mut Null) {
        self.steps += 1 + members.len();
        let is_nullable = |key: &&str| members.get(*key) == Some(&Value::Bool(true));
        // With values that are listed, `null` has to be one of them.
        let is_unlisted = values_of(members).is_some_and(|values| !values.iter().any(Value::is_null));
        null.is_added |= !is_unlisted && ["nullable", "x-nullable"].iter().any(is_nullable);
        self.take_types(members, null);
        self.take_values(members, null);
        self.take_bounds(members);
        self.take_objects(members);
        self.take_lists(members);
        self.take_choices(members, null);
        if self.default.is_none() {
            self.default = members.get("default");
        }
        let keywords = UNWEIGHED.iter().chain(&UNWEIGHED_BY_NAME).chain(&AS_THEY_ARE);
        for keyword in keywords {
            // An object that is closed is weighed.
            let is_weighed = |value: &&Value| *keyword == "unevaluatedProperties" && **value == Value::Bool(false);
            if let Some(value) = members.get(*keyword).filter(|value| !is_weighed(value)) {
                self.others.entry(keyword).or_default().push(value);
            }
        }
    }

    fn take_types(&mut self, members: &'a Map<String, Value>, null: &mut Null) {
        let Some(types) = types_of(members) else { return };
        match types.contains("null") {
            true => null.is_listed = true,
            false => null.is_excluded = true,
        }
        let types = types.into_iter().filter(|name| *name != "null");
        self.types = Some(match self.types.take() {
            None => types.collect(),
            Some(others) => {
                let types: BTreeSet<&str> = types.collect();
                let one_way = others.iter().filter(|name| admits_type(&types, name));
                let other_way = types.iter().filter(|name| admits_type(&others, name));
                one_way.chain(other_way).copied().collect()
            }
        });
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        let format = match (text("format"), text("contentEncoding"), text("contentMediaType")) {
            (Some(format), ..) => Some(format),
            // As 3.1 writes the formats of 3.0.
            (None, Some("base64"), _) => Some("byte"),
            (None, None, Some("application/octet-stream")) => Some("binary"),
            _ if text("type") == Some("file") => Some("binary"),
            _ => None,
        };
        self.format = self.format.or(format.filter(|format| !SHOWN.contains(format)));
    }

    fn take_values(&mut self, members: &'a Map<String, Value>, null: &mut Null) {
        let Some(values) = values_of(members) else { return };
        self.steps += values.len();
        match values.iter().any(Value::is_null) {
            true => null.is_listed = true,
            false => null.is_excluded = true,
        }
        let mut values: BTreeMap<String, &'a Value> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| (shown(value), value))
            .collect();
        if let Some(others) = &self.values {
            values.retain(|name, _| others.contains_key(name));
        }
        self.values = Some(values);
    }

    fn take_bounds(&mut self, members: &'a Map<String, Value>) {
        let numbers = [("minimum", End::Least), ("maximum", End::Most)];
        let numbers = numbers.map(|(name, end)| (name, end, Bound::of_numbers(members, end)));
        let counts = COUNTS.map(|(name, end)| {
            let value = members.get(name).and_then(Value::as_number).cloned();
            let value = value.filter(|value| end == End::Most || value.as_u64() != Some(0));
            let is_exclusive = false;
            (name, end, value.map(|value| Bound { value, is_exclusive }))
        });
        for (name, end, bound) in numbers.into_iter().chain(counts) {
            let Some(bound) = bound else { continue };
            let bound = match self.bounds.remove(name) {
                Some((_, other)) => bound.stricter(other, end),
                None => bound,
            };
            self.bounds.insert(name, (end, bound));
        }
    }

    fn take_objects(&mut self, members: &'a Map<String, Value>) {
        let properties = members.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            self.properties.entry(name).or_default().push(schema);
            self.steps += 1;
        }
        let required = members.get("required").and_then(Value::as_array);
        self.required
            .extend(required.into_iter().flatten().filter_map(Value::as_str));
        let is_closed = |key: &&str| members.get(*key) == Some(&Value::Bool(false));
        if ["additionalProperties", "unevaluatedProperties"].iter().any(is_closed) {
            self.rest = Rest::Closed;
        }
        match (members.get("additionalProperties"), &mut self.rest) {
            (Some(Value::Object(schema)), _) if schema.is_empty() => {}
            (Some(schema @ Value::Object(_)), Rest::Schema(schemas)) => schemas.push(schema),
            (Some(schema @ Value::Object(_)), rest @ Rest::Open) => *rest = Rest::Schema(vec![schema]),
            _ => {}
        }
        self.discriminator = self
            .discriminator
            .or_else(|| Discriminator::of(members.get("discriminator")?));
    }

    fn take_lists(&mut self, members: &'a Map<String, Value>) {
        match members.get("items") {
            Some(Value::Array(first)) => self.first_items.extend(first),
            Some(items) => self.items.push(items),
            None => {}
        }
        let first = members.get("prefixItems").and_then(Value::as_array);
        self.first_items.extend(first.into_iter().flatten());
        self.has_unique_items |= members.get("uniqueItems") == Some(&Value::Bool(true));
    }

    fn take_choices(&mut self, members: &'a Map<String, Value>, null: &mut Null) {
        for (keyword, is_exclusive) in [("oneOf", true), ("anyOf", false)] {
            let Some(all) = members.get(keyword).and_then(Value::as_array) else {
                continue;
            };
            self.steps += all.len();
            let branches: Vec<&Value> = all.iter().filter(|branch| !is_null(branch)).collect();
            null.is_added |= branches.len() < all.len();
            if branches.len() > 1 {
                self.choices.push(Choice { is_exclusive, branches });
            }
        }
    }

    /// Whether alternatives are all that is said.
    pub(super) fn is_bare(&self) -> bool {
        self.types.is_none()
            && self.values.is_none()
            && self.bounds.is_empty()
            && self.others.is_empty()
            && self.properties.is_empty()
            && self.required.is_empty()
            && self.items.is_empty()
    }
}

/// The values that a schema lists.
fn values_of(members: &Map<String, Value>) -> Option<&[Value]> {
    let listed = members.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    listed.or_else(|| members.get("const").map(std::slice::from_ref))
}

/// The types that a schema admits, as it says or as its other keywords make sense for.
fn types_of(members: &Map<String, Value>) -> Option<BTreeSet<&str>> {
    match members.get("type") {
        Some(Value::String(name)) => return Some(BTreeSet::from([known(name)])),
        Some(Value::Array(names)) => return Some(names.iter().filter_map(Value::as_str).map(known).collect()),
        _ => {}
    }
    let has = |keys: &[&str]| keys.iter().any(|key| members.contains_key(*key));
    if let Some(values) = values_of(members) {
        return Some(values.iter().map(type_of).collect());
    }
    if has(&["properties", "additionalProperties"]) {
        return Some(BTreeSet::from(["object"]));
    }
    has(&["items"]).then(|| BTreeSet::from(["array"]))
}

/// A file of a form is a text of bytes since 3.0.
fn known(name: &str) -> &str {
    if name == "file" { "string" } else { name }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether values of a type are admitted: whole numbers are numbers.
pub(super) fn admits_type(types: &BTreeSet<&str>, name: &str) -> bool {
    types.contains(name) || name == "integer" && types.contains("number")
}

/// A value as messages show it; the same value is shown in the same way, and others in others.
pub(super) fn shown(value: &Value) -> String {
    match value {
        // A text that reads like another value is shown with its quotes.
        Value::String(text) if serde_json::from_str::<Value>(text).is_ok() => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        other => other.to_string(),
    }
}
