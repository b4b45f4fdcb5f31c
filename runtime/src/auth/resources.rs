//! What each resource asks of its callers, resolved once per bundle.

use super::scopes::{RequiredScopes, ScopeNames};
use crate::config::RuntimeConfig;
use crate::refusal::{Challenge, Challenges};
use crate::tls::Pinned;
use http::HeaderName;
use mgw_bundle::config::{Api, ApiKeyLocation, Requirement, Resource, Scheme};

/// Credentials that are removed before a request is forwarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strip {
    /// Header fields.
    pub headers: Vec<HeaderName>,
    /// Query parameters.
    pub query: Vec<String>,
}

/// Where an API key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyPlace {
    Header(HeaderName),
    Query(String),
}

/// Schemes that have to be satisfied together.
#[derive(Debug, Clone, Default)]
pub(super) struct Alternative {
    pub(super) bearer: bool,
    pub(super) basic: bool,
    pub(super) api_keys: Vec<KeyPlace>,
    /// A scheme that cannot be satisfied, such as a key in a header whose name is none.
    pub(super) impossible: bool,
}

/// One resource.
#[derive(Debug, Clone)]
pub(super) struct ResourceSecurity {
    /// Path template.
    pub(super) template: String,
    pub(super) method: &'static str,
    pub(super) enabled: bool,
    pub(super) optional: bool,
    pub(super) alternatives: Vec<Alternative>,
    pub(super) scopes: Option<RequiredScopes>,
    pub(super) challenges: Challenges,
    pub(super) strip: Strip,
}

/// One API.
#[derive(Debug, Clone)]
pub(super) struct ApiSecurity {
    pub(super) api: Api,
    pub(super) header: HeaderName,
    pub(super) resources: Vec<ResourceSecurity>,
    /// Client certificates that came with the API.
    pub(super) certificates: Pinned,
}

impl ApiSecurity {
    pub(super) fn new(api: &Api, config: &RuntimeConfig, names: &mut ScopeNames) -> Self {
        let own = api
            .auth_header
            .as_ref()
            .and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        let header = own.unwrap_or_else(|| config.authentication.header.clone());
        let resources = api
            .resources
            .iter()
            .map(|resource| ResourceSecurity::new(api, resource, &header, config, names))
            .collect();
        // Only what decisions need: the resources' own lists are resolved above.
        let api = Api {
            resources: Vec::new(),
            ..api.clone()
        };
        Self {
            api,
            header,
            resources,
            certificates: Pinned::default(),
        }
    }
}

impl ResourceSecurity {
    fn new(
        api: &Api,
        resource: &Resource,
        header: &HeaderName,
        config: &RuntimeConfig,
        names: &mut ScopeNames,
    ) -> Self {
        let security = &resource.security;
        let alternative = |requirement: &Requirement| Alternative::new(requirement, header);
        let alternatives: Vec<_> = security.alternatives.iter().map(alternative).collect();
        let mut strip = Strip::default();
        if config.authentication.remove_header {
            strip.headers.push(header.clone());
        }
        // A token that claims to come from the gateway never comes from a client.
        strip.headers.push(config.backend_jwt.header.clone());
        if !config.compat {
            for place in alternatives.iter().flat_map(|alternative| &alternative.api_keys) {
                match place {
                    KeyPlace::Header(name) if !strip.headers.contains(name) => strip.headers.push(name.clone()),
                    KeyPlace::Query(name) if !strip.query.contains(name) => strip.query.push(name.clone()),
                    _ => {}
                }
            }
        }
        // micro-gw names the schemes of the API, whatever the resource asks for.
        let of_api: Vec<_> = match config.compat {
            true => api.alternatives.iter().map(alternative).collect(),
            false => Vec::new(),
        };
        let named = if of_api.is_empty() { &alternatives } else { &of_api };
        let accepted = Challenge {
            bearer: named.iter().any(|alternative| alternative.bearer),
            basic: named.iter().any(|alternative| alternative.basic),
            mutual_tls: api.mutual_tls.is_some(),
            scopes: resource.scopes.names.clone(),
        };
        Self {
            template: resource.template.clone(),
            method: resource.method.as_str(),
            enabled: security.enabled,
            optional: security.optional,
            alternatives,
            scopes: names.require(&resource.scopes),
            challenges: Challenges::build(&accepted, config.compat),
            strip,
        }
    }
}

impl Alternative {
    fn new(requirement: &Requirement, header: &HeaderName) -> Self {
        let mut alternative = Self {
            impossible: requirement.schemes.is_empty() || requirement.impossible(header.as_str()).is_some(),
            ..Self::default()
        };
        for scheme in &requirement.schemes {
            match scheme {
                Scheme::Oauth2 => alternative.bearer = true,
                Scheme::Basic => alternative.basic = true,
                Scheme::ApiKey { location, name } => match location {
                    ApiKeyLocation::Query => alternative.api_keys.push(KeyPlace::Query(name.clone())),
                    ApiKeyLocation::Header => match HeaderName::from_bytes(name.as_bytes()) {
                        Ok(name) => alternative.api_keys.push(KeyPlace::Header(name)),
                        Err(_) => alternative.impossible = true,
                    },
                },
            }
        }
        alternative
    }
}
