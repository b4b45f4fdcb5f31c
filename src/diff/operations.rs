//! The operations of one API, matched by the requests that they are for: names of path parameters do not count.

use super::change::About;
use super::requests::Moved;
use super::security::Guard;
use super::{endpoints, limits, requests, security};
use mgw_bundle::config::{Api, Endpoints, Method, Policies, Resource};
use mgw_bundle::template::Template;
use std::collections::BTreeMap;

/// Which requests an operation is for. A template that cannot be parsed stands for itself.
pub(super) type Place = (Result<Template, String>, Method);

/// An API with the policies of its side.
pub(super) type Of<'a> = (&'a Api, &'a Policies);

/// An operation that is gone, and one that serves requests of its now.
#[derive(Debug)]
pub(super) struct Successor<'a> {
    pub(super) gone: &'a Resource,
    pub(super) now: &'a Resource,
    pub(super) told: Told,
}

/// Where it is told what requests that change hands meet now.
#[derive(Debug)]
pub(super) struct Told {
    /// The operation.
    pub(super) at: String,
    /// Which of its requests are meant, where others go elsewhere.
    pub(super) which: Option<String>,
}

/// Compares the operations of an API; returns what has become of those that are gone.
pub(super) fn compare<'a>(before: Of<'a>, after: Of<'a>, about: &mut About<'_>) -> Vec<Successor<'a>> {
    let (was, is) = (by_place(before.0), by_place(after.0));
    let moved = requests::moved(before.0, after.0);
    for (key, resource) in &is {
        let mut about = about.at(place(resource));
        match was.get(key) {
            Some(old) => compare_two((before, old), (after, resource), Known::Nothing, &mut about),
            None => tell_new((before.0, after.0), resource, &moved, &mut about),
        }
    }
    for (key, old) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
        tell_gone(old, key.0.is_ok(), &moved, &mut about.at(place(old)));
    }
    let mut successors = Vec::new();
    for one in &moved {
        let (Some(old), Some(new)) = (one.before, one.after) else {
            continue;
        };
        let is_gone = !is.contains_key(&key(old));
        let is_new = !was.contains_key(&key(new));
        let told = told((old, is_gone), (new, is_new), &moved);
        let mut about = about.at(told.at.clone()).among(told.which.clone());
        let known = match is_new {
            true => Known::Open,
            false => Known::Nothing,
        };
        compare_two((before, old), (after, new), known, &mut about);
        if is_gone {
            let (gone, now) = (old, new);
            successors.push(Successor { gone, now, told });
        }
    }
    successors
}

/// What has been told of an operation already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// That anybody may call it, where that is so.
    Open,
}

