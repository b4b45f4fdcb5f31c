//! One API, as requests see it.

use super::CorsRules;
use super::endpoint::{BackendChoice, Resolver};
use crate::access_log::LoggedApi;
use crate::auth::CallerKeyType;
use crate::metrics::ApiMetrics;
use crate::upstream::{Credentials, Protected};
use crate::usage::{UsageApi, UsageApis};
use http::HeaderName;
use mgw_bundle::config::{self, ApiKeyLocation, ApiKind, MutualTls, Scheme, Transports};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// An API.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) logged: Arc<LoggedApi>,
    pub(crate) metrics: Arc<ApiMetrics>,
    pub(crate) transports: Transports,
    /// Whether it looks at client certificates.
    pub(crate) mutual_tls: bool,
    pub(crate) cors: Option<CorsRules>,
    /// Whether backends see the base path too: that of gRPC is the name of the service.
    pub(crate) keeps_base_path: bool,
    pub(crate) resources: Vec<Resource>,
    /// What usage records say about it, where there are any.
    pub(crate) usage: Option<Arc<UsageApis>>,
}

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) backends: BackendChoice,
    /// Trailers that clients may not send to it.
    pub(crate) protected: Arc<Protected>,
}

impl Resource {
    /// Sets what clients may not send in trailers: `everywhere` and what only this resource or its endpoints know.
    pub(super) fn protect(
        &mut self,
        everywhere: &[HeaderName],
        stripped: &[HeaderName],
        known: &mut HashSet<Arc<Protected>>,
    ) {
        let credentials = self.backends.all().filter_map(|endpoint| match &endpoint.credentials {
            Some(Credentials::Header(name, _)) => Some(name),
            _ => None,
        });
        let protected = Protected::new(everywhere.iter().chain(stripped).chain(credentials));
        // Almost all resources have the same.
        self.protected = match known.get(&protected) {
            Some(known) => Arc::clone(known),
            None => {
                let protected = Arc::new(protected);
                known.insert(Arc::clone(&protected));
                protected
            }
        };
    }
}

impl Api {
    pub(super) fn compile(api: &config::Api, resolver: &mut Resolver<'_>, metrics: Arc<ApiMetrics>) -> Self {
        let endpoints = resolver.resolve(api, &api.endpoints);
        let resources = api
            .resources
            .iter()
            .map(|resource| Resource {
                backends: BackendChoice::combine(&endpoints, &resolver.resolve(api, &resource.endpoints)),
                protected: Arc::default(),
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
            // Only the TLS listener can ask for a certificate.
            transports: Transports {
                http: api.transports.http && api.mutual_tls != Some(MutualTls::Mandatory),
                ..api.transports
            },
            mutual_tls: api.mutual_tls.is_some(),
            cors: api.cors.as_ref().map(CorsRules::compile),
            keeps_base_path: api.kind == ApiKind::Grpc,
            resources,
            usage: None,
        }
    }

    /// Has requests leave usage records, on so many cores.
    pub(super) fn with_usage(self, api: &config::Api, cores: usize) -> Self {
        let urls = |resource: &Resource, key| resource.backends.of(key).ok()?.destinations.clone();
        let keys = [CallerKeyType::Production, CallerKeyType::Sandbox, CallerKeyType::Other];
        let resources = self.resources.iter();
        let destinations = resources.map(|resource| keys.map(|key| urls(resource, key)));
        let api = UsageApi::new(api, destinations.collect());
        Self {
            usage: Some(Arc::new(UsageApis::new(api, cores))),
            ..self
        }
    }
}

fn schemes(resource: &config::Resource) -> impl Iterator<Item = &Scheme> {
    resource
        .security
        .alternatives
        .iter()
        .flat_map(|requirement| &requirement.schemes)
}
