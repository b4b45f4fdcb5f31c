//! What a definition promises to callers beyond what the gateway looks at: parameters, bodies and answers. The gateway
//! passes them on; it is the backend that refuses or answers, so a call that was answered may not be any more.
//!
//! Both definitions are read into one shape, whichever version of OpenAPI they follow ([`operation`]), and compared by the
//! values that go one way ([`direction`]): callers send some and get others. What is only written in another way is no change.

mod answers;
mod budget;
mod content;
mod direction;
mod document;
mod operation;
mod parameters;
mod schema;
mod successor;
mod swagger;
#[cfg(test)]
mod tests;

use super::change::About;
use super::operations::{Successor, key};
use budget::Budget;
use direction::Direction;
use document::{Document, Found};
use operation::{Body, Operation};
use schema::Schemas;

/// Compares two definitions of an API, `successors`: where the requests of operations go that are gone. What is no JSON
/// promises nothing.
pub(super) fn compare(before: &[u8], after: &[u8], successors: &[Successor<'_>], about: &mut About<'_>) {
    if let (Some(before), Some(after)) = (Document::read(before), Document::read(after)) {
        compare_documents(&before, &after, successors, Budget::new(), about);
    }
}

fn compare_documents(
    before: &Document,
    after: &Document,
    successors: &[Successor<'_>],
    budget: Budget,
    about: &mut About<'_>,
) {
    let (was, is) = (before.operations(), after.operations());
    let mut schemas = Schemas::new(before, after, budget);
    for (place, now) in &is {
        // An operation that comes or goes is told as such.
        if let Some(old) = was.get(place) {
            compare_one(&mut schemas, (before, old), (after, now), &mut about.at(now.name()));
        }
    }
    for Successor { gone, now, told } in successors {
        if let (Some(gone), Some(now)) = (was.get(&key(gone)), is.get(&key(now))) {
            let mut about = about.at(told.at.clone()).among(told.which.clone());
            successor::compare(&mut schemas, (before, gone), (after, now), &mut about);
        }
    }
    if schemas.budget.is_exceeded() {
        about.breaking(
            "its definition has too many schemas behind references to compare all, which may break callers: what was not \
             compared may have changed",
        );
    }
}

fn compare_one<'a>(
    schemas: &mut Schemas<'a>,
    (before, old): (&'a Document, &Found<'a>),
    (after, new): (&'a Document, &Found<'a>),
    about: &mut About<'_>,
) {
    let (old, new) = (Operation::read(before, old), Operation::read(after, new));
    parameters::compare(schemas, &old.parameters, &new.parameters, about);
    compare_bodies(schemas, old.body.as_ref(), new.body.as_ref(), about);
    answers::compare(schemas, &old.answers, &new.answers, about);
    match (old.is_deprecated, new.is_deprecated) {
        (false, true) => about.compatible("it is deprecated"),
        (true, false) => about.compatible("it is deprecated no more"),
        _ => {}
    }
}

fn compare_bodies<'a>(
    schemas: &mut Schemas<'a>,
    old: Option<&Body<'a>>,
    new: Option<&Body<'a>>,
    about: &mut About<'_>,
) {
    match (old, new) {
        (None, None) => {}
        (None, Some(new)) if new.is_needed => about.breaking("it needs a body"),
        (None, Some(_)) => about.compatible("it takes a body"),
        (Some(_), None) => about.breaking(
            "it does not know a body any more, which may break callers: what is sent in it has no effect, or is refused",
        ),
        (Some(old), Some(new)) => {
            match (old.is_needed, new.is_needed) {
                (false, true) => about.breaking("it needs a body"),
                (true, false) => about.compatible("the body can be left out"),
                _ => {}
            }
            content::compare(schemas, &old.content, &new.content, Direction::Sent, "the body", about);
        }
    }
}
