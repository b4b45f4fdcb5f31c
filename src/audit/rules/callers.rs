//! Who may call, and what they show.

use crate::audit::finding::{Finding, Subject, name, operation};
use crate::diagnostics::Code;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, ApiKeyLocation, ApiKind, Method, MutualTls, Resource, Scheme};

/// Whether nobody has to show anything to call an operation. Where security is off, the gateway looks at no certificate
/// either, even where the API demands one.
pub(super) fn is_open(resource: &Resource) -> bool {
    !resource.security.enabled
}

/// Operations that everybody may call. Where a whole API is open, that is told once.
pub(super) fn open_operations<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let open: Vec<&Resource> = api.resources.iter().filter(|resource| is_open(resource)).collect();
    let remedy = "Remove `x-wso2-disable-security`, or suppress the finding with the reason why everybody may call.";
    let without = match api.mutual_tls {
        Some(MutualTls::Mandatory) => ", also without the client certificate that the API demands",
        _ => "",
    };
    if open.len() > 1 && open.len() == api.resources.len() {
        let message = format!("everybody may call every operation of {}{without}", name(api));
        findings.push(Finding::warning(
            Code::OpenOperation,
            Subject::Api(api),
            message,
            remedy,
        ));
        return;
    }
    for resource in open {
        let message = format!("everybody may call {} of {}{without}", operation(resource), name(api));
        let subject = Subject::Operation(api, resource);
        findings.push(Finding::warning(Code::OpenOperation, subject, message, remedy));
    }
}

/// Operations that change something and ask for no scope, in an API that asks for scopes elsewhere.
pub(super) fn unscoped_operations<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let has_scopes = |resource: &Resource| !resource.scopes.names.is_empty();
    if !api.resources.iter().any(has_scopes) {
        return;
    }
    for resource in &api.resources {
        let changes = matches!(
            resource.method,
            Method::Post | Method::Put | Method::Patch | Method::Delete
        );
        if changes && takes_tokens(resource) && !has_scopes(resource) {
            let message = format!(
                "{} of {} takes every token, while other operations of the API ask for scopes",
                operation(resource),
                name(api)
            );
            let remedy = "Give it a `security` requirement with scopes, or suppress the finding with the reason.";
            let subject = Subject::Operation(api, resource);
            findings.push(Finding::note(Code::UnscopedOperation, subject, message, remedy));
        }
    }
}

fn takes_tokens(resource: &Resource) -> bool {
    let alternatives = &resource.security.alternatives;
    resource.security.enabled
        && alternatives
            .iter()
            .any(|requirement| requirement.schemes.contains(&Scheme::Oauth2))
}

/// API keys in URLs, which logs, proxies and browsers keep.
pub(super) fn keys_in_queries<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let in_query = |scheme: &Scheme| match scheme {
        Scheme::ApiKey {
            location: ApiKeyLocation::Query,
            name,
        } => Some(name.clone()),
        _ => None,
    };
    let mut keys: Vec<String> = api
        .resources
        .iter()
        .filter(|resource| resource.security.enabled)
        .flat_map(|resource| &resource.security.alternatives)
        .flat_map(|requirement| requirement.schemes.iter().filter_map(in_query))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let message = format!("{} takes API keys in the query parameter `{key}`", name(api));
        let remedy = "Take them in a header: addresses stand in the logs of every proxy on the way.";
        findings.push(Finding::warning(Code::KeyInQuery, Subject::Api(api), message, remedy));
    }
}

/// Credentials over plain HTTP.
pub(super) fn credentials_in_the_clear<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let asks = api.resources.iter().any(|resource| resource.security.enabled);
    if api.transports.http && asks {
        let message = format!("callers of {} may send their credentials over plain HTTP", name(api));
        let remedy = match api.kind {
            // Options of a service do not say it.
            ApiKind::Grpc => {
                "Have them call the TLS port alone: keep them from the plain one with a firewall or a network policy."
            }
            _ => "Set `x-wso2-transports: [https]`, unless something in front of the gateway ends TLS.",
        };
        findings.push(Finding::note(
            Code::CredentialsInTheClear,
            Subject::Api(api),
            message,
            remedy,
        ));
    }
}

/// Scripts of every web site.
pub(super) fn any_origin<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let Some(cors) = &api.cors else {
        return;
    };
    // With credentials it is a finding of `check`.
    if cors.allow_origins.iter().any(|origin| origin == "*") && !cors.allow_credentials {
        let message = format!("scripts of every web site may call {}", name(api));
        let remedy = "List the origins that are meant in `accessControlAllowOrigins`.";
        findings.push(Finding::note(Code::AnyOrigin, Subject::Api(api), message, remedy));
    }
    for origin in cors.allow_origins.iter().filter(|origin| origin.starts_with("http://")) {
        let host = origin.trim_start_matches("http://");
        if super::transport::is_this_machine(host.split([':', '/']).next().unwrap_or_default()) {
            continue;
        }
        let message = format!(
            "{} trusts the origin {origin}, whose pages come over plain HTTP",
            name(api)
        );
        let remedy = "Name it with https: whoever is on the way can put scripts into pages that come in the clear.";
        findings.push(Finding::warning(Code::AnyOrigin, Subject::Api(api), message, remedy));
    }
}
