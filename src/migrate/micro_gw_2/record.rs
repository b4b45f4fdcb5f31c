//! Values in annotations and declarations: records, lists, texts, calls.

use super::tokens::{Placed, Token};
use crate::yaml::Span;

/// Deepest nesting.
const MAX_DEPTH: usize = 32;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A name.
    Name(String),
    /// A list.
    List(Vec<Value>),
    /// A record.
    Record(Record),
    /// A call: its last text is the default of a setting.
    Call(Vec<Value>),
}

/// What a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A truth value.
    Flag,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Record {
    /// Members: name, place of the name, value.
    pub(super) members: Vec<(String, Span, Value)>,
}

impl Record {
    /// A member.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.members
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(.., value)| value)
    }

    /// The members that are not among those that are known, and in the records in it: each path is as `a.b`. What is known
    /// as a record has paths of its own.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        self.collect_unknown("", known, &mut found);
        found
    }

    fn collect_unknown(&self, prefix: &str, known: &[&str], found: &mut Vec<(String, Span)>) {
        for (name, span, value) in &self.members {
            let path = format!("{prefix}{name}");
            let inner = format!("{path}.");
            match value {
                _ if known.contains(&path.as_str()) => {}
                Value::Record(record) if known.iter().any(|known| known.starts_with(&inner)) => {
                    record.collect_unknown(&inner, known, found);
                }
                _ => found.push((path, *span)),
            }
        }
    }

    /// The place of a member, in the records in it as `a.b`, whose value is not of its kind.
    pub(super) fn odd(&self, path: &str, kind: Kind) -> Option<Span> {
        if let Some((first, rest)) = path.split_once('.') {
            return self.record(first)?.odd(rest, kind);
        }
        let (_, span, value) = self.members.iter().find(|(name, ..)| name == path)?;
        let is_of_kind = match (kind, value) {
            (Kind::Flag, value) => matches!(value, Value::Bool(_)),
            (Kind::Texts, Value::List(items)) => items.iter().all(|item| item.text().is_some()),
            (Kind::Text | Kind::Texts, value) => value.text().is_some(),
        };
        (!is_of_kind).then_some(*span)
    }

    /// A record in it.
    pub(super) fn record(&self, key: &str) -> Option<&Self> {
        match self.get(key)? {
            Value::Record(record) => Some(record),
            _ => None,
        }
    }

    /// A text in it, or the default of a setting.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The texts of a list in it.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(Value::List(items)) => items.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
            Some(value) => value.text().map(str::to_owned).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// A truth value in it.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }
}

impl Value {
    /// The text that it is, or that it is when no setting says otherwise.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Call(arguments) => arguments.last()?.text(),
            _ => None,
        }
    }
}

/// Reads the record that starts at a brace; returns it and the position behind it. What is not understood ends it.
pub(super) fn record(tokens: &[Placed], at: usize) -> Option<(Record, usize)> {
    read_record(tokens, at, 0)
}

fn is_mark(tokens: &[Placed], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|placed| placed.token == Token::Mark(mark))
}

fn read_record(tokens: &[Placed], mut at: usize, depth: usize) -> Option<(Record, usize)> {
    if depth > MAX_DEPTH || !is_mark(tokens, at, '{') {
        return None;
    }
    at += 1;
    let mut record = Record::default();
    while !is_mark(tokens, at, '}') {
        let placed = tokens.get(at)?;
        let (key, value, next) = match &placed.token {
            // `enabled:true` is one token.
            Token::Name(name) if name.contains(':') => {
                let (key, value) = name.split_once(':')?;
                (key.to_owned(), name_or_flag(value), at + 1)
            }
            Token::Name(key) | Token::Text(key) if is_mark(tokens, at + 1, ':') => {
                let (value, next) = read_value(tokens, at + 2, depth + 1)?;
                (key.clone(), value, next)
            }
            _ => return None,
        };
        record.members.push((key, placed.span, value));
        at = next;
        if is_mark(tokens, at, ',') {
            at += 1;
        } else if !is_mark(tokens, at, '}') {
            return None;
        }
    }
    Some((record, at + 1))
}

