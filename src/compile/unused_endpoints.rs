//! Endpoints that no request is sent to, and operations without an endpoint for those who may call.

use super::endpoints::NamedEndpoints;
use super::extensions;
use super::some_of::some_of;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::openapi::{Definition, Operation};
use mgw_bundle::config::{Endpoints, Resource, Scheme, Security};

const CODE: Code = Code::UnreachableEndpoint;

/// Whether callers of an operation can have sandbox keys: tokens and API keys say so, everything else counts as production.
fn knows_sandbox(security: &Security) -> bool {
    let mut schemes = security
        .alternatives
        .iter()
        .flat_map(|requirement| &requirement.schemes);
    security.enabled && schemes.any(|scheme| matches!(scheme, Scheme::Oauth2 | Scheme::ApiKey { .. }))
}

/// Whether every request is refused, because all that come count as production and the only endpoint is for the sandbox.
pub(super) fn refuses_all(security: &Security, own: &Endpoints, of_api: &Endpoints) -> bool {
    let has_sandbox = own.sandbox.is_some() || of_api.sandbox.is_some();
    has_sandbox && !has_production(own, of_api) && !knows_sandbox(security)
}

fn has_production(own: &Endpoints, of_api: &Endpoints) -> bool {
    own.production.is_some() || of_api.production.is_some()
}

/// Reports the operations of which that is true.
pub(super) fn report_refused(definition: &Definition, refused: &[String], diagnostics: &mut Diagnostics) {
    if refused.is_empty() {
        return;
    }
    let place = definition.pruned.get(extensions::SANDBOX).map(|node| node.span);
    let message = format!(
        "calls of {} are refused: they show nothing that could be a sandbox key, and there is no production endpoint",
        some_of(refused)
    );
    let span = place.unwrap_or(definition.title_span());
    diagnostics.push(
        Diagnostic::warning(Code::NoEndpoint, &definition.source, span, message).remedy(format!(
            "Add `{}`, or have the operations take tokens or API keys.",
            extensions::PRODUCTION
        )),
    );
}

/// Reports a sandbox endpoint of an operation whose callers have no sandbox keys.
pub(super) fn check_operation(
    definition: &Definition,
    operation: Operation<'_>,
    endpoints: &Endpoints,
    security: &Security,
    diagnostics: &mut Diagnostics,
) {
    if endpoints.sandbox.is_some()
        && !knows_sandbox(security)
        && let Some(member) = operation.node.member(extensions::SANDBOX)
    {
        let message = format!(
            "the sandbox endpoint of {} gets no request: its callers show nothing that could be a sandbox key",
            operation.name()
        );
        diagnostics.push(
            Diagnostic::warning(CODE, &definition.source, member.key, message)
                .remedy("Remove it, or have the operation take tokens or API keys."),
        );
    }
}

/// Reports endpoints of an API that none of its operations uses.
pub(super) fn check_api(
    definition: &Definition,
    named: &NamedEndpoints<'_>,
    endpoints: &Endpoints,
    resources: &[Resource],
    diagnostics: &mut Diagnostics,
) {
    let source = &definition.source;
    for (name, span) in named.unused() {
        let message = format!("the endpoint `{name}` is named nowhere");
        diagnostics.push(Diagnostic::warning(CODE, source, span, message).remedy(format!(
            "Remove it, or write `{}: \"#/{}/{name}\"` where it is meant.",
            extensions::PRODUCTION,
            extensions::ENDPOINTS
        )));
    }
    if resources.is_empty() {
        return;
    }
    let mut report = |extension: &str, why: &str, remedy: &str| {
        if let Some(member) = definition.pruned.member(extension) {
            let message = format!("this endpoint of {} gets no request: {why}", definition.name());
            diagnostics.push(Diagnostic::warning(CODE, source, member.key, message).remedy(remedy));
        }
    };
    let own = "every operation has its own";
    let remove = "Remove it here, or at the operations.";
    if endpoints.production.is_some() && resources.iter().all(|resource| resource.endpoints.production.is_some()) {
        report(extensions::PRODUCTION, own, remove);
    }
    if endpoints.sandbox.is_some() {
        if resources.iter().all(|resource| resource.endpoints.sandbox.is_some()) {
            report(extensions::SANDBOX, own, remove);
        } else if !resources.iter().any(|resource| knows_sandbox(&resource.security))
            // Without a production endpoint it is the calls that go nowhere.
            && resources.iter().all(|resource| has_production(&resource.endpoints, endpoints))
        {
            report(
                extensions::SANDBOX,
                "callers show nothing that could be a sandbox key",
                "Remove it, or have operations take tokens or API keys.",
            );
        }
    }
}
