//! An operation that is gone, and the one that serves its requests now: callers go on with the former's calls.
//!
//! Their paths look alike to the gateway alone. What stood there as a text may be a variable now, and callers sent none of
//! the values that this one is for.

use super::content::{Content, tell};
use super::direction::Direction;
use super::document::{Document, Found};
use super::operation::{Operation, Parameter, ParameterKey};
use super::schema::{Schemas, admits_text};
use super::{answers, compare_bodies, parameters};
use crate::diff::Class;
use crate::diff::change::About;
use mgw_bundle::config::Method;
use mgw_bundle::template::{ENCODED_SLASH, Segment, Template};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What is said of parts of paths that nobody says anything of.
static ANY_TEXT: LazyLock<Value> = LazyLock::new(|| json!({"type": "string"}));

type Parameters<'a> = BTreeMap<ParameterKey, Parameter<'a>>;

/// Compares what the calls of one operation are with what the other takes and answers.
pub(super) fn compare<'a>(
    schemas: &mut Schemas<'a>,
    (before, gone): (&'a Document, &Found<'a>),
    (after, now): (&'a Document, &Found<'a>),
    about: &mut About<'_>,
) {
    let (Ok(template), Ok(template_now)) = (Template::parse(gone.path), Template::parse(now.path)) else {
        return;
    };
    let (mut old, mut new) = (Operation::read(before, gone), Operation::read(after, now));
    let (old_path, new_path) = (take_path(&mut old), take_path(&mut new));
    // What the operation takes now was never a call of the former one.
    let was_none = held(&template_now, &template)
        .into_iter()
        .enumerate()
        .any(|(index, held)| match held {
            Held::Text(text) => {
                admits_text(before, at(&old_path, index).and_then(|old| old.schema), text) == Some(false)
            }
            _ => false,
        });
    if was_none {
        return;
    }
    for (index, held) in held(&template, &template_now).into_iter().enumerate() {
        let Some(parameter) = at(&new_path, index) else {
            continue;
        };
        let root = format!("the path parameter {} of {}", parameter.name, now.name());
        let sent = match held {
            Held::Text(text) => {
                let shown = text.replace(ENCODED_SLASH, "%2F");
                match admits_text(after, parameter.schema, text) {
                    Some(true) => {}
                    Some(false) => {
                        // As none of its calls is one of the other, there is no more to say.
                        about.breaking(format!("`{shown}` is no value of {root}"));
                        return;
                    }
                    None => about.breaking(format!(
                        "`{shown}` may be no value of {root}, which may break callers: its schema says more than can be \
                         looked at"
                    )),
                }
                continue;
            }
            Held::Variable(there) => at(&old_path, there).and_then(|old| old.schema),
            Held::Anything => None,
        };
        let sent = sent.unwrap_or(&ANY_TEXT);
        let findings = schemas.compare(Some(sent), parameter.schema, Direction::Sent);
        let breaking = findings.iter().filter(|finding| finding.class == Class::Breaking);
        breaking.for_each(|finding| tell(finding, &root, about));
    }
    if [gone, now].iter().any(|found| found.method == Method::Head) {
        // Whatever is said of them, answers to HEAD have no bodies.
        let answers = old.answers.values_mut().chain(new.answers.values_mut());
        answers.for_each(|answer| answer.content = Content::default());
    }
    parameters::compare(schemas, &old.parameters, &new.parameters, about);
    compare_bodies(schemas, old.body.as_ref(), new.body.as_ref(), about);
    answers::compare(schemas, &old.answers, &new.answers, about);
}

/// Takes the parameters of the path out, which go by their position there.
fn take_path<'a>(operation: &mut Operation<'a>) -> Parameters<'a> {
    let all = std::mem::take(&mut operation.parameters);
    let (path, others) = all.into_iter().partition(|((place, _), _)| place == "path");
    operation.parameters = others;
    path
}

fn at<'p, 'a>(path: &'p Parameters<'a>, index: usize) -> Option<&'p Parameter<'a>> {
    path.get(&("path".to_owned(), index.to_string()))
}

/// What requests for one operation have in the place of a variable of another.
#[derive(Debug, PartialEq, Eq)]
enum Held<'t> {
    Text(&'t str),
    /// The variable at this position.
    Variable(usize),
    Anything,
}

/// What requests for a template have in the places of each variable of another one.
fn held<'t>(of: &'t Template, other: &Template) -> Vec<Held<'t>> {
    let mut held = Vec::new();
    let mut passed = 0;
    for (index, segment) in other.segments().iter().enumerate() {
        let there = of.segments().get(index);
        match (there, segment) {
            (Some(Segment::Literal(text)), Segment::Variable) => held.push(Held::Text(text)),
            (Some(Segment::Literal(text)), Segment::Pattern(pattern)) if pattern.between().is_empty() => {
                let inner = text.strip_prefix(pattern.prefix());
                let inner = inner.and_then(|text| text.strip_suffix(pattern.suffix()));
                held.push(inner.map_or(Held::Anything, Held::Text));
            }
            (Some(there), segment) if there == segment => {
                held.extend((passed..passed + variables(segment)).map(Held::Variable));
            }
            (_, segment) => held.extend((0..variables(segment)).map(|_| Held::Anything)),
        }
        passed += there.map_or(0, variables);
    }
    held
}

fn variables(segment: &Segment) -> usize {
    match segment {
        Segment::Variable => 1,
        Segment::Pattern(pattern) => pattern.between().len() + 1,
        Segment::Literal(_) | Segment::Prefix(_) | Segment::Rest => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_place_of_each_variable() {
        use Held::{Anything, Text, Variable};
        for (of, other, expected) in [
            ("/a/new", "/a/{id}", vec![Text("new")]),
            ("/a/{x}/new", "/a/{id}/{part}", vec![Variable(0), Text("new")]),
            ("/a/new.json", "/a/{id}.json", vec![Text("new")]),
            (
                "/{x}-{y}/{z}",
                "/{a}-{b}/{c}",
                vec![Variable(0), Variable(1), Variable(2)],
            ),
            ("/{x}.json/{y}", "/{a}/{b}", vec![Anything, Variable(1)]),
            ("/a/*", "/a/{id}/{part}", vec![Anything, Anything]),
            ("/a*", "/{x}", vec![Anything]),
            ("/a/{id}", "/a/new", vec![]),
        ] {
            let [of, other] = [of, other].map(|text| Template::parse(text).unwrap());
            assert_eq!(held(&of, &other), expected, "{of:?} {other:?}");
        }
    }
}