fn read_value(tokens: &[Placed], at: usize, depth: usize) -> Option<(Value, usize)> {
    if depth > MAX_DEPTH {
        return None;
    }
    match &tokens.get(at)?.token {
        Token::Text(text) => Some((Value::Text(text.clone()), at + 1)),
        Token::Number(number) => Some((Value::Number(number.clone()), at + 1)),
        Token::Name(name) if name == "untaint" => read_value(tokens, at + 1, depth),
        Token::Name(_) if is_mark(tokens, at + 1, '(') => {
            let (arguments, next) = read_list(tokens, at + 1, ')', depth + 1)?;
            Some((Value::Call(arguments), next))
        }
        Token::Name(name) => Some((name_or_flag(name), at + 1)),
        Token::Mark('{') => read_record(tokens, at, depth + 1).map(|(record, next)| (Value::Record(record), next)),
        Token::Mark('[') => read_list(tokens, at, ']', depth + 1).map(|(items, next)| (Value::List(items), next)),
        Token::Mark(_) => None,
    }
}

fn read_list(tokens: &[Placed], mut at: usize, end: char, depth: usize) -> Option<(Vec<Value>, usize)> {
    at += 1;
    let mut items = Vec::new();
    while !is_mark(tokens, at, end) {
        let (value, next) = read_value(tokens, at, depth)?;
        items.push(value);
        at = next;
        if is_mark(tokens, at, ',') {
            at += 1;
        } else if !is_mark(tokens, at, end) {
            return None;
        }
    }
    Some((items, at + 1))
}

fn name_or_flag(name: &str) -> Value {
    match name {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        name => Value::Name(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;
    use crate::yaml::Source;

    fn parsed(text: &str) -> Option<Record> {
        let source = Source::new("x", text.into()).unwrap();
        record(&tokens(&source), 0).map(|(record, _)| record)
    }

    #[test]
    fn records_are_read_with_what_is_in_them() {
        let record = parsed(
            "{ basePath:\"/a\", authConfig:{ authentication:{ enabled:true }, scopes: [\"r\", \"w\"] }, url: gateway:retrieveConfig(\"k\", \"https://a\"), n: 5,\n v: http:BASIC_AUTH }",
        )
        .unwrap();
        assert_eq!(record.text("basePath"), Some("/a"));
        let auth = record.record("authConfig").unwrap();
        assert_eq!(auth.record("authentication").unwrap().flag("enabled"), Some(true));
        assert_eq!(auth.texts("scopes"), ["r", "w"]);
        assert_eq!(record.text("url"), Some("https://a"));
        assert_eq!(record.get("v"), Some(&Value::Name("http:BASIC_AUTH".into())));
        assert_eq!(record.get("n"), Some(&Value::Number("5".into())));
    }

    #[test]
    fn values_of_another_kind_have_a_place() {
        let record =
            parsed("{ a: [\"x\", f(\"y\")], b: { c: isOpen(), d: true }, e: name, f: [name], g: f(\"z\") }").unwrap();
        for (path, kind, is_odd) in [
            ("a", Kind::Texts, false),
            ("b.c", Kind::Flag, true),
            ("b.d", Kind::Flag, false),
            ("b.none", Kind::Flag, false),
            ("e", Kind::Text, true),
            ("f", Kind::Texts, true),
            ("g", Kind::Text, false),
            ("g", Kind::Texts, false),
        ] {
            assert_eq!(record.odd(path, kind).is_some(), is_odd, "{path} {kind:?}");
        }
    }

    #[test]
    fn what_is_no_record_is_none() {
        for text in ["", "{", "{a}", "{a: }", "{a: 1 b: 2}", "[1]", "{a: b + c}", "{a: [1}"] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parsed(&format!("{}{}", "{a: ".repeat(5_000), "}".repeat(5_000))), None);
    }
}
