//! The definition of an API as the compiler reads it: what the control plane knows beside it is added as extensions.
//!
//! What the definition says by itself stays. Servers go: they name the control plane's gateway, and a gateway that
//! took them for backends would call another gateway.

use super::{Notice, Topic, cors, endpoints, mediation, security};
use crate::cloud::control_plane::{ApiDetails, LifeCycle, Operation};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A definition, and what could not be taken over.
#[derive(Debug)]
pub(crate) struct Enriched {
    /// The definition.
    pub(crate) document: Value,
    /// What could not be taken over.
    pub(crate) notices: Vec<Notice>,
}

/// Adds the extensions of an API to its definition.
pub(crate) fn enrich(document: Value, api: &ApiDetails) -> Enriched {
    let mut notices = Vec::new();
    let mut root = match document {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for name in ["servers", "host", "schemes", "basePath"] {
        root.shift_remove(name);
    }
    let info = root.entry("info").or_insert_with(|| json!({}));
    if !info.is_object() {
        *info = json!({});
    }
    info["title"] = api.name.clone().into();
    info["version"] = api.version.clone().into();

    let has_backends =
        root.contains_key("x-wso2-production-endpoints") || root.contains_key("x-wso2-sandbox-endpoints");
    if has_backends {
        remove_passwords(&mut root);
    } else {
        let backends = endpoints::map(&api.endpoint_config, &api.endpoint_security);
        if backends.production.is_none() && backends.sandbox.is_none() && backends.notices.is_empty() {
            notices.push(Notice::new(Topic::Backend, &["endpointConfig"], "it has no backend"));
        }
        notices.extend(backends.notices);
        add(&mut root, "x-wso2-production-endpoints", backends.production);
        add(&mut root, "x-wso2-sandbox-endpoints", backends.sandbox);
    }
    add(
        &mut root,
        "x-wso2-basePath",
        Some(base_path(&api.context, &api.version).into()),
    );
    add(&mut root, "x-wso2-cors", api.cors.as_ref().map(cors::map));
    if !root.contains_key("x-throttling-tier") {
        add(&mut root, "x-wso2-throttling-tier", api.policy.clone().map(Value::from));
    }
    add(
        &mut root,
        "x-wso2-auth-header",
        api.auth_header.clone().map(Value::from),
    );
    let security = security::map(&api.security);
    notices.extend(
        security
            .notice
            .map(|text| Notice::new(Topic::Security, &["securityScheme"], text)),
    );
    add(&mut root, "x-wso2-application-security", security.application);
    add(&mut root, "x-wso2-mutual-ssl", security.certificate.map(Value::from));
    let transports = (!api.transports.is_empty()).then(|| json!(api.transports));
    add(&mut root, "x-wso2-transports", transports);
    let cache = api
        .response_cache_seconds
        .map(|seconds| json!({ "enabled": true, "cacheTimeoutInSeconds": seconds }));
    add(&mut root, "x-wso2-response-cache", cache);
    add(&mut root, "x-wso2-owner", api.provider.clone().map(Value::from));
    add(
        &mut root,
        "x-mgw-default-version",
        api.is_default_version.then_some(true.into()),
    );
    if api.state != LifeCycle::Published {
        root.insert("x-mgw-life-cycle".into(), api.state.name().to_uppercase().into());
    }
    operations(&mut root, api);
    notices.extend(mediation::notices(&api.mediation));
    if api.limits_backend {
        let text = "the limit of requests to its backend (maxTps) is not applied by this gateway";
        notices.push(Notice::new(Topic::Limit, &["maxTps"], text));
    }
    Enriched {
        document: Value::Object(root),
        notices,
    }
}

fn add(owner: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value
        && owner.get(name).is_none_or(Value::is_null)
    {
        owner.insert(name.to_owned(), value);
    }
}

/// Context and version, unless the context says where the version goes.
fn base_path(context: &str, version: &str) -> String {
    if context.contains("{version}") {
        context.replace("{version}", version)
    } else {
        format!("{}/{version}", context.trim_end_matches('/'))
    }
}

/// Exported definitions may carry secrets of endpoints.
fn remove_passwords(root: &mut Map<String, Value>) {
    for name in ["x-wso2-production-endpoints", "x-wso2-sandbox-endpoints"] {
        let config = root
            .get_mut(name)
            .and_then(|endpoint| endpoint.get_mut("securityConfig"));
        if let Some(Value::Object(config)) = config {
            for secret in [
                "password",
                "clientSecret",
                "apiKey",
                "value",
                "accessToken",
                "refreshToken",
            ] {
                config.shift_remove(secret);
            }
        }
    }
}

fn operations(root: &mut Map<String, Value>, api: &ApiDetails) {
    let has_api_policy = root.contains_key("x-wso2-throttling-tier") || root.contains_key("x-throttling-tier");
    let known: HashMap<(&str, &str), &Operation> = api
        .operations
        .iter()
        .rev()
        .map(|known| ((known.target.as_str(), known.verb.as_str()), known))
        .collect();
    let mut needs_scheme = false;
    if let Some(Value::Object(paths)) = root.get_mut("paths") {
        for (path, item) in paths.iter_mut() {
            let Value::Object(item) = item else { continue };
            item.shift_remove("servers");
            for (verb, node) in item.iter_mut() {
                let Value::Object(node) = node else { continue };
                node.shift_remove("servers");
                if let Some(known) = known.get(&(path.as_str(), verb.to_lowercase().as_str())) {
                    needs_scheme |= operation(node, known, has_api_policy);
                }
            }
        }
    }
    if needs_scheme {
        add_default_scheme(root);
    }
}

/// Returns whether the `default` scheme is referred to now.
fn operation(node: &mut Map<String, Value>, known: &Operation, has_api_policy: bool) -> bool {
    let has = |node: &Map<String, Value>, names: [&str; 2]| names.iter().any(|name| node.contains_key(*name));
    if !known.is_secured && !has(node, ["x-wso2-disable-security", "x-auth-type"]) {
        node.insert("x-wso2-disable-security".into(), true.into());
    }
    if let Some(policy) = &known.policy
        && !has_api_policy
        && !has(node, ["x-throttling-tier", "x-wso2-throttling-tier"])
    {
        node.insert("x-wso2-throttling-tier".into(), policy.clone().into());
    }
    let adds_scopes = known.is_secured && !known.scopes.is_empty() && !has(node, ["security", "x-scope"]);
    if adds_scopes {
        node.insert("security".into(), json!([{ "default": known.scopes }]));
    }
    adds_scopes
}

fn add_default_scheme(root: &mut Map<String, Value>) {
    let flow = json!({ "authorizationUrl": "https://localhost/authorize", "scopes": {} });
    let (owner, name, scheme) = if root.contains_key("swagger") {
        let mut scheme = flow;
        scheme["type"] = "oauth2".into();
        scheme["flow"] = "implicit".into();
        (Some(root), "securityDefinitions", scheme)
    } else {
        let components = root.entry("components").or_insert_with(|| json!({}));
        let scheme = json!({ "type": "oauth2", "flows": { "implicit": flow } });
        (components.as_object_mut(), "securitySchemes", scheme)
    };
    if let Some(owner) = owner
        && let Value::Object(schemes) = owner.entry(name).or_insert_with(|| json!({}))
    {
        add(schemes, "default", Some(scheme));
    }
}

#[cfg(test)]
#[path = "definition_tests.rs"]
mod tests;
