//! Answers by their codes.

use super::direction::Direction;
use super::operation::Answer;
use super::schema::Schemas;
use super::{content, parameters};
use crate::diff::change::About;
use std::collections::{BTreeMap, BTreeSet};

/// The answers of an operation.
type Answers<'a> = BTreeMap<String, Answer<'a>>;

/// Compares what callers get. Code by code, also where one side speaks of a range that the code is in.
pub(super) fn compare<'a>(schemas: &mut Schemas<'a>, old: &Answers<'a>, new: &Answers<'a>, about: &mut About<'_>) {
    if !schemas.budget.take(old.len() + new.len()) {
        return;
    }
    let codes: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    for code in codes {
        match (of(old, code), of(new, code)) {
            (Some(was), Some(is)) => compare_one(schemas, was, is, &named(code), about),
            (Some(_), None) => about.breaking(format!("it does not answer {} any more", shown(code))),
            (None, Some(_)) => about.compatible(format!("it may answer {}", shown(code))),
            (None, None) => {}
        }
    }
}

/// What is said of a code: of itself, of its range, or of all others.
fn of<'n, 'a>(answers: &'n Answers<'a>, code: &str) -> Option<&'n Answer<'a>> {
    let range = code.get(..1).map(|first| format!("{first}xx"));
    let mut names = [Some(code), range.as_deref(), Some("default")].into_iter().flatten();
    names.find_map(|name| answers.get(name))
}

fn shown(code: &str) -> String {
    match code {
        "default" => "with other codes".to_owned(),
        code => code.to_ascii_uppercase(),
    }
}

fn named(code: &str) -> String {
    match code {
        "default" => "answers with other codes".to_owned(),
        code => format!("the answer {}", code.to_ascii_uppercase()),
    }
}

fn compare_one<'a>(schemas: &mut Schemas<'a>, old: &Answer<'a>, new: &Answer<'a>, root: &str, about: &mut About<'_>) {
    match (old.content.is_empty(), new.content.is_empty()) {
        (false, true) => about.breaking(format!("{root} has no body any more")),
        (true, false) => about.compatible(format!("{root} has a body")),
        _ => {
            let body = format!("the body of {root}");
            content::compare(schemas, &old.content, &new.content, Direction::Received, &body, about);
        }
    }
    parameters::compare_headers(schemas, &old.headers, &new.headers, root, about);
}
