//! A change in a schema, before it is known where the schema is used.

use crate::diff::Class;
use crate::diff::contract::direction::{Direction, Effect};

/// Longest value, pattern or path in a message.
const LONGEST: usize = 80;

/// Most values in a message.
const MOST_LISTED: usize = 8;

/// A change in a schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) class: Class,
    /// Where in the schema, as `items[].count`; empty: the whole.
    pub(crate) path: String,
    /// What is said of it.
    pub(crate) what: String,
}

/// Takes what is found at one place of a schema.
#[derive(Debug)]
pub(super) struct At<'a> {
    pub(super) direction: Direction,
    pub(super) path: &'a str,
    pub(super) found: &'a mut Vec<Finding>,
}

impl At<'_> {
    /// Takes a change by what it does to the values that are admitted.
    pub(super) fn tell(&mut self, effect: Effect, what: impl Into<String>) {
        let (class, reason) = self.direction.weigh(effect);
        self.push(class, reason, what.into());
    }

    /// Takes a change that is grave in its own way.
    pub(super) fn push(&mut self, class: Class, reason: Option<&str>, what: String) {
        let what = match reason {
            Some(reason) => format!("{what}, which may break callers: {reason}"),
            None => what,
        };
        self.found.push(Finding {
            class,
            path: self.path.to_owned(),
            what,
        });
    }
}

/// A text that is not too long for a message.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}

/// Some texts in a message.
pub(super) fn some(texts: &[&str]) -> String {
    let listed: Vec<String> = texts.iter().take(MOST_LISTED).map(|text| short(text)).collect();
    match texts.len().saturating_sub(MOST_LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

/// The place of a property.
pub(super) fn property(path: &str, name: &str) -> String {
    match path {
        "" => short(name),
        path => format!("{path}.{}", short(name)),
    }
}

/// A long path without its middle.
pub(super) fn fitting(path: &str) -> String {
    const LONGEST: usize = 200;
    let length = path.chars().count();
    if length <= LONGEST {
        return path.to_owned();
    }
    let start: String = path.chars().take(LONGEST / 2).collect();
    let end: String = path.chars().skip(length - LONGEST / 2).collect();
    format!("{start}…{end}")
}
