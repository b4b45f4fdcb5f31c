//! Requests that go to another API: it is where that one was, or its base path is longer. No API has to change for that,
//! another one comes, goes or moves.

use super::Side;
use super::apis;
use super::change::{Changes, Class, listed};
use super::operations::{self, Known, is_same, place};
use super::paths::{self, Owner, Region, Regions, Replaced, named, same, shown};
use super::requests::{Moved, handed_over};
use super::security::Guard;
use mgw_bundle::config::{Method, Resource};
use mgw_bundle::template::{Segment, Template};
use std::collections::BTreeSet;

/// Compares APIs with others that were at the same path.
pub(super) fn compare_at(before: Side<'_>, after: Side<'_>, replaced: &[Replaced<'_>], changes: &mut Changes) {
    for one in replaced {
        let (old, new) = (one.before, one.after);
        let is_new = !before.config.apis.iter().any(|api| same(api, new));
        // Where that is all that it is, what it is instead of has been told.
        let is_told = is_new && paths::predecessors(new, replaced).len() == 1;
        let which = format!("at {}, instead of {}", listed(&one.paths), named(old));
        let mut about = changes.about(named(new)).among((!is_told).then_some(which));
        apis::compare_all((old, before), (new, after), &mut about);
    }
}

/// Compares who gets the requests below paths that came or went.
pub(super) fn compare_below(before: Side<'_>, after: Side<'_>, regions: &Regions<'_>, changes: &mut Changes) {
    for region in regions.values() {
        let (Some(was), Some(is)) = (&region.before, &region.after) else {
            continue;
        };
        if was.rest.is_empty() && is.rest.is_empty() {
            continue;
        }
        let moved = moved(region, was, is, regions);
        let is_another = !same(was.api, is.api);
        if is.rest.is_empty() {
            tell_lost(region, was, is, regions, changes);
        } else if is_another {
            tell_got(region, was, is, &moved, changes);
        }
        let known = match is_another && !is.rest.is_empty() {
            true => Known::Open,
            false => Known::Nothing,
        };
        // That requests go elsewhere is told, and so is what there is no more.
        let mut found = Changes::default();
        compare_moved(region, (was, before), (is, after), &moved, known, &mut found);
        changes.take(found, Class::Weakening);
    }
}

/// The requests of a region by the operations that they are for.
fn moved<'a>(region: &Region<'a>, was: &Owner<'a>, is: &Owner<'a>, regions: &Regions<'_>) -> Vec<Moved<'a>> {
    let base = region.base(if is.rest.is_empty() { was } else { is });
    let has = |path: &str| region.has(&format!("{base}{path}"), regions);
    handed_over((was.api, &is.rest), (is.api, &was.rest), &has)
}

/// Tells of each operation which requests it loses to an API that came.
fn tell_lost(region: &Region<'_>, was: &Owner<'_>, is: &Owner<'_>, regions: &Regions<'_>, changes: &mut Changes) {
    // What moved away or went altogether is told of itself.
    let at_base = regions.get(region.base(was)).and_then(|base| base.after.as_ref());
    let Some(kept) = at_base.filter(|kept| kept.rest.is_empty() && same(kept.api, was.api)) else {
        return;
    };
    let resources = was.api.resources.iter();
    let had: BTreeSet<(&str, Method)> = resources.map(|one| (&*one.template, one.method)).collect();
    for resource in &kept.api.resources {
        if !had.contains(&(&*resource.template, resource.method)) {
            continue;
        }
        let path = shown(&region.path);
        let which = match share(&resource.template, &was.rest) {
            Share::None => continue,
            Share::Some => format!("its requests below {path}"),
            Share::All => "its requests".to_owned(),
        };
        let mut about = changes.about(named(kept.api));
        about.at(place(resource)).breaking(match same(kept.api, is.api) {
            true => format!("{which} go to another operation: the API is at {path} itself"),
            false => format!("{which} go to {}, whose path is longer", named(is.api)),
        });
    }
}

/// Tells of each operation that it gets requests of an API that went.
fn tell_got(region: &Region<'_>, was: &Owner<'_>, is: &Owner<'_>, moved: &[Moved<'_>], changes: &mut Changes) {
    for resource in &is.api.resources {
        if matches!(share(&resource.template, &is.rest), Share::None) {
            continue;
        }
        let (path, gone) = (shown(&region.path), named(was.api));
        let what = format!("it serves requests below {path}, which went to {gone}");
        let mut about = changes.about(named(is.api));
        let mut about = about.at(place(resource));
        let was_open = |old: Option<&Resource>| old.is_some_and(|old| Guard::of(was.api, old).admits_everybody());
        let mut origins = moved.iter().filter(|one| is_same(one.after, resource)).peekable();
        let were_open = origins.peek().is_some() && origins.all(|one| was_open(one.before));
        if Guard::of(is.api, resource).admits_everybody() && !were_open {
            about.weakening(format!("{what}, and anybody may call it"));
        } else {
            about.compatible(what);
        }
    }
}

/// Compares what requests meet that one API served at a path and another one, or the same at another path, serves now.
fn compare_moved(
    region: &Region<'_>,
    (was, before): (&Owner<'_>, Side<'_>),
    (is, after): (&Owner<'_>, Side<'_>),
    moved: &[Moved<'_>],
    known: Known,
    changes: &mut Changes,
) {
    let pairs: Vec<_> = moved.iter().filter_map(|one| one.before.zip(one.after)).collect();
    let path = shown(&region.path);
    let is_another = !same(was.api, is.api);
    if is_another && !pairs.is_empty() {
        let which = format!("below {path}, instead of {}", named(was.api));
        let mut about = changes.about(named(is.api)).among(Some(which));
        apis::compare_rules((was.api, before), (is.api, after), &mut about);
    }
    for (old, new) in pairs {
        let of = match is_another {
            true => format!(" of {}", named(was.api)),
            false => String::new(),
        };
        let which = format!("below {path}, where {}{of} served its requests", place(old));
        let mut about = changes.about(named(is.api)).among(Some(which));
        let (before, after) = ((was.api, &before.config.policies), (is.api, &after.config.policies));
        operations::compare_two((before, old), (after, new), known, &mut about.at(place(new)));
    }
}

/// How many of an operation's requests are below a path.
enum Share {
    None,
    Some,
    All,
}

/// `below` is decoded and begins with a slash, as `template` does.
fn share(template: &str, below: &str) -> Share {
    let Ok(template) = Template::parse(template) else {
        return Share::None;
    };
    let mut segments = template.segments().iter();
    let mut share = Share::All;
    for part in below.split('/').skip(1) {
        let Some(segment) = segments.next() else {
            return Share::None;
        };
        match segment {
            Segment::Rest => return Share::Some,
            segment if !segment.fits(part) => return Share::None,
            Segment::Prefix(_) => return Share::Some,
            Segment::Literal(_) => {}
            Segment::Variable | Segment::Pattern(_) => share = Share::Some,
        }
    }
    share
}
