//! Operations with a WebSocket as their backend that no request can open.

use super::endpoint::is_web_socket;
use super::unique::Places;
use crate::diagnostics::{About, Code, Diagnostic, Diagnostics};
use mgw_bundle::config::{Api, ApiKind, Method, Resource};

/// Reports operations whose every request is answered with 426: a handshake is a GET.
pub(super) fn check(apis: &[Api], places: &[Places], diagnostics: &mut Diagnostics) {
    // Where gRPC is spoken, such an endpoint is an error by itself.
    let of_http = apis.iter().zip(places).filter(|(api, _)| api.kind == ApiKind::Http);
    for (api, places) in of_http {
        for (resource, span) in api.resources.iter().zip(&places.operations) {
            if resource.method == Method::Get || !is_one(api, resource) {
                continue;
            }
            let message = format!(
                "{} {} of {}:{} is never served: its backend is a WebSocket, which only GET opens",
                resource.method.as_str(),
                resource.template,
                api.name,
                api.version
            );
            diagnostics.push(
                Diagnostic::warning(Code::UnreachableOperation, &places.source, *span, message)
                    .remedy("Remove the operation, or give it an endpoint with `https://` or `http://` URLs.")
                    .about(About::operation(api, resource)),
            );
        }
    }
}

/// Whether whoever calls an operation comes to a WebSocket.
fn is_one(api: &Api, resource: &Resource) -> bool {
    let (own, of_api) = (&resource.endpoints, &api.endpoints);
    let production = own.production.as_ref().or(of_api.production.as_ref());
    let sandbox = own.sandbox.as_ref().or(of_api.sandbox.as_ref());
    let endpoints = || production.into_iter().chain(sandbox);
    endpoints().next().is_some() && endpoints().flat_map(|endpoint| endpoint.urls()).all(is_web_socket)
}
