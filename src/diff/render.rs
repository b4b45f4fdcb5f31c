//! Changes for people.

use super::{Change, Class, Counts};
use crate::ui::visible;
use std::fmt::Write;

/// One line a change under a headline for each class, whatever is in the names: they come from elsewhere. Writing to a
/// `String` cannot fail.
pub(crate) fn text(changes: &[Change]) -> String {
    let mut out = String::new();
    for (class, changes) in by_class(changes) {
        let _ = writeln!(out, "{}", class.name());
        for change in changes {
            let (subject, what) = (visible(&subject(change)), visible(&change.what));
            let _ = writeln!(out, "  {subject}: {what}");
        }
    }
    let _ = write!(out, "{}", summary(Counts::of(changes)));
    out
}

/// A table for each class, for a comment under a change that is reviewed.
pub(crate) fn markdown(changes: &[Change]) -> String {
    let mut out = format!("**{}**\n", summary(Counts::of(changes)));
    for (class, changes) in by_class(changes) {
        let _ = write!(out, "\n### {}\n\n| What | Change |\n|---|---|\n", class.name());
        for change in changes {
            let _ = writeln!(out, "| {} | {} |", escaped(&subject(change)), escaped(&change.what));
        }
    }
    out.trim_end().to_owned()
}

/// The counts in a sentence.
pub(crate) fn summary(counts: Counts) -> String {
    let Counts {
        breaking,
        weakening,
        compatible,
        cosmetic,
    } = counts;
    match breaking + weakening + compatible + cosmetic {
        0 => "Nothing changes.".to_owned(),
        _ => format!("{breaking} breaking, {weakening} weakening, {compatible} compatible, {cosmetic} cosmetic"),
    }
}

fn by_class(changes: &[Change]) -> impl Iterator<Item = (Class, Vec<&Change>)> {
    Class::ALL.into_iter().filter_map(|class| {
        let of: Vec<&Change> = changes.iter().filter(|change| change.class == class).collect();
        (!of.is_empty()).then_some((class, of))
    })
}

fn subject(change: &Change) -> String {
    match &change.place {
        Some(place) => format!("{} {place}", change.subject),
        None => change.subject.clone(),
    }
}

/// Names come from elsewhere: nothing in them ends a cell, starts a tag or a link, or changes how the rest is read.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '@' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
