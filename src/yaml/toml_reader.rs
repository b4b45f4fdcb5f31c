//! Reads TOML. The `toml` crate judges the syntax and tells where each value stands.

use super::{Member, Node, Source, Span, SyntaxError, Value, limits};
use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

pub(super) fn read(source: &Source) -> Result<Node, SyntaxError> {
    let text = source.text();
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let message = error.message().trim().replace('\n', ", ");
        SyntaxError::new(
            source,
            Span::new(span.start, span.end),
            format!("this is not TOML: {message}"),
        )
    })?;
    let mut reader = Reader { source, nodes: 0 };
    Ok(Node {
        span: Span::new(0, text.len()),
        value: reader.table(table.get_ref(), 0)?,
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
