//! `${NAME}` and `$NAME` in parameters: filled from the environment, as `apictl` does it.

use crate::context::Environment;
use crate::yaml::{Node, Source, Span, Value};

/// A variable that is not set, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unset {
    pub(super) name: String,
    pub(super) place: Span,
    /// The key whose value it is in.
    pub(super) key: String,
}

/// Fills the variables of a value; those that are not set stay, and are returned.
pub(super) fn fill(source: &Source, node: &mut Node, environment: &Environment) -> Vec<Unset> {
    let mut unset = Vec::new();
    walk(source, node, "", environment, &mut unset);
    unset
}

fn walk(source: &Source, node: &mut Node, key: &str, environment: &Environment, unset: &mut Vec<Unset>) {
    match &mut node.value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(source, &mut member.node, name, environment, unset);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| walk(source, item, key, environment, unset)),
        Value::String(text) => {
            let (filled, missing) = filled(text, environment);
            unset.extend(missing.into_iter().map(|name| Unset {
                name,
                place: node.span,
                key: key.to_owned(),
            }));
            if filled != *text {
                // Without quotes, the value would have been read as what it then is.
                let is_plain = !source.slice(node.span).starts_with(['"', '\'']);
                node.value = typed(filled, is_plain);
            }
        }
        _ => {}
    }
}

fn typed(text: String, is_plain: bool) -> Value {
    match text.as_str() {
        "true" | "false" if is_plain => Value::Bool(text == "true"),
        digits if is_plain => match digits.parse::<i64>() {
            Ok(number) => Value::Number(number.into()),
            Err(_) => Value::String(text),
        },
        _ => Value::String(text),
    }
}

/// The text with its variables, and the names of those that are not set.
fn filled(text: &str, environment: &Environment) -> (String, Vec<String>) {
    let mut filled = String::with_capacity(text.len());
    let mut missing = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, written, behind) = match braced {
            Some((name, behind)) => (name, format!("${{{name}}}"), behind),
            None => {
                let end = after.find(|c| !is_of_name(c)).unwrap_or(after.len());
                let (name, behind) = after.split_at(end);
                (name, format!("${name}"), behind)
            }
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_of_name);
        match environment.get(name).filter(|_| is_name) {
            Some(value) => filled.push_str(value),
            None => {
                filled.push_str(&written);
                if is_name {
                    missing.push(name.to_owned());
                }
            }
        }
        rest = behind;
    }
    filled.push_str(rest);
    (filled, missing)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn variables_are_filled_and_those_that_are_not_set_are_told() {
        let environment: Environment = [("URL", "https://a"), ("N", "60"), ("ON", "true")]
            .into_iter()
            .collect();
        let text = "url: '${URL}/x'\nshort: $URL/y\nnumber: $N\ntext: '$N'\non: ${ON}\nmoney: 5$ ${} $5 ${a b} $\nlist: [$URL, {password: $GONE}]\n";
        let (source, mut node) = parse("p.yaml", text.into(), Format::Yaml).unwrap();
        let unset = fill(&source, &mut node, &environment);
        assert_eq!(
            node.to_json(),
            serde_json::json!({"url": "https://a/x", "short": "https://a/y", "number": 60, "text": "60", "on": true,
                "money": "5$ ${} $5 ${a b} $", "list": ["https://a", {"password": "$GONE"}]})
        );
        assert_eq!(unset.len(), 1);
        assert_eq!((unset[0].name.as_str(), unset[0].key.as_str()), ("GONE", "password"));
        assert_eq!(source.position(unset[0].place).line, 7);
    }

    proptest::proptest! {
        #[test]
        fn texts_without_variables_stay(text in "[^$]{0,40}") {
            let (filled, missing) = filled(&text, &Environment::default());
            proptest::prop_assert!(filled == text && missing.is_empty());
        }

        #[test]
        fn nothing_that_is_not_set_is_lost(text in "[${}A-z0-9 ]{0,40}") {
            proptest::prop_assert_eq!(filled(&text, &Environment::default()).0, text);
        }
    }
}
