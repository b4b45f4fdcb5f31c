//! `${NAME}` and `$NAME` in files of `apictl`: filled from the environment, as that does it.

use crate::context::Environment;
use crate::deployment::holds_secret;
use crate::diagnostics::Code;
use crate::migrate::credentials::names_credential;
use crate::migrate::draft::{Draft, Place};
use crate::yaml::{Node, Source, Span, Value};

/// How a variable is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `${NAME}`, as in `api.yaml`.
    Braces,
    /// `$NAME` too, as in parameters.
    Any,
}

/// A variable that is not filled, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unset {
    pub(super) name: String,
    pub(super) place: Span,
    /// The key whose value it is in.
    pub(super) key: String,
}

/// Fills the variables of a value; those that are not set, or called as a credential is, stay, and are returned.
pub(super) fn fill(source: &Source, node: &mut Node, form: Form, environment: &Environment) -> Vec<Unset> {
    let mut filling = Filling {
        source,
        form,
        environment,
        unset: Vec::new(),
    };
    filling.walk(node, "");
    filling.unset
}

/// Whether a text has a variable in it.
pub(super) fn has_any(text: &str, form: Form) -> bool {
    !filled(text, form, &Environment::default()).1.is_empty()
}

/// Whether a value has a variable in it, at any depth.
pub(super) fn is_in(node: &Node, form: Form) -> bool {
    match &node.value {
        Value::Object(members) => members.values().any(|member| is_in(&member.node, form)),
        Value::Array(items) => items.iter().any(|item| is_in(item, form)),
        Value::String(text) => has_any(text, form),
        _ => false,
    }
}

/// Tells each variable that is not filled.
pub(super) fn tell(source: &Source, unset: &[Unset], draft: &mut Draft) {
    // Secrets are not copied, so nobody misses the variables that they are in.
    for unset in unset.iter().filter(|unset| !holds_secret(&unset.key, false, "set")) {
        let (why, remedy) = match names_credential(&unset.name) {
            true => (
                "is called as a secret is, and is not filled",
                "Secrets are given to the gateway where it runs, and written into no project.",
            ),
            false => ("is not set", "Set it in the environment, and migrate again."),
        };
        draft.lost(
            Code::MigrateSetting,
            &Place::At(source.clone(), unset.place),
            format!("the variable `{}` {why}", unset.name),
            remedy,
        );
    }
}

struct Filling<'a> {
    source: &'a Source,
    form: Form,
    environment: &'a Environment,
    unset: Vec<Unset>,
}

impl Filling<'_> {
    fn walk(&mut self, node: &mut Node, key: &str) {
        match &mut node.value {
            Value::Object(members) => {
                for (name, member) in members {
                    self.walk(&mut member.node, name);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, key)),
            Value::String(text) => {
                let (filled, missing) = filled(text, self.form, self.environment);
                self.unset.extend(missing.into_iter().map(|name| Unset {
                    name,
                    place: node.span,
                    key: key.to_owned(),
                }));
                if filled != *text {
                    // Without quotes, the value would have been read as what it then is.
                    let is_plain = !self.source.slice(node.span).starts_with(['"', '\'']);
                    node.value = typed(filled, is_plain);
                }
            }
            _ => {}
        }
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

/// The text with its variables, and the names of those that are not filled.
fn filled(text: &str, form: Form, environment: &Environment) -> (String, Vec<String>) {
    let mut filled = String::with_capacity(text.len());
    let mut missing = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, written, behind) = match braced {
            Some((name, behind)) => (name, format!("${{{name}}}"), behind),
            None if form == Form::Braces => ("", "$".to_owned(), after),
            None => {
                let end = after.find(|c| !is_of_name(c)).unwrap_or(after.len());
                let (name, behind) = after.split_at(end);
                (name, format!("${name}"), behind)
            }
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_of_name);
        match environment.get(name).filter(|_| is_name && !names_credential(name)) {
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
        let unset = fill(&source, &mut node, Form::Any, &environment);
        assert_eq!(
            node.to_json(),
            serde_json::json!({"url": "https://a/x", "short": "https://a/y", "number": 60, "text": "60", "on": true,
                "money": "5$ ${} $5 ${a b} $", "list": ["https://a", {"password": "$GONE"}]})
        );
        assert_eq!(unset.len(), 1);
        assert_eq!((unset[0].name.as_str(), unset[0].key.as_str()), ("GONE", "password"));
        assert_eq!(source.position(unset[0].place).line, 7);
    }

    #[test]
    fn secrets_stay_variables_and_so_does_what_has_no_braces_where_those_are_wanted() {
        let environment: Environment = [("URL", "https://a"), ("API_TOKEN", "canary")].into_iter().collect();
        let text = "a: '${URL}/$URL'\nb: '${API_TOKEN}'\n";
        let (source, mut node) = parse("api.yaml", text.into(), Format::Yaml).unwrap();
        let unset = fill(&source, &mut node, Form::Braces, &environment);
        assert_eq!(
            node.to_json(),
            serde_json::json!({"a": "https://a/$URL", "b": "${API_TOKEN}"})
        );
        let mut draft = Draft::default();
        tell(&source, &unset, &mut draft);
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["api.yaml:2:4: warning: the variable `API_TOKEN` is called as a secret is, and is not filled"]
        );
        assert!(has_any("x${URL}", Form::Braces) && !has_any("$URL", Form::Braces));
    }

    proptest::proptest! {
        #[test]
        fn texts_without_variables_stay(text in "[^$]{0,40}") {
            let (filled, missing) = filled(&text, Form::Any, &Environment::default());
            proptest::prop_assert!(filled == text && missing.is_empty());
        }

        #[test]
        fn nothing_that_is_not_set_is_lost(text in "[${}A-z0-9 ]{0,40}") {
            for form in [Form::Any, Form::Braces] {
                proptest::prop_assert_eq!(&filled(&text, form, &Environment::default()).0, &text);
            }
        }
    }
}
