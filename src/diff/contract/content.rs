//! Kinds of bodies, and what each looks like.

use super::direction::Direction;
use super::schema::{Finding, Schemas};
use crate::diff::change::About;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Bodies of one request or answer.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    /// Schemas by kind; without one, anything is admitted.
    kinds: BTreeMap<String, Option<&'a Value>>,
    /// The schema of Swagger 2.0 where nobody says of which kind the body is.
    of_any: Option<Option<&'a Value>>,
}

impl<'a> Content<'a> {
    /// `content` since 3.0.
    pub(super) fn of(content: Option<&'a Value>) -> Self {
        let content = content.and_then(Value::as_object).into_iter().flatten();
        Self {
            kinds: content.map(|(kind, body)| (plain(kind), body.get("schema"))).collect(),
            of_any: None,
        }
    }

    /// The one schema of all kinds in Swagger 2.0.
    pub(super) fn of_swagger(schema: Option<&'a Value>, kinds: Vec<&str>) -> Self {
        match schema {
            None => Self::default(),
            Some(schema) if kinds.is_empty() => Self {
                kinds: BTreeMap::new(),
                of_any: Some(Some(schema)),
            },
            Some(schema) => Self {
                kinds: kinds.into_iter().map(|kind| (plain(kind), Some(schema))).collect(),
                of_any: None,
            },
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.of_any.is_none()
    }

    /// How many kinds there are.
    pub(super) fn len(&self) -> usize {
        self.kinds.len() + 1
    }

    /// What is said of a kind: of itself, or of the range that it is in.
    fn kind(&self, kind: &str) -> Option<Option<&'a Value>> {
        let range = kind.split_once('/').map(|(whole, _)| format!("{whole}/*"));
        let ranges = [Some(kind), range.as_deref(), Some("*/*")];
        let mut said = ranges.into_iter().flatten().filter_map(|kind| self.kinds.get(kind));
        said.next().copied().or(self.of_any)
    }
}

/// A kind in one spelling; the charset is none of it.
fn plain(kind: &str) -> String {
    let mut parts = kind.split(';').map(str::trim).filter(|part| !part.is_empty());
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = parts.filter(|part| !part.to_ascii_lowercase().starts_with("charset="));
    parameters.fold(name, |kind, parameter| format!("{kind};{parameter}"))
}

/// Compares the bodies of what `root` names: kinds, and the schema of each.
pub(super) fn compare<'a>(
    schemas: &mut Schemas<'a>,
    old: &Content<'a>,
    new: &Content<'a>,
    direction: Direction,
    root: &str,
    about: &mut About<'_>,
) {
    if !schemas.budget.take(old.len() + new.len()) {
        return;
    }
    let mut told = Told::default();
    for (kind, was) in &old.kinds {
        match new.kind(kind) {
            Some(is) => {
                told.take(kind, schemas.compare(*was, is, direction));
                let is_range = !new.kinds.contains_key(kind) && new.of_any.is_none();
                if direction == Direction::Received && is_range {
                    about.breaking(format!(
                        "{root} may be of another kind than {kind}, which may break callers: they may not know it"
                    ));
                }
            }
            None if direction == Direction::Sent => about.breaking(format!("it takes no {kind} any more")),
            None => about.breaking(format!("{root} is no {kind} any more")),
        }
    }
    for (kind, is) in new.kinds.iter().filter(|(kind, _)| !old.kinds.contains_key(*kind)) {
        match old.kind(kind) {
            Some(was) => told.take(kind, schemas.compare(was, *is, direction)),
            None if direction == Direction::Sent => about.compatible(format!("it takes {kind} too")),
            None => about.compatible(format!("{root} may be {kind}")),
        }
    }
    if let (Some(was), Some(is)) = (old.of_any, new.of_any) {
        told.take("", schemas.compare(was, is, direction));
    }
    told.tell(root, about);
}

/// What was found of several kinds of one body: the same of each is told once.
#[derive(Debug, Default)]
struct Told {
    findings: BTreeMap<Finding, BTreeSet<String>>,
    kinds: BTreeSet<String>,
}

impl Told {
    fn take(&mut self, kind: &str, findings: Vec<Finding>) {
        self.kinds.insert(kind.to_owned());
        for finding in findings {
            self.findings.entry(finding).or_default().insert(kind.to_owned());
        }
    }

    fn tell(self, root: &str, about: &mut About<'_>) {
        for (finding, kinds) in &self.findings {
            if *kinds == self.kinds {
                tell(finding, root, about);
            } else {
                let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
                tell(finding, &format!("{root} as {}", kinds.join(", ")), about);
            }
        }
    }
}

/// Tells of a finding where the schema is used.
pub(super) fn tell(Finding { class, path, what }: &Finding, root: &str, about: &mut About<'_>) {
    match path.as_str() {
        "" => about.push(*class, format!("{root} {what}")),
        path => about.push(*class, format!("{path} of {root} {what}")),
    }
}

/// Tells of findings where the schema is used.
pub(super) fn tell_all(findings: &[Finding], root: &str, about: &mut About<'_>) {
    findings.iter().for_each(|finding| tell(finding, root, about));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_have_one_spelling_and_are_in_ranges() {
        assert_eq!(plain("Application/JSON; charset=utf-8"), "application/json");
        assert_eq!(plain("a/b;v=1 ; Charset=x"), "a/b;v=1");
        let any = json!({"*/*": {"schema": 1}, "text/*": {"schema": 2}, "text/xml": {"schema": 3}});
        let content = Content::of(Some(&any));
        for (kind, expected) in [("text/xml", 3), ("text/plain", 2), ("image/png", 1)] {
            assert_eq!(content.kind(kind), Some(Some(&json!(expected))), "{kind}");
        }
        assert_eq!(Content::of_swagger(Some(&any), vec!["a/b"]).kind("c/d"), None);
        assert_eq!(Content::of_swagger(Some(&any), vec![]).kind("c/d"), Some(Some(&any)));
    }
}
