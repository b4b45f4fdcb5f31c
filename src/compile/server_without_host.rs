//! Servers of operations that name no backend.

use super::endpoints::Found;
use super::servers;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::openapi::Definition;
use mgw_bundle::config::Endpoint;

/// Tells of a server without a host at an operation or its path: its requests go where those of the API go. Nothing is said where the
/// server asks for no more than that.
pub(super) fn check(definition: &Definition, own: &Found, of_api: &Found, diagnostics: &mut Diagnostics) {
    let (Some((url, span)), None) = (&own.relative, &own.endpoints.production) else {
        return;
    };
    // Without that of the API there is none at all, which is an error.
    let Some(endpoint) = &of_api.endpoints.production else {
        return;
    };
    let path = url.trim_end_matches('/');
    let mut of_servers = definition.model.servers.iter().map(servers::expand);
    let is_no_other = of_servers.any(|url| url.trim_end_matches('/') == path);
    if path.is_empty() || is_no_other || leads_to(endpoint, path) {
        return;
    }
    let message = format!("the server `{url}` has no host and is not used: requests go to the endpoint of the API");
    diagnostics.push(
        Diagnostic::warning(Code::Server, &definition.source, *span, message).remedy(format!(
            "Write it with its host, such as `https://backend.example.com{path}`, or remove it."
        )),
    );
}

/// Whether a backend of the API is at a path.
fn leads_to(endpoint: &Endpoint, path: &str) -> bool {
    endpoint.urls().any(|url| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.find('/').map(|at| &rest[at..]) == Some(path)
    })
}
