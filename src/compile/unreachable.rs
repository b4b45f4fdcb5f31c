//! Operations that no request reaches.

use super::unique::Places;
use crate::diagnostics::{About, Code, Diagnostic, Diagnostics};
use mgw_bundle::config::{Api, Resource};
use mgw_runtime::route::{self, Instead, Unreachable};

/// Reports them as warnings. The gateway's own table is asked, so what is said is what happens.
pub(super) fn check(apis: &[Api], places: &[Places], diagnostics: &mut Diagnostics) {
    // What cannot be routed at all has been reported with its place.
    let Ok(unreachable) = route::unreachable(apis) else {
        return;
    };
    for dead in unreachable {
        let (Some(api), Some(places)) = (apis.get(dead.api), places.get(dead.api)) else {
            continue;
        };
        let (Some(resource), Some(span)) = (api.resources.get(dead.resource), places.operations.get(dead.resource))
        else {
            continue;
        };
        let name = format!("{} of {}:{}", operation(resource), api.name, api.version);
        let found = |message: String, remedy: &str| {
            Diagnostic::warning(Code::UnreachableOperation, &places.source, *span, message)
                .remedy(remedy)
                .about(About::operation(api, resource))
        };
        if let Some(path) = &dead.at {
            let message = format!("{name} is not reached at {}", at_one_path(path, &dead, api, apis));
            let remedy = "Give the operation another path, or tell callers to use the other path of the API.";
            diagnostics.push(found(message, remedy));
            continue;
        }
        let (why, remedy) = match dead.instead {
            Instead::Api(other) => {
                let Some(other) = apis.get(other) else { continue };
                let other_name = format!("{}:{}", other.name, other.version);
                (
                    format!(
                        "its requests go to {other_name}, whose base path `{}` is longer",
                        other.base_path
                    ),
                    "Give one of the two APIs another base path, or remove the operation.",
                )
            }
            Instead::Resource(other) => {
                let Some(other) = api.resources.get(other) else {
                    continue;
                };
                (
                    format!(
                        "its requests go to more specific operations such as {}",
                        operation(other)
                    ),
                    "Remove the operation, or one of those that hide it.",
                )
            }
            Instead::Refusal => (
                "backends disagree about paths such as this one, so its requests are answered with 400".to_owned(),
                "Use a path without encoded slashes, semicolons and dots, or put the text into a query.",
            ),
            Instead::Nothing => (
                "its requests are not found".to_owned(),
                "Remove the operation, or change its path.",
            ),
        };
        let message = format!("{name} is never reached: {why}");
        diagnostics.push(found(message, remedy));
    }
}

/// The one of two paths at which an operation is not reached, and where its requests go there.
fn at_one_path(path: &str, dead: &Unreachable, api: &Api, apis: &[Api]) -> String {
    let which = match api.default_version_path.as_deref() == Some(path) {
        true => "the path of the default version",
        false => "the base path",
    };
    let other = match dead.instead {
        Instead::Api(other) => apis
            .get(other)
            .map(|other| format!(", to {}:{}", other.name, other.version)),
        Instead::Resource(other) => api
            .resources
            .get(other)
            .map(|other| format!(", to {}", operation(other))),
        Instead::Refusal | Instead::Nothing => None,
    };
    format!(
        "`{path}`, {which}: its requests there go elsewhere{}",
        other.unwrap_or_default()
    )
}

fn operation(resource: &Resource) -> String {
    format!("{} {}", resource.method.as_str(), resource.template)
}
