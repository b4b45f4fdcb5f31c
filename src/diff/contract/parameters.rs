//! Parameters of requests, and headers of answers.

use super::content::tell_all;
use super::direction::Direction;
use super::operation::{Parameter, ParameterKey};
use super::schema::Schemas;
use crate::diff::change::About;
use std::collections::BTreeMap;

/// The parameters of an operation.
type Parameters<'a> = BTreeMap<ParameterKey, Parameter<'a>>;

/// Compares what requests carry beside their bodies.
pub(super) fn compare<'a>(
    schemas: &mut Schemas<'a>,
    old: &Parameters<'a>,
    new: &Parameters<'a>,
    about: &mut About<'_>,
) {
    if !schemas.budget.take(old.len() + new.len()) {
        return;
    }
    let mut moved: Vec<&ParameterKey> = Vec::new();
    for (key, was) in old {
        let (place, _) = key;
        match new.get(key) {
            Some(is) => compare_one(schemas, was, is, place, about),
            None if place == "path" => {}
            None => match moved_to(key, old, new) {
                Some((there, is)) => {
                    moved.push(there);
                    about.breaking(format!("it takes {} in the {}, not in the {place}", is.name, there.0));
                    values(schemas, was, is, &there.0, about);
                }
                None => about.breaking(format!(
                    "it does not know the {place} parameter {} any more, which may break callers: what is sent in it has no \
                     effect, or is refused",
                    was.name
                )),
            },
        }
    }
    for (key, is) in new {
        let (place, _) = key;
        if old.contains_key(key) || place == "path" || moved.contains(&key) {
            continue;
        }
        match is.is_needed {
            true => about.breaking(format!("it needs the {place} parameter {}, which is new", is.name)),
            false => about.compatible(format!("it takes the {place} parameter {}, which is new", is.name)),
        }
    }
}

/// Where a parameter is now that is not where it was, if that is one place.
fn moved_to<'n, 'a>(
    (place, name): &ParameterKey,
    old: &Parameters<'_>,
    new: &'n Parameters<'a>,
) -> Option<(&'n ParameterKey, &'n Parameter<'a>)> {
    let mut there = ["query", "header", "cookie"]
        .into_iter()
        .filter(|other| other != place)
        .filter_map(|other| {
            let name = match other {
                "header" => name.to_ascii_lowercase(),
                _ => name.clone(),
            };
            let is_new =
                |key: &ParameterKey| key.0 == other && key.1.eq_ignore_ascii_case(&name) && !old.contains_key(key);
            let exact = new.get_key_value(&(other.to_owned(), name.clone()));
            exact
                .filter(|(key, _)| is_new(key))
                // Headers are known in lower case alone.
                .or_else(|| new.iter().filter(|_| place == "header").find(|(key, _)| is_new(key)))
        });
    there.next().filter(|_| there.next().is_none())
}

fn compare_one<'a>(
    schemas: &mut Schemas<'a>,
    old: &Parameter<'a>,
    new: &Parameter<'a>,
    place: &str,
    about: &mut About<'_>,
) {
    match (old.is_needed, new.is_needed) {
        _ if place == "path" => {}
        (false, true) => about.breaking(format!(
            "it needs the {place} parameter {}, which could be left out",
            new.name
        )),
        (true, false) => about.compatible(format!("the {place} parameter {} can be left out", new.name)),
        _ => {}
    }
    for (was, is, what) in [
        (old.may_be_empty, new.may_be_empty, "be empty"),
        (
            old.may_have_reserved,
            new.may_have_reserved,
            "hold characters such as `/` and `?` as they are",
        ),
    ] {
        match (was, is) {
            (true, false) => about.breaking(format!("the {place} parameter {} may not {what} any more", new.name)),
            (false, true) => about.compatible(format!("the {place} parameter {} may {what}", new.name)),
            _ => {}
        }
    }
    values(schemas, old, new, place, about);
    if old.style != new.style && schemas.have_parts(old.schema, new.schema) {
        let written = |(style, stands_alone): (&str, bool)| match stands_alone {
            true => format!("{style} with parts of their own"),
            false => style.to_owned(),
        };
        about.breaking(format!(
            "the {place} parameter {} is written in the style {}, not {}",
            new.name,
            written(new.style),
            written(old.style)
        ));
    }
}

fn values<'a>(schemas: &mut Schemas<'a>, old: &Parameter<'a>, new: &Parameter<'a>, place: &str, about: &mut About<'_>) {
    let findings = schemas.compare(old.schema, new.schema, Direction::Sent);
    tell_all(&findings, &format!("the {place} parameter {}", new.name), about);
}

/// Compares the headers of what `root` names.
pub(super) fn compare_headers<'a>(
    schemas: &mut Schemas<'a>,
    old: &BTreeMap<String, Parameter<'a>>,
    new: &BTreeMap<String, Parameter<'a>>,
    root: &str,
    about: &mut About<'_>,
) {
    if !schemas.budget.take(old.len() + new.len()) {
        return;
    }
    for (name, was) in old {
        let header = format!("the header {} of {root}", was.name);
        let Some(is) = new.get(name) else {
            about.breaking(format!("{header} is gone"));
            continue;
        };
        match (was.is_needed, is.is_needed) {
            (true, false) => about.breaking(format!("{header} may be missing")),
            (false, true) => about.compatible(format!("{header} is always there")),
            _ => {}
        }
        let findings = schemas.compare(was.schema, is.schema, Direction::Received);
        tell_all(&findings, &header, about);
    }
    for (_, is) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        about.compatible(format!("the header {} of {root} is new", is.name));
    }
}
