//! Completing a command line while it is typed.
//!
//! The script of a shell hands over the words so far, and gets what may follow: [`complete`] finds out what kind of thing is
//! expected ([`line`](line)), and asks this machine for those there are ([`values`]). Nothing is asked over a network,
//! nothing is told on standard error, and a broken project completes what it can.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod line;
mod place;
mod scripts;
mod values;

pub(crate) use scripts::script;

use crate::context::Environment;
use line::{Expected, expected};
use place::Place;

/// What may follow, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Completed {
    /// Whatever files there are; the shell knows them best.
    Files,
    /// These words.
    Words(Vec<Word>),
}

/// A word that may follow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word {
    /// The whole word, what was typed of it included.
    pub(crate) text: String,
    /// What it is, in one line; may be empty.
    pub(crate) about: String,
}

impl Word {
    fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            about: about.into(),
        }
    }
}

/// Completes the last of the words after `mgw`, which may be empty.
pub(crate) fn complete(words: &[String], environment: &Environment) -> Completed {
    let (current, before) = match words.split_last() {
        Some((current, before)) => (current.as_str(), before),
        None => ("", words),
    };
    let Expected {
        prefix,
        wanted,
        arguments,
    } = expected(before, current);
    let typed = &current[prefix.len()..];
    let place = Place::new(&arguments, environment);
    match values::of(&wanted, typed, &place) {
        Completed::Files => Completed::Files,
        Completed::Words(words) => {
            let mut words: Vec<Word> = words
                .into_iter()
                .filter(|word| word.text.starts_with(typed) && is_plain(&word.text))
                .map(|word| Word::new(format!("{prefix}{}", word.text), plain(&word.about)))
                .collect();
            words.dedup_by(|one, other| one.text == other.text);
            Completed::Words(words)
        }
    }
}

/// A line of output holds one word: one with a control character is no word that anybody types.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

fn plain(about: &str) -> String {
    const LONGEST: usize = 100;
    let first = about.lines().next().unwrap_or_default();
    first.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
