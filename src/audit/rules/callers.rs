//! Who may call, and what they show.

use super::transport::leads_to_this_machine;
use crate::audit::finding::{Finding, Subject, name, operation};
use crate::diagnostics::Code;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, ApiKeyLocation, ApiKind, Method, MutualTls, Resource, Scheme};
use mgw_runtime::config::RuntimeConfig;
use std::collections::BTreeMap;

/// Whether nobody has to show anything to call an operation. Where security is off, the gateway looks at no certificate
/// either, even where the API demands one.
pub(super) fn is_open(resource: &Resource) -> bool {
    !resource.security.enabled
}

/// Operations that everybody may call.
pub(super) fn open_operations<'a>(api: &'a Api, _config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    for resource in api.resources.iter().filter(|resource| is_open(resource)) {
        let message = format!(
            "everybody may call {} of {}{}",
            operation(resource),
            name(api),
            also(api)
        );
        let subject = Subject::Operation(api, resource);
        findings.push(Finding::warning(Code::OpenOperation, subject, message, close(api)));
    }
}

/// Tells APIs once of which every operation is open, where nobody has looked at a single one.
pub(in crate::audit) fn open_as_a_whole(findings: &mut Vec<Finding<'_>>) {
    let mut open: BTreeMap<*const Api, usize> = BTreeMap::new();
    let of_open = |finding: &Finding<'_>| match finding.subject {
        Subject::Operation(api, _) if finding.code == Code::OpenOperation => Some(std::ptr::from_ref(api)),
        _ => None,
    };
    for api in findings.iter().filter_map(of_open) {
        *open.entry(api).or_default() += 1;
    }
    findings.retain_mut(|finding| {
        let Subject::Operation(api, _) = finding.subject else {
            return true;
        };
        let all = api.resources.len();
        match of_open(finding).and_then(|api| open.get_mut(&api)) {
            // The first of them stands for all; the others find nothing left.
            Some(count) if all > 1 && *count == all => {
                *count = 0;
                finding.subject = Subject::Api(api);
                finding.message = format!("everybody may call every operation of {}{}", name(api), also(api));
                true
            }
            Some(0) => false,
            _ => true,
        }
    });
}

fn close(api: &Api) -> &'static str {
    match api.kind {
        ApiKind::Grpc => {
            "Remove `NONE` from `wso2.security`, or suppress the finding with the reason why everybody may call."
        }
        _ => "Remove `x-wso2-disable-security`, or suppress the finding with the reason why everybody may call.",
    }
}

/// What they need not show either.
fn also(api: &Api) -> &'static str {
    match api.mutual_tls {
        Some(MutualTls::Mandatory) => ", also without the client certificate that the API demands",
        _ => "",
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
            let remedy = match api.kind {
                ApiKind::Grpc => "Give it scopes with `wso2.method_scopes`, or suppress the finding with the reason.",
                _ => "Give it a `security` requirement with scopes, or suppress the finding with the reason.",
            };
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

/// Credentials over plain HTTP, where the gateway listens to that at all.
pub(in crate::audit) fn credentials_in_the_clear<'a>(
    config: &'a GatewayConfig,
    settings: &RuntimeConfig,
    findings: &mut Vec<Finding<'a>>,
) {
    if settings.listener.http_port.is_some() {
        for api in &config.apis {
            credentials_of(api, findings);
        }
    }
}

fn credentials_of<'a>(api: &'a Api, findings: &mut Vec<Finding<'a>>) {
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
    let from_elsewhere = |origin: &&String| origin.starts_with("http://") && !leads_to_this_machine(origin);
    for origin in cors.allow_origins.iter().filter(from_elsewhere) {
        let message = format!(
            "{} trusts the origin {origin}, whose pages come over plain HTTP",
            name(api)
        );
        let remedy = "Name it with https: whoever is on the way can put scripts into pages that come in the clear.";
        findings.push(Finding::warning(Code::AnyOrigin, Subject::Api(api), message, remedy));
    }
}
