//! Values that stand as text inside a value of a file, as maps and lists do in some settings of micro-gw:
//! `labels = '{"app": "shop"}'`.

use super::{Member, Node, Source, Span, SyntaxError, Value, yaml_reader};

/// Reads the text of a value as JSON or as YAML's way to write it, which needs no quotes. The places of what is read are
/// those in the file, as far as the text stands there as it is.
///
/// # Errors
///
/// The first syntax error, with its position in the file.
pub fn parse_embedded(source: &Source, node: &Node) -> Result<Node, SyntaxError> {
    let text = node.as_str().unwrap_or_default();
    let inner = Source::new(source.name(), text.as_bytes().to_vec()).map_err(|error| at(source, node.span, error))?;
    // Of what is read: a byte order mark is not.
    let offset = offset(source, node.span, inner.text());
    match yaml_reader::read(&inner) {
        Ok(mut read) => {
            place(&mut read, offset, node.span);
            Ok(read)
        }
        Err(error) => {
            let span = match (&error.place, offset) {
                (Some((_, span)), Some(offset)) => shifted(*span, offset),
                _ => node.span,
            };
            Err(at(source, span, error))
        }
    }
}

/// An error of the inner text at its place in the file.
fn at(source: &Source, span: Span, error: SyntaxError) -> SyntaxError {
    SyntaxError {
        place: Some((source.clone(), span)),
        // It is one of the inner text, which the file may write in another way.
        correction: None,
        ..error
    }
}

/// Where the text begins in the file; `None` where the file writes it with escapes.
fn offset(source: &Source, span: Span, text: &str) -> Option<u32> {
    let written = source.slice(span);
    let within = written.find(text)?;
    Some(span.start + u32::try_from(within).ok()?)
}

fn place(node: &mut Node, offset: Option<u32>, whole: Span) {
    let moved = |span: Span| offset.map_or(whole, |offset| shifted(span, offset));
    node.span = moved(node.span);
    match &mut node.value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| place(element, offset, whole)),
        Value::Object(members) => {
            for Member { key, node } in members.values_mut() {
                *key = moved(*key);
                place(node, offset, whole);
            }
        }
        _ => {}
    }
}

fn shifted(span: Span, offset: u32) -> Span {
    Span {
        start: span.start.saturating_add(offset),
        end: span.end.saturating_add(offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse_toml;

    fn column(text: &str, key: &str, path: &[&str]) -> Result<u32, u32> {
        let (source, document) = parse_toml("a.toml", text.into()).unwrap();
        match parse_embedded(&source, document.get(key).unwrap()) {
            Ok(node) => Ok(source
                .position(node.at(path.iter().copied()).expect("there").span)
                .column),
            Err(error) => Err(error.position().unwrap().column),
        }
    }

    #[test]
    fn places_are_those_in_the_file() {
        assert_eq!(column("a = '{\"app\": \"shop\"}'\n", "a", &["app"]), Ok(14));
        assert_eq!(
            column("a = '{ x: {key: \"port\", name: n}, \"y\": 1 }'\n", "a", &["x", "name"]),
            Ok(31)
        );
        assert_eq!(column("a = '''[1, two]'''\n", "a", &["1"]), Ok(12));
        // Written with escapes: the whole value is meant.
        assert_eq!(column("a = \"{\\\"app\\\": \\\"shop\\\"}\"\n", "a", &["app"]), Ok(5));
        assert!(column("a = '{\"app\": '\n", "a", &[]).is_err());
    }

    #[test]
    fn a_byte_order_mark_inside_moves_no_place() {
        assert_eq!(column("a = '\u{feff}{x: 1}'\n", "a", &["x"]), Ok(11));
        // At the quote that is not closed.
        assert_eq!(column("a = '\u{feff}{\"x'\n", "a", &[]), Err(8));
    }

    #[test]
    fn what_is_no_text_is_told_at_the_value() {
        assert_eq!(column("\nbc = \"a\\u0000\"\n", "bc", &[]), Err(6));
    }
}
