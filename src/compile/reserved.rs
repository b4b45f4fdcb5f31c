//! Paths that belong to the gateway itself.
//!
//! Its own services answer there before any API is asked, so what an API has there would be hidden without a word.

use super::extensions;
use super::unique::Candidate;
use crate::diagnostics::{About, Code, Diagnostic, Diagnostics, Severity};
use crate::project::Compat;

/// First segments of the paths of the gateway's own services.
const RESERVED: [&str; 6] = ["token", "revoke", "authorize", "userinfo", "apikey", "health"];

/// Reports base paths and operations that the gateway's own services hide: errors, and for projects of micro-gw, which
/// built them, warnings.
pub(super) fn check(candidates: &[Candidate], compat: Option<Compat>, diagnostics: &mut Diagnostics) {
    for candidate in candidates {
        let api = &candidate.compiled.api;
        let name = format!("{}:{}", api.name, api.version);
        let mut report = |span, about: About, message: String| {
            let mut diagnostic = Diagnostic::error(Code::ReservedPath, &candidate.source, span, message)
                .remedy(format!(
                    "Give the API a base path such as `/shop/v1` with `{}`.",
                    extensions::BASE_PATH
                ))
                .about(about);
            if compat == Some(Compat::MicroGw32) {
                diagnostic.severity = Severity::Warning;
            }
            diagnostics.push(diagnostic);
        };
        // The path of a default version begins like that of its version.
        if let Some(own) = reserved(&api.base_path) {
            let path = &api.base_path;
            let message = format!("the base path `{path}` of {name} is hidden by the gateway's own `/{own}`");
            report(candidate.compiled.base_path, About::api(api), message);
        }
        if api.base_path == "/" {
            for (resource, span) in api.resources.iter().zip(&candidate.compiled.operations) {
                if let Some(own) = reserved(&resource.template) {
                    let operation = format!("{} {}", resource.method.as_str(), resource.template);
                    let message = format!("{operation} of {name} is hidden by the gateway's own `/{own}`");
                    report(*span, About::operation(api, resource), message);
                }
            }
        }
    }
}

/// The service that answers at a path or below it.
fn reserved(path: &str) -> Option<&'static str> {
    let first = path.strip_prefix('/')?.split('/').next()?;
    let first = mgw_bundle::template::decoded(first);
    RESERVED.into_iter().find(|own| *own == first)
}

#[cfg(test)]
mod tests {
    use super::reserved;

    #[test]
    fn services_own_what_is_below_them() {
        for (path, owner) in [
            ("/token", Some("token")),
            ("/token/v1", Some("token")),
            ("/h%65alth", Some("health")),
            ("/tokens", None),
            ("/v1/token", None),
            ("/{x}", None),
            ("/", None),
        ] {
            assert_eq!(reserved(path), owner, "{path}");
        }
    }
}
