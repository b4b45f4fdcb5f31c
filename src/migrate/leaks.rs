//! Credentials in definitions that stand where nobody wants one: in examples, unknown extensions, descriptions.

use super::credentials::{Written, is_mixed, is_named, names_credential, without};
use super::draft::{Draft, Place};
use super::secrets::Found;
use crate::diagnostics::Code;
use crate::yaml::{Node, Source, Span, Value};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Keys whose value is one of what they stand in: of the property, parameter or header of that name.
const OF_OWNER: [&str; 7] = ["example", "x-example", "default", "value", "schema", "items", "const"];
/// Keys of examples, in a list or each under a name of its own.
const OF_EXAMPLES: [&str; 2] = ["examples", "x-examples"];
/// Keys below which names are not those of values: schemas, scopes, requirements.
const NAMES: [&str; 4] = ["mapping", "scopes", "security", "x-wso2-application-security"];

/// A value that looks like a credential, or has one in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leak {
    /// What it is called, where that is why.
    name: Option<String>,
    /// The value as it was, where it is a credential as a whole.
    pub(super) text: Option<String>,
    /// Its place.
    pub(super) place: Span,
    /// What is left of it.
    pub(super) rest: String,
}

/// Takes the leaks out of `document`, which is `node` as JSON. Those that are `known` are left to others.
pub(super) fn take_out(node: &Node, document: &mut Json, known: &[Found]) -> Vec<Leak> {
    let mut search = Search {
        known: known
            .iter()
            .filter_map(|secret| Some((secret.value.start, secret.value.end, secret.text.as_deref()?)))
            .collect(),
        found: Vec::new(),
    };
    search.value(node, document, Some(""));
    // Behind an alias, a value has the place of the alias.
    search.found.sort_by_key(|leak| (leak.place.start, leak.place.end));
    search.found
}

struct Search<'a> {
    /// Place and text: behind an alias, all values have the place of the alias.
    known: BTreeSet<(u32, u32, &'a str)>,
    found: Vec<Leak>,
}

impl Search<'_> {
    /// `name` is what the value is called; `None` where it says nothing of it.
    fn value(&mut self, node: &Node, json: &mut Json, name: Option<&str>) {
        match (&node.value, json) {
            (Value::Object(members), Json::Object(into)) => {
                let own = node.get("name").and_then(Node::as_str);
                let own = name.and(own.filter(|own| names_credential(own)).or(name));
                for (key, member) in members {
                    let Some(json) = into.get_mut(key) else { continue };
                    match key.as_str() {
                        "enum" => self.choices(&member.node, json, own),
                        key if OF_EXAMPLES.contains(&key) => self.examples(&member.node, json, own),
                        key => {
                            let name = match name {
                                Some(_) if NAMES.contains(&key) => None,
                                Some(_) if OF_OWNER.contains(&key) => own,
                                name => name.and(Some(key)),
                            };
                            self.value(&member.node, json, name);
                        }
                    }
                }
            }
            (Value::Array(items), Json::Array(into)) => {
                for (item, json) in items.iter().zip(into) {
                    self.value(item, json, name);
                }
            }
            (Value::String(text), json) => self.text(node, text, json, name),
            (Value::Number(number), json) => {
                let text = number.to_string();
                if let Some(name) = name.filter(|name| is_of_digits(name) && is_named(name, &text)) {
                    self.take(node, Some(name), text, String::new(), json);
                }
            }
            _ => {}
        }
    }

    /// Examples of what `owner` is called, in a list or each under a name of its own.
    fn examples(&mut self, node: &Node, json: &mut Json, owner: Option<&str>) {
        let (Value::Object(members), Json::Object(into)) = (&node.value, &mut *json) else {
            return self.value(node, json, owner);
        };
        for (key, member) in members {
            if let Some(json) = into.get_mut(key) {
                let named = Some(key.as_str()).filter(|key| names_credential(key));
                self.value(&member.node, json, owner.and(named.or(owner)));
            }
        }
    }

    /// What a value may be. Several words are kinds of something; the only one is the value, and so is what is no word.
    fn choices(&mut self, node: &Node, json: &mut Json, owner: Option<&str>) {
        let (Value::Array(items), Json::Array(into)) = (&node.value, &mut *json) else {
            return self.value(node, json, owner);
        };
        for (item, json) in items.iter().zip(into) {
            let is_value = items.len() == 1 || item.as_str().is_some_and(is_mixed);
            self.value(item, json, owner.filter(|_| is_value));
        }
    }

    fn text(&mut self, node: &Node, text: &str, json: &mut Json, name: Option<&str>) {
        if self.known.contains(&(node.span.start, node.span.end, text)) {
            return;
        }
        if let Some(name) = name.filter(|name| is_named(name, text)) {
            self.take(node, Some(name), text.to_owned(), String::new(), json);
        } else if let Some(rest) = without(text, Written::AsValue) {
            self.take(node, None, text.to_owned(), rest, json);
        }
    }

    fn take(&mut self, node: &Node, name: Option<&str>, text: String, rest: String, json: &mut Json) {
        *json = Json::from(rest.as_str());
        self.found.push(Leak {
            name: name.map(str::to_owned),
            text: name.map(|_| text),
            place: node.span,
            rest,
        });
    }
}

