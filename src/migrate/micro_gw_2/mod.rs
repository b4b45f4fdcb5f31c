//! Projects of `micro-gw setup`, version 2.6: no definitions, but the code that was generated from them.
//!
//! What is read is what that version generates: `@http:ServiceConfig`, `@gateway:API`, `@http:ResourceConfig` and
//! `@gateway:RateLimit` of services, the endpoints that are called as the service and `_prod` or `_sand`, and the policies. Where
//! JSON has what API Manager said, the definitions come from there, and policies that have no code. Everything else is listed.

mod body;
mod metadata;
mod policy;
mod policy_file;
mod record;
mod service;
mod tokens;

use super::credentials::{Written, without};
use super::draft::{Draft, Place};
use super::micro_gw::{self, Manner, does_nothing, take_definition};
use super::secrets::{credential, without_user};
use super::tree::Branch;
use super::{file_name, gateway_settings};
use crate::diagnostics::Code;
use crate::yaml::{Format, Source, to_yaml};
use metadata::Described;
use mgw_bundle::api_id;
use service::{Declared, Endpoint, Service};
use std::collections::{BTreeMap, BTreeSet};

/// What endpoints have behind the name of their service, and what becomes of them.
const SIDES: [(&str, &str, &str, bool); 2] = [
    ("prod", "x-wso2-production-endpoints", "production", false),
    ("sand", "x-wso2-sandbox-endpoints", "sandbox", true),
];

/// Whether there is such a project.
pub(super) fn is_there(root: &Branch<'_>) -> bool {
    root.files().any(is_source)
}

/// Whether a file is code of the project itself, not of a build.
fn is_source(path: &str) -> bool {
    path.starts_with("src/") && path.ends_with(".bal")
}

/// Makes a definition of each service.
pub(super) fn convert(root: &Branch<'_>, gateway: Option<(String, Vec<u8>)>, draft: &mut Draft) {
    if let Some((name, bytes)) = gateway
        && let Some(text) = gateway_settings::carry(&name, bytes, draft)
    {
        draft.files.insert("conf/micro-gw.conf".into(), text);
    }
    let mut services: Vec<(Source, Service)> = Vec::new();
    let mut endpoints: BTreeMap<String, Endpoint> = BTreeMap::new();
    let mut policies = Vec::new();
    let mut said = Vec::new();
    let mut described: Vec<Described> = Vec::new();
    let has_definitions = root
        .files()
        .any(|path| path.starts_with("api_definitions/") && Format::of_name(path).is_some());
    for path in root.files() {
        let place = Place::File(root.shown(path));
        if is_source(path) {
            let read = root.read(path).ok();
            let Some(source) = read.and_then(|bytes| Source::new(&root.shown(path), bytes).ok()) else {
                draft.lost(
                    Code::MigrateFile,
                    &place,
                    "this file cannot be read",
                    "Make it readable, in UTF-8.",
                );
                continue;
            };
            if path.starts_with("src/policies/") {
                policy(&source, &place, &mut policies, draft);
            } else {
                code(source, &place, &mut services, &mut endpoints, draft);
            }
        } else if path.starts_with("api_definitions/") && Format::of_name(path).is_some() {
            take_definition(root, path, Manner::Copied, draft);
        } else if path == micro_gw::DEPLOYMENT {
            micro_gw::take_deployment(root, path, draft);
        } else if is_kept(path)
            && let Some(apis) = metadata::read(root, path, draft)
        {
            described.extend(apis);
        } else if is_kept(path)
            && let Some(policies) = policy_file::read(root, path, draft)
        {
            said.extend(policies);
        } else {
            other(path, &place, draft);
        }
    }
    if has_definitions {
        for (source, service) in &services {
            draft.note(
                Code::MigrateCode,
                &Place::At(source.clone(), service.span),
                "the project has definitions; this code is not read for another one",
                "Nothing is to be done where it was generated from them.",
            );
        }
    } else {
        for (source, service) in &services {
            let described = described.iter().find(|api| api.is_of(service));
            api(source, service, &endpoints, described, draft);
        }
        tell_unused(&services, &endpoints, draft);
        let is_served = |api: &&Described| services.iter().any(|(_, service)| api.is_of(service));
        for api in described.iter().filter(|api| !is_served(api)) {
            api.tell_unserved(draft);
        }
    }
    policy_file::add(said, &mut policies, draft);
    if !policies.is_empty() {
        policies.sort_by(|one, other| (one.level, &one.policy.name).cmp(&(other.level, &other.policy.name)));
        policies.dedup();
        draft.carried.policies += policies.len();
        draft
            .files
            .insert("policies.yaml".into(), policy::file(&policies).into_bytes());
    }
}

