//! The operations of one API.

use super::change::About;
use super::{endpoints, limits, security};
use mgw_bundle::config::{Api, Method, Policies, Resource};
use std::collections::BTreeMap;

/// Compares the operations of an API.
pub(super) fn compare(before: (&Api, &Policies), after: (&Api, &Policies), about: &mut About<'_>) {
    fn by_place(api: &Api) -> BTreeMap<(&str, Method), &Resource> {
        let resources = api.resources.iter();
        resources
            .map(|resource| ((resource.template.as_str(), resource.method), resource))
            .collect()
    }
    let (was, is) = (by_place(before.0), by_place(after.0));
    let place = |(template, method): (&str, Method)| format!("{} {template}", method.as_str());
    for (key, resource) in &is {
        let mut about = about.at(place(*key));
        match was.get(key) {
            None if resource.security.enabled => about.compatible("it is new"),
            None => about.weakening("it is new, and anybody may call it"),
            Some(old) => {
                security::compare(&old.security, &resource.security, &mut about);
                security::compare_scopes(&old.scopes, &resource.scopes, &mut about);
                limits::compare_use(
                    (old.policy.as_ref(), before.1),
                    (resource.policy.as_ref(), after.1),
                    &mut about,
                );
                endpoints::compare(&old.endpoints, &resource.endpoints, &mut about);
            }
        }
    }
    for key in was.keys().filter(|key| !is.contains_key(*key)) {
        about.at(place(*key)).breaking("it is gone");
    }
}