/// Whether a number can be a credential under this name: `maxTokens` is none.
fn is_of_digits(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "pwd", "secret"].iter().any(|word| name.contains(word))
}

/// Tells each of them.
pub(super) fn tell(source: &Source, leaks: &[Leak], draft: &mut Draft) {
    for leak in leaks {
        let message = match &leak.name {
            Some(name) => {
                let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                format!("the value of `{name}` looks like a credential, and is not copied")
            }
            None => "what looks like a credential in this value is not copied".to_owned(),
        };
        draft.lost(
            Code::MigrateSecret,
            &Place::At(source.clone(), leak.place),
            message,
            "Change the credential where it is one, because it stood in a file; write a placeholder here where an example is needed.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn leaks_are_found_wherever_they_stand_and_told_without_their_value() {
        let text = "openapi: 3.0.0\ninfo: {title: A, version: '1', description: 'try token=canary1x'}\nx-ops: &ops {dbPassword: canary, hosts: ['amqp://u:canary@b']}\nx-more: *ops\n\
                    paths:\n  /a:\n    get:\n      security: [{apiKey: [canary-scope]}]\n      parameters:\n      - {name: X-Api-Key, in: header, example: canary, schema: {type: string, default: canary}}\n\
                    components:\n  schemas:\n    User:\n      properties: {password: {type: string, example: canary, format: password}, pin: {default: canary}}\n      example: {secret: 123456}\n      discriminator: {mapping: {password: canary-schema}}\n";
        let (source, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
        let mut document = node.to_json();
        let leaks = take_out(&node, &mut document, &[]);
        let lines: Vec<u32> = leaks.iter().map(|leak| source.position(leak.place).line).collect();
        assert_eq!(lines, [2, 3, 3, 4, 4, 10, 10, 14, 15], "{leaks:#?}");
        let left = document.to_string();
        assert_eq!(left.matches("canary").count(), 3, "{left}");
        for stays in ["canary-scope", "canary-schema", "\"default\":\"canary\"", "amqp://b"] {
            assert!(left.contains(stays), "{stays} in {left}");
        }
        let mut draft = Draft::default();
        tell(&source, &leaks, &mut draft);
        let told = format!(
            "{:?}",
            draft.findings.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        assert!(told.contains("a.yaml:3:") && !told.contains("canary"), "{told}");
    }

    #[test]
    fn examples_and_choices_are_those_of_their_owner() {
        let text = r"
paths:
  /a:
    parameters:
    - {name: api_key, examples: {one: {summary: first, value: canary}}}
    - {name: api_token, schema: {enum: [canary]}}
    - {name: api_keys, schema: {type: array, items: {type: string, example: canary}}}
    - {name: api_secret, schema: {enum: [shared, canary-7f3a]}}
components:
  schemas:
    A: {examples: {password: canary}}
    B: {properties: {token: {enum: [access, refresh]}, token_type: {enum: [bearer1]}}}
";
        let (_, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
        let mut document = node.to_json();
        assert_eq!(take_out(&node, &mut document, &[]).len(), 5);
        let left = document.to_string();
        assert!(!left.contains("canary"), "{left}");
        for stays in [
            "\"first\"",
            "[\"access\",\"refresh\"]",
            "[\"shared\",\"\"]",
            "[\"bearer1\"]",
        ] {
            assert!(left.contains(stays), "{stays} in {left}");
        }
    }

    #[test]
    fn beside_a_known_secret_behind_an_alias_leaks_are_found_too() {
        let text = "x-ops: &ops {queue: 'amqp://u:canary@b', dbPassword: canary-7f3a}\nx-more: *ops\n";
        let (_, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
        let known = crate::migrate::secrets::in_definition(&node);
        let mut document = node.to_json();
        assert_eq!((known.len(), take_out(&node, &mut document, &known).len()), (2, 2));
        crate::migrate::secrets::clean(&mut document, &known);
        assert!(!document.to_string().contains("canary"), "{document}");
    }
}