/// Tells the endpoints that no service calls by its name.
fn tell_unused(services: &[(Source, Service)], endpoints: &BTreeMap<String, Endpoint>, draft: &mut Draft) {
    let called: BTreeSet<String> = services
        .iter()
        .flat_map(|(_, service)| SIDES.map(|(suffix, ..)| format!("{}_{suffix}", service.name)))
        .collect();
    for (name, endpoint) in endpoints.iter().filter(|(name, _)| !called.contains(*name)) {
        draft.lost(
            Code::MigrateBackend,
            &Place::At(endpoint.source.clone(), endpoint.span),
            format!("the endpoint `{name}` is called as no API is, and does not carry over"),
            "Where a resource called it, name the backend at the operation in the definition.",
        );
    }
}

fn policy(source: &Source, place: &Place, policies: &mut Vec<policy::Policy>, draft: &mut Draft) {
    match policy::read(source) {
        Some(policy) => policies.push(policy),
        None if source.text().contains("initThrottlePolicies") || source.name().ends_with("_initializer.bal") => {}
        None => draft.lost(
            Code::MigratePolicy,
            place,
            "this policy is not as micro-gw generates it, and is not understood",
            "Write it into policies.yaml.",
        ),
    }
}

/// A file of code: services, endpoints, or something that somebody wrote.
fn code(
    source: Source,
    place: &Place,
    services: &mut Vec<(Source, Service)>,
    endpoints: &mut BTreeMap<String, Endpoint>,
    draft: &mut Draft,
) {
    let Declared {
        services: declared,
        endpoints: called,
        unknown,
        left_out,
        code: written,
    } = service::read(&source);
    for (what, span) in unknown {
        draft.lost(
            Code::MigrateCode,
            &Place::At(source.clone(), span),
            format!("`{what}` is not understood"),
            "See what it does there, and say it in the definition.",
        );
    }
    for (why, span) in left_out {
        draft.left_out(
            Code::MigrateCode,
            &Place::At(source.clone(), span),
            format!("this resource is left out: {why}"),
            "Write the operations that are meant into the definition.",
        );
    }
    let is_generated = !declared.is_empty() || !called.is_empty();
    for service in declared {
        if service.is_of_every_project() {
            micro_gw::tell_generated(&Place::At(source.clone(), service.span), draft);
        } else {
            services.push((source.clone(), service));
        }
    }
    endpoints.extend(called);
    let name = source.name().rsplit('/').next().unwrap_or_default();
    if is_generated || name == "listeners.bal" {
        for (what, span) in written {
            draft.lost(
                Code::MigrateCode,
                &Place::At(source.clone(), span),
                what,
                "Move its work into the backend or in front of it.",
            );
        }
    }
    if is_generated || matches!(name, "listeners.bal" | "throttle_policy_initializer.bal") {
        return;
    }
    if does_nothing(source.text()) {
        draft.note(
            Code::MigrateCode,
            place,
            "this code does nothing, as micro-gw puts it into each project",
            "Nothing is to be done.",
        );
    } else {
        draft.lost(
            Code::MigrateCode,
            place,
            "this code is not run",
            "Move its work into the backend or in front of it.",
        );
    }
}

/// Whether a file is one of the project, and not of a build or a tool.
fn is_kept(path: &str) -> bool {
    !path.starts_with("target/") && path.split('/').all(|part| !part.starts_with('.'))
}

