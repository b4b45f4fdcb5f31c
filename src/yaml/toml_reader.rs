//! Reads TOML. The `toml` crate judges the syntax and tells where each value stands.

use super::toml_words::syntax_errors;
use super::{Member, Node, Source, Span, SyntaxError, Value, limits};
use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

pub(super) fn read(source: &Source) -> Result<Node, SyntaxError> {
    let (table, errors) = DeTable::parse_recoverable(source.text());
    match explained(source, &errors).into_iter().next() {
        Some(error) => Err(error),
        None => tree(source, table.get_ref()),
    }
}

/// Reads a file as far as it is TOML: its text, the tree of its values, and everything that is wrong with its syntax.
///
/// # Errors
///
/// Bytes that are not UTF-8, and files that exceed a bound.
pub(crate) fn read_toml(name: &str, bytes: Vec<u8>) -> Result<(Source, Node, Vec<SyntaxError>), SyntaxError> {
    let source = Source::new(name, bytes)?;
    let (table, errors) = DeTable::parse_recoverable(source.text());
    let errors = explained(&source, &errors);
    let node = tree(&source, table.get_ref())?;
    Ok((source, node, errors))
}

fn explained(source: &Source, errors: &[toml::de::Error]) -> Vec<SyntaxError> {
    let said = errors
        .iter()
        .map(|error| (error.message().to_owned(), error.span().unwrap_or_default()));
    syntax_errors(source, said)
}

fn tree(source: &Source, table: &DeTable<'_>) -> Result<Node, SyntaxError> {
    let mut reader = Reader { source, nodes: 0 };
    Ok(Node {
        span: Span::new(0, source.text().len()),
        value: reader.table(table, 0)?,
    })
}

struct Reader<'a> {
    source: &'a Source,
    nodes: usize,
}

impl Reader<'_> {
    fn node(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, SyntaxError> {
        let span = Span::new(value.span().start, value.span().end);
        self.nodes += 1;
        let bound = if depth > limits::MAX_DEPTH {
            Some(format!("values are nested more than {} deep", limits::MAX_DEPTH))
        } else if self.nodes > limits::MAX_NODES {
            Some(format!("the file has more than {} values", limits::MAX_NODES))
        } else {
            None
        };
        if let Some(message) = bound {
            return Err(SyntaxError::new(self.source, span, message));
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::String(text.clone().into_owned()),
            DeValue::Integer(integer) => {
                let digits = integer.as_str().replace('_', "");
                match i64::from_str_radix(&digits, integer.radix()) {
                    Ok(number) => Value::Number(number.into()),
                    Err(_) => Value::String(digits),
                }
            }
            DeValue::Float(float) => {
                let digits = float.as_str().replace('_', "");
                let number = digits.parse().ok().and_then(serde_json::Number::from_f64);
                number.map_or(Value::String(digits), Value::Number)
            }
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Array(array) => self.array(array, depth)?,
            DeValue::Table(table) => self.table(table, depth)?,
        };
        Ok(Node { value, span })
    }

    fn array(&mut self, array: &DeArray<'_>, depth: usize) -> Result<Value, SyntaxError> {
        let elements = array.iter().map(|element| self.node(element, depth + 1));
        elements.collect::<Result<_, _>>().map(Value::Array)
    }

    /// Tables are sorted by key; people read from top to bottom.
    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Result<Value, SyntaxError> {
        let mut members: Vec<_> = table.iter().collect();
        members.sort_by_key(|(key, _)| key.span().start);
        let mut read = IndexMap::with_capacity(members.len());
        for (key, value) in members {
            let node = self.node(value, depth + 1)?;
            let place = Span::new(key.span().start, key.span().end);
            read.insert(key.get_ref().clone().into_owned(), Member { key: place, node });
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_where_they_stand() {
        let text = "\u{feff}name = \"é\"\r\n[pull]\r\nlabels = [\"a\", 1]\r\nday = 2027-03-31\r\nsize = 1_0\r\n";
        let (source, node, errors) = read_toml("mgw.toml", text.into()).unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        let labels = node.get("pull").unwrap().member("labels").unwrap();
        assert_eq!(source.position(labels.key).line, 3);
        assert_eq!(source.slice(labels.node.span), "[\"a\", 1]");
        assert_eq!(
            node.to_json(),
            serde_json::json!({"name": "é", "pull": {"labels": ["a", 1], "day": "2027-03-31", "size": 10}})
        );
    }

    #[test]
    fn every_mistake_in_the_syntax_is_told() {
        let (_, node, errors) = read_toml("a.toml", b"a = \nb = 1\nb = 2\n".to_vec()).unwrap();
        let lines = errors.iter().filter_map(SyntaxError::position).map(|place| place.line);
        assert_eq!(lines.collect::<Vec<_>>(), [1, 3], "{errors:?}");
        assert_eq!(node.get("b").and_then(Node::as_u64), Some(1));
        assert!(read_toml("a.toml", vec![0xff]).is_err());
    }
}
