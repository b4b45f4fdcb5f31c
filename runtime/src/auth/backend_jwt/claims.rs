//! What the token for backends says.

use crate::auth::caller::UNKNOWN;
use crate::auth::subscription::Grant;
use crate::auth::{CallerKeyType, Identity};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Claims of the caller's token that are never passed on under their own name.
const RESTRICTED: [&str; 12] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "application",
    "tierInfo",
    "subscribedAPIs",
    "keytype",
    "backendJwt",
];

/// The operator's part of the token.
#[derive(Debug, Clone)]
pub(crate) struct Dialect {
    /// Prefix of claim names, with the slash that separates them.
    pub(crate) prefix: String,
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) restricted: HashSet<String>,
}

/// What the token says about the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiFacts<'a> {
    pub(crate) name: &'a str,
    pub(crate) base_path: &'a str,
    pub(crate) version: &'a str,
}

/// What is new in every token. Times are in seconds since the epoch.
#[derive(Debug)]
pub(crate) struct Stamp {
    pub(crate) id: String,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
}

/// Builds the claims. `remote`: what the control plane says about the user.
pub(crate) fn claims(
    dialect: &Dialect,
    identity: &Identity,
    grant: &Grant,
    api: ApiFacts<'_>,
    stamp: Stamp,
    remote: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    set("iss", dialect.issuer.as_str().into());
    match dialect.audience.as_slice() {
        [] => {}
        [one] => set("aud", one.as_str().into()),
        many => set("aud", many.into()),
    }
    set("jti", stamp.id.into());
    set("iat", stamp.issued.into());
    set("exp", stamp.expires.into());
    if identity.user != "Unknown" {
        set("sub", identity.user.as_str().into());
    }
    let key_type = match grant.key_type {
        CallerKeyType::Production => "PRODUCTION",
        CallerKeyType::Sandbox => "SANDBOX",
        CallerKeyType::Other => identity.key_type.as_deref().unwrap_or("PRODUCTION"),
    };
    let known = |text: &str| text != UNKNOWN && !text.is_empty() && text != "Unknown";
    let facts = [
        ("enduser", identity.user.as_str()),
        ("applicationid", &grant.application_id),
        ("applicationUUId", grant.application_uuid.as_deref().unwrap_or("")),
        ("subscriber", &grant.subscriber),
        ("applicationname", &grant.application_name),
        ("applicationtier", &grant.application_policy),
        ("apiname", api.name),
        ("apicontext", api.base_path),
        ("version", api.version),
        ("tier", &grant.subscription_policy),
        ("enduserTenantDomain", grant.tenant.as_deref().unwrap_or("")),
        ("keytype", key_type),
        ("usertype", "Application_User"),
    ];
    for (name, value) in facts.into_iter().filter(|(_, value)| known(value)) {
        set(&format!("{}{name}", dialect.prefix), value.into());
    }
    let restricted = |name: &String| RESTRICTED.contains(&name.as_str()) || dialect.restricted.contains(name);
    for (name, value) in &identity.claims {
        // A claim of the client's issuer must not pass for one of the gateway's.
        if !restricted(name) && !name.starts_with(&dialect.prefix) && !claims.contains_key(name) {
            claims.insert(name.clone(), value.clone());
        }
    }
    // The control plane speaks the gateway's dialect, but what is the gateway's to say stays so, said or not.
    let own = |name: &String| {
        let fact = name.strip_prefix(&dialect.prefix);
        fact.is_some_and(|fact| facts.iter().any(|(own, _)| *own == fact))
    };
    for (name, value) in remote.into_iter().flatten() {
        if !restricted(name) && !own(name) && !claims.contains_key(name) {
            claims.insert(name.clone(), value.clone());
        }
    }
    claims
}
