//! Reads YAML.

use super::{Member, Node, Source, Span, SyntaxError, Value, explain, limits, mend};
use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::Deserialize;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::budget::Budget;
use serde_yaml::options::{AliasLimits, DuplicateKeyPolicy, Options};
use serde_yaml::{Location, Spanned};
use std::fmt;

/// Room for [`limits::MAX_DEPTH`] levels in an unoptimised build, whatever the caller's own stack has.
const STACK_BYTES: usize = 32 << 20;

pub(super) fn read(source: &Source) -> Result<Node, SyntaxError> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || read_here(source))
            .map_err(|error| SyntaxError::new(source, Span::at(0), format!("no thread to read the file: {error}")))?
            .join()
            .unwrap_or_else(|_| {
                Err(SyntaxError::new(
                    source,
                    Span::at(0),
                    "the YAML parser failed on this file",
                ))
            })
    })
}

fn read_here(source: &Source) -> Result<Node, SyntaxError> {
    serde_yaml::from_str_with_options::<Spanned<YamlValue>>(source.text(), options())
        .map(node)
        .map_err(|error| syntax(source, &error))
}

/// Reads a file whose mistakes are told elsewhere, on a stack that is large enough already.
pub(super) fn read_sound(source: &Source) -> Option<Node> {
    serde_yaml::from_str_with_options::<Spanned<YamlValue>>(source.text(), options())
        .map(node)
        .ok()
}

/// The rules of this project: YAML 1.2 scalars, no key twice, every dimension bounded.
fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_depth = limits::MAX_DEPTH;
    budget.max_nodes = limits::MAX_NODES;
    budget.max_events = 2 * limits::MAX_NODES;
    budget.max_aliases = limits::MAX_ALIASES;
    budget.max_anchors = limits::MAX_ALIASES;
    // Every copy of what an alias repeats costs time and memory.
    budget.max_recorded_anchor_events = limits::MAX_ALIASED_NODES;
    budget.max_documents = 1;
    budget.max_inclusion_depth = 0;
    budget.max_total_scalar_bytes = 2 * limits::MAX_FILE_BYTES as usize;
    let mut aliases = AliasLimits::default();
    aliases.max_total_replayed_events = 2 * limits::MAX_ALIASED_NODES;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.alias_limits = aliases;
    options.duplicate_keys = DuplicateKeyPolicy::Error;
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.legacy_octal_numbers = false;
    options.angle_conversions = false;
    options.with_snippet = false;
    options
}

/// How the message about keys begins that differ in the file and are one text; the place of the second follows, and the key.
const SAME_TEXT: &str = "two keys have the same text, the second at ";

fn syntax(source: &Source, error: &serde_yaml::Error) -> SyntaxError {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    // The position is part of the diagnostic already; the parser's own goes.
    let message = first
        .split_once(" at line ")
        .map_or(first, |(message, _)| message)
        .trim_start_matches("error: ");
    let message = message
        .split_once(": ")
        .filter(|(place, _)| place.starts_with("line "))
        .map_or(message, |(_, message)| message);
    let second = message.strip_prefix(SAME_TEXT).and_then(|rest| rest.split_once(": "));
    let span = match second.and_then(|(at, _)| at.parse().ok()) {
        Some(at) => Span::at(at),
        None => error
            .location()
            .filter(|location| location.line() > 0)
            .map_or(Span::at(0), |location| {
                source.span_at(location.line(), location.column())
            }),
    };
    let span = match message.contains("tab") {
        true => tab_below(source.text(), span).unwrap_or(span),
        false => span,
    };
    let correction = mend::yaml(source, span, message);
    let (before, rest) = source.text().split_at_checked(span.start as usize).unwrap_or_default();
    let explain::Explained { message, remedy } = match second {
        Some((_, key)) => explain::twice(key),
        None => explain::yaml(message, before, rest),
    };
    let error = SyntaxError::new(source, span, message).corrected(correction);
    match remedy {
        Some(remedy) => error.remedy(remedy),
        None => error,
    }
}

/// The tab in the first line of a text of several lines, which the parser tells where the text is announced, a line above.
fn tab_below(text: &str, span: Span) -> Option<Span> {
    let told = span.start as usize;
    let start = text.get(..told)?.rfind('\n').map_or(0, |end| end + 1);
    let mut lines = text.get(start..)?.split_inclusive('\n');
    let announced = lines.next()?;
    let header = announced
        .trim_end()
        .trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    if !header.ends_with(['|', '>']) {
        return None;
    }
    let mut at = start + announced.len();
    for line in lines {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..indent).and_then(|indent| indent.find('\t')) {
            return Some(Span::at(at + tab));
        }
        if indent < line.trim_end().len() {
            return None;
        }
        at += line.len();
    }
    None
}

/// Where a value is used: for an alias the place of the alias, not of what it repeats.
fn span(location: Location) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or_default() as usize;
    Span::new(start, start + span.byte_len().unwrap_or_default() as usize)
}

fn node(spanned: Spanned<YamlValue>) -> Node {
    Node {
        value: spanned.value.0,
        span: span(spanned.referenced),
    }
}

struct YamlValue(Value);

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("the number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<Spanned<YamlValue>>()? {
            elements.push(node(element));
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = IndexMap::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<YamlValue>>()?;
            let member = Member {
                key: span(key.referenced),
                node: node(value),
            };
            // Keys that differ in the file can be one text: `200` and `"200"`.
            match members.entry(key.value) {
                Entry::Occupied(entry) => {
                    // The parser knows of no place here but that of the map.
                    let (at, key) = (member.key.start, entry.key());
                    return Err(A::Error::custom(format!("{SAME_TEXT}{at}: `{key}`")));
                }
                Entry::Vacant(entry) => {
                    entry.insert(member);
                }
            }
        }
        Ok(Value::Object(members))
    }
}