fn other(path: &str, place: &Place, draft: &mut Draft) {
    let folder = path.split('/').next().unwrap_or_default();
    if !is_kept(path) {
        return;
    }
    match (folder, path) {
        (_, "README.md" | "LICENSE") => draft.note(
            Code::MigrateFile,
            place,
            "a gateway has no use for this file",
            "Keep it where it is.",
        ),
        _ => draft.lost(
            Code::MigrateFile,
            place,
            "this file is not understood",
            "See what it is for; mgw reads definitions, policies, certificates and settings.",
        ),
    }
}

/// The definition of a service with its backends, and with what the control plane said of the API.
fn api(
    source: &Source,
    service: &Service,
    endpoints: &BTreeMap<String, Endpoint>,
    described: Option<&Described>,
    draft: &mut Draft,
) {
    let place = Place::At(source.clone(), service.span);
    let (Some((name, version)), Some(mut document)) = (service.identity(), service.definition()) else {
        draft.left_out(
            Code::MigrateApi,
            &place,
            format!(
                "the API of `{}` is left out: its annotations are not as micro-gw generates them",
                service.name
            ),
            "Take its definition from the control plane, with `mgw pull` or `mgw add`.",
        );
        return;
    };
    for provider in service.unknown_providers() {
        draft.lost(
            Code::MigrateSetting,
            &place,
            format!("nothing is known of the authentication provider `{provider}`: callers have to show what the definition asks for"),
            "See \"Decide who may call\" in the documentation.",
        );
    }
    let known = described.and_then(|api| api.definition(draft));
    let is_known = known.is_some();
    if let Some(known) = known {
        document = metadata::merged(document, known);
    }
    let mut has_backend = false;
    for (suffix, extension, side, is_sandbox) in SIDES {
        let Some(endpoint) = endpoints.get(&format!("{}_{suffix}", service.name)) else {
            continue;
        };
        if endpoint.urls.is_empty() {
            continue;
        }
        has_backend = true;
        let mut endpoint = endpoint.clone();
        let of_endpoint = Place::At(endpoint.source.clone(), endpoint.span);
        for url in &mut endpoint.urls {
            if let Some(clean) = without_user(url).or_else(|| without(url, Written::AsValue)) {
                *url = clean;
                draft.lost(
                    Code::MigrateSecret,
                    &of_endpoint,
                    format!("the credentials in a URL of the {side} backend of {name} {version} are not copied"),
                    "Name the user in `securityConfig` of the endpoint, with `type: basic`, and give the password to the gateway.",
                );
            }
        }
        document.insert(extension.into(), endpoint.extension());
        let kind = endpoint.credentials.as_ref().map(|(kind, _)| *kind);
        if let Some((what, setting)) = kind.and_then(credential) {
            let setting = setting.of(&api_id(name, version), is_sandbox);
            draft.lost(
                Code::MigrateSecret,
                &of_endpoint,
                format!("the {what} for the {side} backend of {name} {version} is not copied"),
                format!("Give it to the gateway in the environment variable `{setting}`."),
            );
        }
    }
    if !has_backend {
        draft.left_out(
            Code::MigrateApi,
            &place,
            format!(
                "{name} {version} is left out: no endpoint is called `{0}_prod` or `{0}_sand`",
                service.name
            ),
            "Take its definition from the control plane, with `mgw pull` or `mgw add`.",
        );
        return;
    }
    if !is_known {
        draft.note(
            Code::MigrateApi,
            &place,
            format!(
                "the definition of {name} {version} has the paths and methods of the code, and nothing of what is sent"
            ),
            "Replace it with that of the control plane where that is at hand.",
        );
    }
    match to_yaml(&serde_json::Value::Object(document)) {
        Ok(text) => {
            let file = file_name(&format!("{name}-{version}"), "yaml");
            draft.add("api_definitions", file, text.into_bytes());
        }
        Err(error) => draft.left_out(
            Code::MigrateApi,
            &place,
            error.to_string(),
            "Take its definition from the control plane.",
        ),
    }
}

#[cfg(test)]
mod tests;
