//! What browsers on other origins may do.

use super::admission::Admission;
use super::change::{About, listed};
use mgw_bundle::config::Cors;
use std::collections::BTreeSet;

/// Compares cross-origin rules.
pub(super) fn compare(before: Option<&Cors>, after: Option<&Cors>, about: &mut About<'_>) {
    // Rules without origins let no page in, as it is without rules.
    let [before, after] = [before, after].map(|rules| rules.filter(|rules| !rules.allow_origins.is_empty()));
    let (before, after) = match (before, after) {
        (None, None) => return,
        (None, Some(after)) => {
            let origins = listed(&after.allow_origins);
            return about.weakening(format!("pages of other origins may call it: {origins}"));
        }
        (Some(_), None) => return about.breaking("pages of other origins may not call it any more"),
        (Some(before), Some(after)) => (before, after),
    };
    let as_is: fn(&str) -> String = str::to_owned;
    // Names of headers are the same in any case.
    let folded: fn(&str) -> String = str::to_ascii_lowercase;
    for (what, spelling, before, after) in [
        ("origins", as_is, &before.allow_origins, &after.allow_origins),
        ("methods", as_is, &before.allow_methods, &after.allow_methods),
        ("request headers", folded, &before.allow_headers, &after.allow_headers),
        (
            "readable response headers",
            folded,
            &before.expose_headers,
            &after.expose_headers,
        ),
    ] {
        let (was, is) = (allowed(before, spelling), allowed(after, spelling));
        let sentence = format!("cross-origin {what} are {}, not {}", listed(after), listed(before));
        if is.admits_more_than(&was) {
            about.weakening(sentence.clone());
        }
        if was.admits_more_than(&is) {
            about.breaking(sentence);
        }
    }
    match (before.allow_credentials, after.allow_credentials) {
        (false, true) => about.weakening("pages of other origins may send credentials"),
        (true, false) => about.breaking("pages of other origins may not send credentials any more"),
        _ => {}
    }
    if before.max_age_seconds != after.max_age_seconds {
        about.compatible("browsers keep pre-flight answers for another time");
    }
}

fn allowed(list: &[String], spelling: fn(&str) -> String) -> Admission {
    if list.iter().any(|entry| entry == "*") {
        return Admission::everybody();
    }
    Admission(list.iter().map(|entry| BTreeSet::from([spelling(entry)])).collect())
}
