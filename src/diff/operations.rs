//! The operations of one API, matched by the requests that they are for: names of path parameters do not count.

use super::change::About;
use super::security::Guard;
use super::{endpoints, limits, security};
use mgw_bundle::config::{Api, Endpoints, Method, Policies, Resource};
use mgw_bundle::template::{Template, decoded_part};
use std::collections::BTreeMap;

/// Which requests an operation is for. A template that cannot be parsed stands for itself.
type Place = (Result<Template, String>, Method);

/// Compares the operations of an API.
pub(super) fn compare(before: (&Api, &Policies), after: (&Api, &Policies), about: &mut About<'_>) {
    let (was, is) = (by_place(before.0), by_place(after.0));
    let changes_level = limits::change_level(before.0, after.0);
    for (key, resource) in &is {
        let mut about = about.at(place(resource));
        if let Some(old) = was.get(key) {
            guards((before.0, old), (after.0, resource), &mut about);
            if changes_level {
                limits::compare_level((before.0, old, before.1), (after.0, resource, after.1), &mut about);
            } else {
                limits::compare_use(
                    (old.policy.as_ref(), before.1),
                    (resource.policy.as_ref(), after.1),
                    &mut about,
                );
            }
            backends((before.0, old), (after.0, resource), &mut about);
        } else if Guard::of(after.0, resource).admits_everybody() {
            about.weakening("it is new, and anybody may call it");
        } else if resource.method == Method::Options && was.keys().any(|(template, _)| is_for(template, resource)) {
            // Browsers send no credentials with it.
            about.breaking("it was answered by the gateway itself, and asks for credentials now");
        } else {
            about.compatible("it is new");
            // Its requests were another operation's.
            if let Some(old) = serving(&was, resource) {
                guards((before.0, old), (after.0, resource), &mut about);
                backends((before.0, old), (after.0, resource), &mut about);
            }
        }
    }
    for (_, old) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
        let mut about = about.at(place(old));
        match serving(&is, old) {
            None => about.breaking("it is gone"),
            Some(resource) => {
                about.compatible(format!("it is gone: {} serves its requests", place(resource)));
                guards((before.0, old), (after.0, resource), &mut about);
                backends((before.0, old), (after.0, resource), &mut about);
            }
        }
    }
}

fn by_place(api: &Api) -> BTreeMap<Place, &Resource> {
    let key = |resource: &Resource| {
        let template = Template::parse(&resource.template).map_err(|_| resource.template.clone());
        (template, resource.method)
    };
    api.resources.iter().map(|resource| (key(resource), resource)).collect()
}

fn place(resource: &Resource) -> String {
    format!("{} {}", resource.method.as_str(), resource.template)
}

fn guards(before: (&Api, &Resource), after: (&Api, &Resource), about: &mut About<'_>) {
    security::compare(Guard::of(before.0, before.1), Guard::of(after.0, after.1), about);
    // Where no token is looked at, its scopes are not either.
    if before.1.security.enabled && after.1.security.enabled {
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

/// The operation that serves the requests of `wanted`, which is not among them: the most specific one that matches a path
/// that stands for them. HEAD follows GET, and where both are as specific, HEAD goes first.
fn serving<'a>(operations: &BTreeMap<Place, &'a Resource>, wanted: &Resource) -> Option<&'a Resource> {
    let example = example(&wanted.template);
    let matching = operations.iter().filter_map(|((template, method), resource)| {
        let template = template.as_ref().ok()?;
        let follows = *method == Method::Get && wanted.method == Method::Head;
        let serves = (*method == wanted.method || follows) && template.matches(&example);
        serves.then_some((template, follows, *resource))
    });
    // Less is more specific.
    matching
        .min_by_key(|(template, follows, _)| (*template, *follows))
        .map(|(_, _, resource)| resource)
}

/// Whether a template takes requests that an operation is for.
fn is_for(template: &Result<Template, String>, wanted: &Resource) -> bool {
    template
        .as_ref()
        .is_ok_and(|template| template.matches(&example(&wanted.template)))
}

/// A path that stands for the requests of a template: with a text in the place of variables that nobody else expects.
fn example(template: &str) -> String {
    const ANYTHING: &str = "~anything~";
    let mut path = String::new();
    let mut in_variable = false;
    for c in template.chars() {
        match c {
            '{' => {
                in_variable = true;
                path.push_str(ANYTHING);
            }
            '}' => in_variable = false,
            _ if in_variable => {}
            '*' => path.push_str(ANYTHING),
            c => path.push(c),
        }
    }
    let parts: Vec<_> = path.split('/').map(decoded_part).collect();
    parts.join("/")
}
