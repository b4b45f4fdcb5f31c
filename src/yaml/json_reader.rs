//! Reads JSON. `serde_json` judges the syntax; its raw values tell where each value stands.

use super::{Member, Node, Source, Span, SyntaxError, Value, explain, limits, mend};
use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

pub(super) fn read(source: &Source) -> Result<Node, SyntaxError> {
    // The recursion limit of `serde_json` lies above ours, so depth is reported by `Reader`.
    let raw: &RawValue = serde_json::from_str(source.text()).map_err(|error| syntax(source, &error))?;
    Reader { source, nodes: 0 }.node(raw, 0)
}

fn syntax(source: &Source, error: &serde_json::Error) -> SyntaxError {
    let text = error.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message);
    let span = source.span_at(error.line() as u64, error.column() as u64);
    if source.text().trim().is_empty() {
        return SyntaxError::new(source, span, "the file is empty")
            .remedy("Write the document, or remove the file; it may not have been written to its end.");
    }
    explained(source, span, message)
}

fn explained(source: &Source, span: Span, message: &str) -> SyntaxError {
    let rest = source.text().get(span.start as usize..).unwrap_or_default();
    let correction = mend::json(source, span, message);
    let explain::Explained { message, remedy } = explain::json(message, rest);
    let error = SyntaxError::new(source, span, message).corrected(correction);
    match remedy {
        Some(remedy) => error.remedy(remedy),
        None => error,
    }
}

struct Reader<'a> {
    source: &'a Source,
    nodes: usize,
}

impl Reader<'_> {
    fn node(&mut self, raw: &RawValue, depth: usize) -> Result<Node, SyntaxError> {
        let span = self.span(raw);
        self.nodes += 1;
        if depth > limits::MAX_DEPTH {
            return Err(self
                .error(span, format!("values are nested more than {} deep", limits::MAX_DEPTH))
                .remedy("Name what is inside and refer to it with `$ref`."));
        }
        if self.nodes > limits::MAX_NODES {
            return Err(self
                .error(span, format!("the file has more than {} values", limits::MAX_NODES))
                .remedy("Remove examples, or split the file."));
        }
        let value = match raw.get().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = self.parse(raw)?;
                self.object(members, depth)?
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = self.parse(raw)?;
                Value::Array(
                    elements
                        .into_iter()
                        .map(|element| self.node(element, depth + 1))
                        .collect::<Result<_, _>>()?,
                )
            }
            Some(b'"') => Value::String(self.parse(raw)?),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') => Value::Null,
            _ => Value::Number(self.parse(raw)?),
        };
        Ok(Node { value, span })
    }

    fn object(&mut self, raw: Vec<(&RawValue, &RawValue)>, depth: usize) -> Result<Value, SyntaxError> {
        let mut members: IndexMap<String, Member> = IndexMap::with_capacity(raw.len());
        for (key, value) in raw {
            let place = self.span(key);
            let name: String = self.parse(key)?;
            let node = self.node(value, depth + 1)?;
            match members.entry(name) {
                Entry::Occupied(entry) => {
                    let message = format!("the key `{}` stands here a second time", entry.key());
                    let is_same = entry.get().node.to_json() == node.to_json();
                    let correction = is_same.then(|| mend::json_member(self.source, place, node.span));
                    return Err(self
                        .error(place, message)
                        .remedy("Remove or rename one of the two.")
                        .corrected(correction.flatten()));
                }
                Entry::Vacant(entry) => {
                    entry.insert(Member { key: place, node });
                }
            }
        }
        Ok(Value::Object(members))
    }

    fn parse<'de, T: Deserialize<'de>>(&self, raw: &'de RawValue) -> Result<T, SyntaxError> {
        serde_json::from_str(raw.get()).map_err(|error| {
            let text = error.to_string();
            let message = text
                .rsplit_once(" at line ")
                .map_or(text.as_str(), |(message, _)| message);
            explained(self.source, self.span(raw), message)
        })
    }

    /// A raw value borrows from the text it was read from, so its address tells its offset.
    fn span(&self, raw: &RawValue) -> Span {
        let base = self.source.text().as_ptr() as usize;
        let start = (raw.get().as_ptr() as usize).saturating_sub(base);
        Span::new(start, start + raw.get().len())
    }

    fn error(&self, span: Span, message: String) -> SyntaxError {
        SyntaxError::new(self.source, span, message)
    }
}

/// The members of a map in order, keys with their places, duplicates kept.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}
