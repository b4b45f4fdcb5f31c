//! Requests that go to another API, because its base path is longer: no API has to change for that, another one comes or goes.

use super::Side;
use super::change::Changes;
use super::security::Guard;
use mgw_bundle::config::{Api, Method};
use mgw_bundle::template::{Segment, Template, decoded};
use std::collections::{BTreeMap, BTreeSet};

/// APIs by the paths that they are at: decoded, without a slash at the end.
type Paths<'a> = BTreeMap<String, &'a Api>;

/// Compares who gets the requests below base paths that came or went.
pub(super) fn compare(before: Side<'_>, after: Side<'_>, changes: &mut Changes) {
    let (was, is) = (paths(before), paths(after));
    for (path, api) in is.iter().filter(|(path, _)| !was.contains_key(*path)) {
        let Some((base, old)) = owner(&was, path) else { continue };
        // What moved away or went altogether is told of itself.
        let Some(kept) = is.get(base).filter(|kept| same(kept, old)) else {
            continue;
        };
        let had: BTreeSet<(&str, Method)> = old.resources.iter().map(|one| (&*one.template, one.method)).collect();
        for resource in &kept.resources {
            if !had.contains(&(&*resource.template, resource.method)) {
                continue;
            }
            let which = match share(&resource.template, path.get(base.len()..).unwrap_or_default()) {
                Share::None => continue,
                Share::Some => format!("its requests below {path}"),
                Share::All => "its requests".to_owned(),
            };
            let mut about = changes.about(named(kept));
            let mut about = about.at(format!("{} {}", resource.method.as_str(), resource.template));
            about.breaking(match same(kept, api) {
                true => format!("{which} go to another operation: the API is at {path} itself"),
                false => format!("{which} go to {}, whose path is longer", named(api)),
            });
        }
    }
    for (path, gone) in was.iter().filter(|(path, _)| !is.contains_key(*path)) {
        let Some((base, api)) = owner(&is, path) else { continue };
        if same(gone, api) {
            continue;
        }
        for resource in &api.resources {
            let rest = path.get(base.len()..).unwrap_or_default();
            if matches!(share(&resource.template, rest), Share::None) {
                continue;
            }
            let what = format!("it serves requests below {path}, which went to {}", named(gone));
            let mut about = changes.about(named(api));
            let mut about = about.at(format!("{} {}", resource.method.as_str(), resource.template));
            if Guard::of(api, resource).admits_everybody() {
                about.weakening(format!("{what}, and anybody may call it"));
            } else {
                about.compatible(what);
            }
        }
    }
}

fn paths(side: Side<'_>) -> Paths<'_> {
    let mut paths = Paths::new();
    for api in &side.config.apis {
        for path in std::iter::once(&api.base_path).chain(&api.default_version_path) {
            paths.insert(decoded(path.trim_end_matches('/')).into_owned(), api);
        }
    }
    paths
}

/// The API that gets the requests below `path`, and the path that it is at.
fn owner<'p, 'a>(paths: &'p Paths<'a>, path: &'p str) -> Option<(&'p str, &'a Api)> {
    let mut base = path;
    loop {
        if let Some(api) = paths.get(base) {
            return Some((base, api));
        }
        base = base.get(..base.rfind('/')?)?;
    }
}

fn same(one: &Api, other: &Api) -> bool {
    (&one.name, &one.version) == (&other.name, &other.version)
}

fn named(api: &Api) -> String {
    format!("{} {}", api.name, api.version)
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
