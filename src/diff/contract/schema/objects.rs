//! Properties of objects.

use super::finding::{At, property};
use super::view::{Rest, Together, View, flattened};
use super::{Compared, Schemas};
use crate::diff::Class;
use crate::diff::contract::direction::{Direction, Effect};
use crate::diff::contract::document::Document;
use serde_json::Value;
use std::collections::BTreeSet;

/// A property on one side.
struct Property<'a> {
    schemas: Together<'a>,
    is_needed: bool,
}

impl<'a> Schemas<'a> {
    pub(super) fn objects(
        &mut self,
        old: &View<'a>,
        new: &View<'a>,
        direction: Direction,
        path: &str,
        out: &mut Compared,
    ) {
        let names: BTreeSet<&'a str> = [old, new]
            .iter()
            .flat_map(|view| view.properties.keys().chain(&view.required).copied())
            .collect();
        for name in names {
            let place = property(path, name);
            let was = named(old, name, direction, self.before);
            let is = named(new, name, direction, self.after);
            let mut at = At {
                direction,
                path: &place,
                found: &mut out.findings,
            };
            match (was, is) {
                (Some(was), Some(is)) => {
                    needs(was.is_needed, is.is_needed, &mut at);
                    self.walk(&was.schemas, &is.schemas, direction, &place, out);
                }
                (None, Some(is)) => {
                    let schemas = added(&old.rest, is.is_needed, &mut at);
                    if let Some(schemas) = schemas.filter(|_| !old.properties.contains_key(name)) {
                        self.walk(&schemas, &is.schemas, direction, &place, out);
                    }
                }
                (Some(was), None) => {
                    // One that is marked as going the other way is none of the others.
                    let rest = match new.properties.contains_key(name) {
                        true => &Rest::Open,
                        false => &new.rest,
                    };
                    if let Some(schemas) = removed(rest, &mut at) {
                        self.walk(&was.schemas, &schemas, direction, &place, out);
                    }
                }
                (None, None) => {}
            }
        }
        self.rest(&old.rest, &new.rest, direction, path, out);
    }

    fn rest(&mut self, old: &Rest<'a>, new: &Rest<'a>, direction: Direction, path: &str, out: &mut Compared) {
        let mut at = At {
            direction,
            path,
            found: &mut out.findings,
        };
        let (was, is) = match (old, new) {
            (Rest::Open, Rest::Open) | (Rest::Closed, Rest::Closed) => return,
            (_, Rest::Closed) => return at.tell(Effect::Narrower, "has no other properties any more"),
            (Rest::Closed, _) => return at.tell(Effect::Wider, "may have other properties"),
            (old, new) => (schemas(old), schemas(new)),
        };
        self.walk(&was, &is, direction, &property(path, "*"), out);
    }
}

fn schemas<'a>(rest: &Rest<'a>) -> Together<'a> {
    match rest {
        Rest::Schema(schemas) => schemas.clone(),
        Rest::Open | Rest::Closed => Vec::new(),
    }
}

/// A property as it goes in a direction; `None`: it does not, or nobody spoke of it.
fn named<'a>(view: &View<'a>, name: &str, direction: Direction, document: &'a Document) -> Option<Property<'a>> {
    let is_needed = view.required.contains(name);
    let schemas = view.properties.get(name);
    if schemas.is_none() && !is_needed {
        return None;
    }
    let schemas = schemas.cloned().unwrap_or_default();
    if let Some(mark) = direction.excluded_by() {
        let (all, _) = flattened(document, &schemas);
        if all.iter().any(|schema| schema.get(mark) == Some(&Value::Bool(true))) {
            return None;
        }
    }
    Some(Property { schemas, is_needed })
}

fn needs(was: bool, is: bool, at: &mut At<'_>) {
    let what = match (at.direction, was, is) {
        (_, true, true) | (_, false, false) => return,
        (Direction::Received, false, true) => "is always there",
        (Direction::Received, true, false) => "may be missing",
        (_, false, true) => "is needed, and could be left out",
        (_, true, false) => "can be left out",
    };
    at.tell(if is { Effect::Narrower } else { Effect::Wider }, what);
}

/// Tells of a new property; returns the schemas that its values followed before.
fn added<'a>(rest: &Rest<'a>, is_needed: bool, at: &mut At<'_>) -> Option<Together<'a>> {
    const CLOSED: &str = "nothing else than what was known could be there";
    if at.direction != Direction::Received && is_needed {
        at.tell(Effect::Narrower, "is needed, and is new");
    } else if at.direction == Direction::Received && *rest == Rest::Closed {
        at.push(Class::Breaking, Some(CLOSED), "is new".to_owned());
    } else if at.direction == Direction::Either {
        at.tell(Effect::Other, "is new");
    } else {
        at.push(Class::Compatible, None, "is new".to_owned());
    }
    match rest {
        Rest::Schema(schemas) => Some(schemas.clone()),
        Rest::Open | Rest::Closed => None,
    }
}

/// Tells of a property that is gone; returns the schemas that its values follow now.
fn removed<'a>(rest: &Rest<'a>, at: &mut At<'_>) -> Option<Together<'a>> {
    const OPEN: &str = "what is sent in it has no effect, or is refused";
    match (at.direction, rest) {
        (Direction::Sent, Rest::Schema(schemas)) => {
            at.push(Class::Compatible, None, "is one of the other properties".to_owned());
            return Some(schemas.clone());
        }
        (Direction::Sent, Rest::Open) => at.push(Class::Breaking, Some(OPEN), "is gone".to_owned()),
        (Direction::Sent, Rest::Closed) => at.push(Class::Breaking, None, "is not taken any more".to_owned()),
        (Direction::Received, _) => at.push(Class::Breaking, None, "is gone".to_owned()),
        (Direction::Either, _) => at.tell(Effect::Other, "is gone"),
    }
    None
}
