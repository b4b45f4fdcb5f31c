//! Types, values and bounds.

use super::finding::{At, short, some};
use super::number::{Bound, End};
use super::view::{AS_THEY_ARE, View, admits_type, shown};
use crate::diff::Class;
use crate::diff::contract::direction::{Direction, Effect};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Formats of which each admits what those before it do.
const WIDER_FORMATS: [&[&str]; 2] = [&["int32", "int64"], &["float", "double"]];

/// Compares what is said of single values; `false`: no value of one is one of the other, and there is no more to say.
pub(super) fn compare(old: &View<'_>, new: &View<'_>, at: &mut At<'_>) -> bool {
    let shares_types = types(old, new, at);
    if shares_types {
        formats(old.format, new.format, at);
        enums(old.values.as_ref(), new.values.as_ref(), at);
        bounds(old, new, at);
        as_they_are(old, new, at);
        defaults(old.default, new.default, at);
        match (old.has_unique_items, new.has_unique_items) {
            (false, true) => at.tell(Effect::Narrower, "has no item twice"),
            (true, false) => at.tell(Effect::Wider, "may have an item twice"),
            _ => {}
        }
    }
    shares_types
}

fn types(old: &View<'_>, new: &View<'_>, at: &mut At<'_>) -> bool {
    let (was, is) = (named(old.types.as_ref()), named(new.types.as_ref()));
    let (shares, is_told) = match (&old.types, &new.types) {
        (None, None) => (true, false),
        (Some(_), None) => {
            at.tell(Effect::Wider, format!("is of any type, not only {was}"));
            (true, true)
        }
        (None, Some(_)) => {
            at.tell(Effect::Narrower, format!("is {is}, not of any type"));
            (true, true)
        }
        (Some(before), Some(after)) => {
            let is_kept = before.iter().all(|name| admits_type(after, name));
            let was_there = after.iter().all(|name| admits_type(before, name));
            let effect = match (is_kept, was_there) {
                (true, true) => None,
                (true, false) => Some(Effect::Wider),
                (false, true) => Some(Effect::Narrower),
                (false, false) => Some(Effect::Other),
            };
            if let Some(effect) = effect {
                at.tell(effect, format!("is {is}, not {was}"));
            }
            let overlaps = before.iter().any(|name| admits_type(after, name))
                || after.iter().any(|name| admits_type(before, name))
                || before.is_empty() && after.is_empty();
            (overlaps, false)
        }
    };
    if !is_told {
        nullable(old.is_nullable, new.is_nullable, at);
    }
    shares
}

pub(super) fn nullable(was: bool, is: bool, at: &mut At<'_>) {
    match (was, is) {
        (true, false) => at.tell(Effect::Narrower, "is not null any more"),
        (false, true) => at.tell(Effect::Wider, "may be null"),
        _ => {}
    }
}

fn named(types: Option<&BTreeSet<&str>>) -> String {
    match types {
        None => "of any type".to_owned(),
        Some(types) if types.is_empty() => "nothing".to_owned(),
        Some(types) => types.iter().copied().map(short).collect::<Vec<_>>().join(" or "),
    }
}

fn formats(old: Option<&str>, new: Option<&str>, at: &mut At<'_>) {
    match (old, new) {
        (None, Some(format)) => at.tell(Effect::Narrower, format!("has the format {}", short(format))),
        (Some(format), None) => at.tell(Effect::Wider, format!("has the format {} no more", short(format))),
        (Some(was), Some(is)) if was != is => {
            let places = WIDER_FORMATS.iter().find_map(|formats| {
                let place = |format| formats.iter().position(|known| *known == format);
                Some((place(was)?, place(is)?))
            });
            let effect = match places {
                Some((before, after)) if before < after => Effect::Wider,
                Some(_) => Effect::Narrower,
                None => Effect::Other,
            };
            at.tell(effect, format!("has the format {}, not {}", short(is), short(was)));
        }
        _ => {}
    }
}

type Values<'a> = BTreeMap<String, &'a Value>;

