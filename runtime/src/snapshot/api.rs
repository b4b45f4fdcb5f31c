//! One API, as requests see it.

use super::cors::CorsRules;
use super::endpoint::{BackendChoice, Resolver};
use crate::access_log::LoggedApi;
use crate::config::RuntimeConfig;
use crate::metrics::ApiMetrics;
use http::HeaderName;
use mgw_bundle::config::{self, ApiKeyLocation, ApiState, Scheme, Transports};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An API.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) logged: Arc<LoggedApi>,
    pub(crate) metrics: Arc<ApiMetrics>,
    pub(crate) transports: Transports,
    /// Every call is refused.
    pub(crate) blocked: bool,
    pub(crate) cors: Option<CorsRules>,
    pub(crate) resources: Vec<Resource>,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Whether callers have to show who they are.
    pub(crate) secured: bool,
    pub(crate) backends: BackendChoice,
    pub(crate) strip: Arc<Strip>,
}

/// Where the caller's credentials are, so that they can be kept from the backend.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Strip {
    pub(crate) headers: Vec<HeaderName>,
    pub(crate) query: Vec<String>,
}

impl Api {
    pub(super) fn compile(
        api: &config::Api,
        config: &RuntimeConfig,
        resolver: &mut Resolver<'_>,
        metrics: Arc<ApiMetrics>,
    ) -> Self {
        let endpoints = resolver.resolve(api, &api.endpoints);
        let mut shared: Vec<Arc<Strip>> = Vec::new();
        let resources: Vec<Resource> = api
            .resources
            .iter()
            .map(|resource| {
                let strip = Strip::compile(api, resource, config);
                let strip = match shared.iter().find(|known| ***known == strip) {
                    Some(known) => Arc::clone(known),
                    None => {
                        let strip = Arc::new(strip);
                        shared.push(Arc::clone(&strip));
                        strip
                    }
                };
                Resource {
                    secured: resource.security.enabled,
                    backends: BackendChoice::combine(&endpoints, &resolver.resolve(api, &resource.endpoints)),
                    strip,
                }
            })
            .collect();
        let key_parameters: BTreeSet<&String> = api
            .resources
            .iter()
            .flat_map(schemes)
            .filter_map(|scheme| match scheme {
                Scheme::ApiKey {
                    location: ApiKeyLocation::Query,
                    name,
                } => Some(name),
                _ => None,
            })
            .collect();
        Self {
            logged: Arc::new(LoggedApi {
                label: format!("{}:{}", api.name, api.version),
                key_parameters: key_parameters.into_iter().cloned().collect(),
            }),
            metrics,
            transports: api.transports,
            blocked: api.state == ApiState::Blocked,
            cors: api.cors.as_ref().map(CorsRules::compile),
            resources,
        }
    }
}

impl Strip {
    fn compile(api: &config::Api, resource: &config::Resource, config: &RuntimeConfig) -> Self {
        let mut strip = Self::default();
        if config.authentication.remove_header {
            let named = api
                .auth_header
                .as_deref()
                .and_then(|name| HeaderName::try_from(name).ok());
            strip
                .headers
                .push(named.unwrap_or_else(|| config.authentication.header.clone()));
        }
        // micro-gw passed API keys on; a backend has no use for its caller's credentials.
        if config.compat || !config.authentication.remove_header {
            return strip;
        }
        for scheme in schemes(resource) {
            if let Scheme::ApiKey { location, name } = scheme {
                match location {
                    ApiKeyLocation::Header => strip.headers.extend(HeaderName::try_from(name.as_str())),
                    ApiKeyLocation::Query => strip.query.push(name.clone()),
                }
            }
        }
        strip.headers.sort_by(|left, right| left.as_str().cmp(right.as_str()));
        strip.headers.dedup();
        strip.query.sort();
        strip.query.dedup();
        strip
    }
}

fn schemes(resource: &config::Resource) -> impl Iterator<Item = &Scheme> {
    resource
        .security
        .alternatives
        .iter()
        .flat_map(|requirement| &requirement.schemes)
}
