//! TOML files of micro-gw, key by key: where each stands, and what is left of the text when some of them go.

use crate::diagnostics::{Code, Diagnostic};
use crate::yaml::{Source, Span};
use toml::de::{DeTable, DeValue};

/// Largest file, in bytes.
pub(super) const MAX_FILE: u64 = 1 << 20;
/// Deepest nesting of tables.
const MAX_DEPTH: usize = 32;

/// The value of a key, as far as somebody asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A list of texts.
    Texts(Vec<String>),
    /// Anything else.
    Other,
}

/// A key with a value that is no table.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// Dotted name, without the numbers of tables in lists.
    pub(super) name: String,
    /// Whether it stands in one of several tables of a list.
    pub(super) in_list: bool,
    /// Where the last part of the name stands.
    pub(super) key: Span,
    /// Where the value stands.
    pub(super) value_span: Span,
    /// The value.
    pub(super) value: Value,
}

/// A file, read.
#[derive(Debug)]
pub(super) struct SettingsFile {
    /// Text.
    pub(super) source: Source,
    /// Its keys in the order of the file.
    pub(super) leaves: Vec<Leaf>,
}

impl SettingsFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// The first mistake in the syntax.
    pub(super) fn parse(name: &str, bytes: Vec<u8>) -> Result<Self, Box<Diagnostic>> {
        let source = Source::new(name, bytes).map_err(|error| Box::new(Diagnostic::from(error).secret()))?;
        let (table, problems) = DeTable::parse_recoverable(source.text());
        if let Some(problem) = problems.first() {
            let at = problem.span().map_or(0, |span| span.start);
            let message = format!("this is not TOML: {}", problem.message().trim().replace('\n', ", "));
            return Err(Box::new(
                Diagnostic::error(Code::Syntax, &source, span(at..at), message).secret(),
            ));
        }
        let mut leaves = Vec::new();
        collect(table.get_ref(), "", false, 0, &mut leaves);
        leaves.sort_by_key(|leaf| leaf.key.start);
        Ok(Self { source, leaves })
    }

    /// The key of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.name == name)
    }

    /// The text of a key that has one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The truth value of a key, also when it is written as text.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match &self.get(name)?.value {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The texts of a key.
    pub(super) fn texts(&self, name: &str) -> Option<&[String]> {
        match &self.get(name)?.value {
            Value::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The text without some keys: each becomes a comment that says why. Keys in a table on one line go with the table.
    pub(super) fn without(&self, gone: &[(&Leaf, String)]) -> String {
        let text = self.source.text();
        let mut cuts: Vec<(usize, usize, String)> = gone
            .iter()
            .map(|(leaf, why)| {
                let (start, end) = self.lines_of(leaf);
                (start, end, format!("# {}: {why}", leaf.name))
            })
            .collect();
        cuts.sort();
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for (start, end, comment) in cuts {
            if start < from {
                // On the same line as the key before.
                kept.push_str(&format!("{comment}\n"));
                from = from.max(end);
                continue;
            }
            kept.push_str(text.get(from..start).unwrap_or_default());
            kept.push_str(&format!("{comment}\n"));
            from = end;
        }
        kept.push_str(text.get(from..).unwrap_or_default());
        kept
    }

    /// The whole lines that a key and its value take.
    fn lines_of(&self, leaf: &Leaf) -> (usize, usize) {
        let text = self.source.text();
        let (key, value) = (leaf.key.start as usize, leaf.value_span.end as usize);
        let start = text
            .get(..key)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |at| at + 1);
        let end = text
            .get(value..)
            .and_then(|after| after.find('\n'))
            .map_or(text.len(), |at| value + at + 1);
        (start, end)
    }

    /// The text between the start of the line and the value: the key as it is written.
    pub(super) fn written_key(&self, leaf: &Leaf) -> (Span, &str) {
        let (start, _) = self.lines_of(leaf);
        let span = span(start..leaf.value_span.start as usize);
        (span, self.source.slice(span))
    }
}

/// A span of bytes.
pub(super) fn span(range: std::ops::Range<usize>) -> Span {
    let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: clamp(range.start),
        end: clamp(range.end),
    }
}

fn collect(table: &DeTable<'_>, prefix: &str, in_list: bool, depth: usize, leaves: &mut Vec<Leaf>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) if depth < MAX_DEPTH => {
                collect(inner, &format!("{name}."), in_list, depth + 1, leaves);
            }
            DeValue::Array(items)
                if depth < MAX_DEPTH
                    && items.iter().next().is_some()
                    && items.iter().all(|item| item.get_ref().as_table().is_some()) =>
            {
                for item in items.iter() {
                    if let DeValue::Table(inner) = item.get_ref() {
                        collect(inner, &format!("{name}."), true, depth + 1, leaves);
                    }
                }
            }
            other => leaves.push(Leaf {
                name,
                in_list,
                key: span(key.span()),
                value_span: span(value.span()),
                value: read(other),
            }),
        }
    }
}

fn read(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map_or(Value::Other, Value::Texts),
        _ => Value::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> SettingsFile {
        SettingsFile::parse("x.toml", text.into()).unwrap()
    }

    #[test]
    fn keys_are_found_with_their_places() {
        let file = parsed("a = true\n[b]\n  c.d = \"x\"\n[[e]]\nf = [\"1\", \"2\"]\n[[e]]\nf = 5\n");
        let found: Vec<(&str, bool, &str)> = file
            .leaves
            .iter()
            .map(|leaf| (leaf.name.as_str(), leaf.in_list, file.source.slice(leaf.value_span)))
            .collect();
        assert_eq!(
            found,
            [
                ("a", false, "true"),
                ("b.c.d", false, "\"x\""),
                ("e.f", true, "[\"1\", \"2\"]"),
                ("e.f", true, "5")
            ]
        );
        assert_eq!(
            (file.flag("a"), file.text("b.c.d"), file.flag("none")),
            (Some(true), Some("x"), None)
        );
        assert_eq!(file.texts("e.f").map(<[String]>::len), Some(2));
        assert_eq!(file.written_key(file.get("b.c.d").unwrap()).1, "  c.d = ");
    }

    #[test]
    fn keys_become_comments() {
        let text = "a = 1 # one\n[b]\nc = [\n  1,\n]\nd = { e = 1, f = 2 }\ng = 3\n";
        let file = parsed(text);
        let gone: Vec<(&Leaf, String)> = ["a", "b.c", "b.d.e", "b.d.f"]
            .map(|name| (file.get(name).unwrap(), "gone".to_owned()))
            .into();
        assert_eq!(
            file.without(&gone),
            "# a: gone\n[b]\n# b.c: gone\n# b.d.e: gone\n# b.d.f: gone\ng = 3\n"
        );
        assert_eq!(file.without(&[]), text);
    }

    #[test]
    fn mistakes_are_told_by_line() {
        let error = SettingsFile::parse("x.toml", "a = 1\nb = \n".into()).unwrap_err();
        assert!(error.to_string().starts_with("x.toml:2:"), "{error}");
    }
}