/// Compares what a request meets that one operation served and another, or the same, serves now.
pub(super) fn compare_two(
    (before, old): (Of<'_>, &Resource),
    (after, new): (Of<'_>, &Resource),
    known: Known,
    about: &mut About<'_>,
) {
    if !(known == Known::Open && Guard::of(after.0, new).admits_everybody()) {
        guards((before.0, old), (after.0, new), about);
    }
    limits((before, old), (after, new), about);
    backends((before.0, old), (after.0, new), about);
}

/// What limits a request that one operation served and another, or the same, serves now.
fn limits((before, old): (Of<'_>, &Resource), (after, new): (Of<'_>, &Resource), about: &mut About<'_>) {
    if limits::change_level(before.0, after.0) {
        limits::compare_level((before.0, old, before.1), (after.0, new, after.1), about);
    } else {
        limits::compare_use((old.policy.as_ref(), before.1), (new.policy.as_ref(), after.1), about);
    }
}

fn tell_new((before, after): (&Api, &Api), new: &Resource, moved: &[Moved<'_>], about: &mut About<'_>) {
    let origins: Vec<Option<&Resource>> = moved
        .iter()
        .filter(|one| is_same(one.after, new))
        .map(|one| one.before)
        .collect();
    let was_open = |old: &Resource| Guard::of(before, old).admits_everybody();
    let were_open = !origins.is_empty() && origins.iter().all(|origin| origin.is_some_and(was_open));
    if Guard::of(after, new).admits_everybody() && !were_open {
        about.weakening("it is new, and anybody may call it");
    } else if new.method == Method::Options && origins.contains(&None) && has_requests_of(before, new) {
        // Browsers send no credentials with it.
        about.breaking("it was answered by the gateway itself, and asks for credentials now");
    } else {
        about.compatible("it is new");
    }
}

fn tell_gone(old: &Resource, is_routed: bool, moved: &[Moved<'_>], about: &mut About<'_>) {
    let now: Vec<Option<&Resource>> = moved
        .iter()
        .filter(|one| is_same(one.before, old))
        .map(|one| one.after)
        .collect();
    let others: Vec<String> = now.iter().flatten().map(|new| place(new)).collect();
    let serve = if others.len() == 1 { "serves" } else { "serve" };
    match (others.is_empty(), now.contains(&None)) {
        (true, false) if is_routed => about.cosmetic("it is gone; others served all of its requests already"),
        (true, _) => about.breaking("it is gone"),
        (false, false) => about.compatible(format!("it is gone: {} {serve} its requests", some(&others))),
        (false, true) => about.breaking(format!(
            "it is gone: {} {serve} only some of its requests",
            some(&others)
        )),
    }
}

/// Where what changes between two operations is told: at the one that comes or goes. Where both do, it is the more
/// specific one that these requests are for.
fn told((old, is_gone): (&Resource, bool), (new, is_new): (&Resource, bool), moved: &[Moved<'_>]) -> Told {
    let count = |is_meant: &dyn Fn(&Moved<'_>) -> bool| moved.iter().filter(|one| is_meant(one)).count();
    if is_gone && !(is_new && key(new) < key(old)) {
        let several = count(&|one| is_same(one.before, old)) > 1;
        Told {
            at: place(old),
            which: several.then(|| format!("where {} serves its requests", place(new))),
        }
    } else {
        let several = count(&|one| is_same(one.after, new)) > 1;
        Told {
            at: place(new),
            which: several.then(|| format!("where {} served its requests", place(old))),
        }
    }
}

/// Some of them, so that somebody reads it.
fn some(places: &[String]) -> String {
    const MOST: usize = 3;
    let shown = places.get(..MOST).unwrap_or(places).join(", ");
    match places.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

pub(super) fn is_same(one: Option<&Resource>, other: &Resource) -> bool {
    one.is_some_and(|one| std::ptr::eq(one, other))
}

/// The requests that an operation is for.
pub(super) fn key(resource: &Resource) -> Place {
    let template = Template::parse(&resource.template).map_err(|_| resource.template.clone());
    (template, resource.method)
}

fn by_place(api: &Api) -> BTreeMap<Place, &Resource> {
    api.resources.iter().map(|resource| (key(resource), resource)).collect()
}

/// `GET /orders`
pub(super) fn place(resource: &Resource) -> String {
    format!("{} {}", resource.method.as_str(), resource.template)
}

fn guards(before: (&Api, &Resource), after: (&Api, &Resource), about: &mut About<'_>) {
    security::compare(Guard::of(before.0, before.1), Guard::of(after.0, after.1), about);
    // Where they are asked of nobody on one side, it is other credentials that are told.
    if [before.1, after.1]
        .iter()
        .all(|one| security::asks_scopes(&one.security))
    {
        security::compare_scopes(&before.1.scopes, &after.1.scopes, about);
    }
}

/// Backends of its own; where there were none, those of the API are what it replaces.
fn backends(before: (&Api, &Resource), after: (&Api, &Resource), about: &mut About<'_>) {
    if before.1.endpoints == after.1.endpoints {
        return;
    }
    let effective = |(api, resource): (&Api, &Resource)| Endpoints {
        production: resource
            .endpoints
            .production
            .clone()
            .or_else(|| api.endpoints.production.clone()),
        sandbox: resource
            .endpoints
            .sandbox
            .clone()
            .or_else(|| api.endpoints.sandbox.clone()),
    };
    endpoints::compare(&effective(before), &effective(after), about);
}

/// Whether an API has an operation, of any method, at a path of these requests.
fn has_requests_of(api: &Api, wanted: &Resource) -> bool {
    let Ok(wanted) = Template::parse(&wanted.template) else {
        return false;
    };
    let templates = api.resources.iter().map(|resource| Template::parse(&resource.template));
    templates.flatten().any(|template| template.meet(&wanted).is_some())
}