fn enums(old: Option<&Values<'_>>, new: Option<&Values<'_>>, at: &mut At<'_>) {
    fn names<'v>(values: &'v Values<'_>, without: &Values<'_>) -> Vec<&'v str> {
        let names = values.keys().filter(|name| !without.contains_key(*name));
        names.map(String::as_str).collect()
    }
    let nothing = Values::new();
    match (old, new) {
        (None, Some(values)) => {
            let values = names(values, &nothing);
            at.tell(Effect::Narrower, format!("is one of {}", some(&values)));
        }
        (Some(values), None) => {
            let values = names(values, &nothing);
            at.tell(Effect::Wider, format!("may be another than {}", some(&values)));
        }
        (Some(was), Some(is)) => {
            let (gone, added) = (names(was, is), names(is, was));
            if !gone.is_empty() {
                at.tell(Effect::Narrower, format!("is {} no more", some(&gone)));
            }
            if !added.is_empty() {
                at.tell(Effect::Wider, format!("may be {}, which is new", some(&added)));
            }
        }
        (None, None) => {}
    }
}

fn bounds(old: &View<'_>, new: &View<'_>, at: &mut At<'_>) {
    let is_whole = |view: &View<'_>| {
        view.types
            .as_ref()
            .is_some_and(|types| types.iter().eq(["integer"].iter()))
    };
    let are_whole = is_whole(old) && is_whole(new);
    let strictness = |is: &Bound, was: &Bound, end: End| match are_whole {
        true => is.of_whole(end).strictness(&was.of_whole(end), end),
        false => is.strictness(was, end),
    };
    let (old, new) = (&old.bounds, &new.bounds);
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for name in names {
        let told = |bound: &Bound| match bound.is_exclusive {
            true => format!("{} (not itself)", bound.value),
            false => bound.value.to_string(),
        };
        match (old.get(name), new.get(name)) {
            (None, Some((_, is))) => at.tell(Effect::Narrower, format!("has the {name} {}, which is new", told(is))),
            (Some((_, was)), None) => at.tell(Effect::Wider, format!("has the {name} {} no more", told(was))),
            (Some((end, was)), Some((_, is))) => {
                let effect = match strictness(is, was, *end) {
                    Ordering::Greater => Effect::Narrower,
                    Ordering::Less => Effect::Wider,
                    Ordering::Equal => continue,
                };
                at.tell(effect, format!("has the {name} {}, not {}", told(is), told(was)));
            }
            (None, None) => {}
        }
    }
}

/// What can come or go, and else only be the same or another.
fn as_they_are(old: &View<'_>, new: &View<'_>, at: &mut At<'_>) {
    for keyword in AS_THEY_ARE {
        let texts = |view: &View<'_>| -> BTreeSet<String> {
            let values = view.others.get(keyword);
            values.into_iter().flatten().map(|value| short(&shown(value))).collect()
        };
        let exact = |view: &View<'_>| -> BTreeSet<String> {
            let values = view.others.get(keyword);
            values.into_iter().flatten().map(|value| shown(value)).collect()
        };
        let (was, is) = (exact(old), exact(new));
        if was == is {
            continue;
        }
        let listed = |view| texts(view).into_iter().collect::<Vec<_>>().join(" and ");
        if was.is_subset(&is) {
            at.tell(
                Effect::Narrower,
                format!("has the {keyword} {}, which is new", listed(new)),
            );
        } else if is.is_subset(&was) {
            at.tell(Effect::Wider, format!("has the {keyword} {} no more", listed(old)));
        } else {
            at.tell(
                Effect::Unclear("which values both admit is not known"),
                format!("has the {keyword} {}, not {}", listed(new), listed(old)),
            );
        }
    }
}

/// Who leaves something out means the default.
fn defaults(old: Option<&Value>, new: Option<&Value>, at: &mut At<'_>) {
    let what = match (old.map(shown), new.map(shown)) {
        (Some(was), Some(is)) if was != is => format!("has the default {}, not {}", short(&is), short(&was)),
        (Some(was), None) => format!("has the default {} no more", short(&was)),
        _ => return,
    };
    if at.direction == Direction::Sent {
        at.push(
            Class::Breaking,
            Some("it is answered otherwise where it is left out"),
            what,
        );
    }
}
