//! A bundle and the operator's settings, compiled for the request path.
//!
//! A snapshot never changes. A request loads it once and sees one configuration from its first byte to its last; a reload
//! compiles a new one aside and swaps it in whole.

mod api;
mod certificates;
mod cors;
mod endpoint;
mod header_rules;

pub(crate) use api::{Api, Resource};
pub use certificates::CertificateProblem;
pub(crate) use cors::{CorsRules, Preflight};
pub(crate) use header_rules::HeaderRules;

use certificates::BundleCertificates;

use crate::auth::{Authenticator, KeyMaterial, Security};
use crate::config::{RuntimeConfig, WebSockets};
use crate::discovery::Discovery;
use crate::forwarding::Forwarding;
use crate::metrics::Metrics;
use crate::operator_blocks::{OperatorBlock, OperatorBlocks};
use crate::refusal::Renderer;
use crate::route::{ApiIndex, HeadRule, ResourceIndex, RouteError, RouteTable};
use crate::shared_quotas::SharedQuotas;
use crate::throttle::{Blocks, Counters, GlobalThrottle, Throttle};
use crate::tls::CertificateHeader;
use crate::upstream::{Endpoint, EndpointStates, Origins, TokenSources};
use http::HeaderName;
use ipnet::IpNet;
use mgw_bundle::{Bundle, Digest};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why a bundle cannot be served with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// APIs cannot be told apart or templates cannot be routed.
    #[error("the APIs cannot be routed")]
    Route(#[from] RouteError),
    /// Endpoints that cannot be used.
    #[error("{}", Listed(.0))]
    Endpoints(Vec<EndpointProblem>),
    /// A certificate of the bundle that cannot be used.
    #[error("certificate {} of the bundle cannot be used: {}", .0.entry, .0.reason)]
    Certificate(CertificateProblem),
}

/// One endpoint that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointProblem {
    /// Name and version of the API.
    pub api: String,
    /// The endpoint's name; `None` for one that is written at an operation.
    pub endpoint: Option<String>,
    /// Whether it is for sandbox keys.
    pub sandbox: bool,
    /// The URL as given.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
    /// The setting that gave the URL, when it replaced the one in the bundle.
    pub setting: Option<String>,
    /// The setting that has to be set.
    pub missing: Option<String>,
}

impl fmt::Display for EndpointProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint {} of API {} {}", self.url, self.api, self.reason)?;
        if let Some(setting) = &self.setting {
            write!(f, " (from setting {setting})")?;
        }
        match &self.missing {
            Some(setting) => write!(f, ": set {setting}"),
            None => Ok(()),
        }
    }
}

struct Listed<'a>(&'a [EndpointProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// Bounds of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestLimits {
    /// Bytes of the request target.
    pub(crate) uri: usize,
    /// Bytes of all header fields.
    pub(crate) headers: usize,
    /// Bytes of the body.
    pub(crate) body: u64,
    /// For the client to read something of what is there for it.
    pub(crate) unread: Duration,
}

/// What outlives snapshots and is continued by each: connections, look-ups of backends, keys and revocations, quotas, counters.
#[derive(Debug)]
pub(crate) struct Continued {
    pub(crate) origins: Arc<Origins>,
    pub(crate) discovery: Discovery,
    pub(crate) tokens: TokenSources,
    pub(crate) endpoints: EndpointStates,
    pub(crate) security: Arc<Security>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) shared_quotas: Option<Arc<SharedQuotas>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) operator_blocks: OperatorBlocks,
}

/// The configuration that requests see.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// Counts the configurations of this process, from 1.
    pub(crate) generation: u64,
    pub(crate) project: String,
    pub(crate) digest: Digest,
    pub(crate) routes: RouteTable,
    pub(crate) apis: Vec<Api>,
    pub(crate) authenticator: Authenticator,
    pub(crate) throttle: Arc<Throttle>,
    /// Quotas that are shared with other gateways; `None`: this one counts for itself.
    pub(crate) shared_quotas: Option<Arc<SharedQuotas>>,
    /// `None`: quotas are counted here.
    pub(crate) global_throttle: Option<Arc<GlobalThrottle>>,
    pub(crate) blocks: Blocks,
    pub(crate) renderer: Renderer,
    pub(crate) rules: HeaderRules,
    /// The header of the gateway's own token for backends.
    pub(crate) backend_jwt_header: HeaderName,
    /// What backends are told about the client's hop.
    pub(crate) forwarding: Forwarding,
    /// Networks whose forwarding headers are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The header in which trusted proxies show their clients' certificates.
    pub(crate) certificate_header: Option<CertificateHeader>,
    pub(crate) limits: RequestLimits,
    pub(crate) web_sockets: WebSockets,
    /// Cross-origin rules of the gateway's own services.
    pub(crate) service_cors: Option<CorsRules>,
    /// Answer unknown resources and methods as JSON.
    pub(crate) api_fault_responses: bool,
    /// Answer unknown base paths as JSON.
    pub(crate) global_fault_responses: bool,
    /// Behave like micro-gw 3.2 where it differs.
    pub(crate) compat: bool,
}

impl Snapshot {
    /// Compiles a bundle.
    pub(crate) fn compile(
        bundle: &Bundle,
        config: &RuntimeConfig,
        continued: &Continued,
        generation: u64,
        unix_ms: u64,
    ) -> Result<Self, SnapshotError> {
        let gateway = &bundle.config;
        let head = if config.compat {
            HeadRule::Declared
        } else {
            HeadRule::LikeGet
        };
        let routes = RouteTable::build(&gateway.apis, head)?;
        let mut problems = Vec::new();
        let certificates = BundleCertificates::read(bundle).map_err(SnapshotError::Certificate)?;
        let mut resolver = endpoint::Resolver::new(config, continued, &certificates.backends, &mut problems);
        let metrics = continued.metrics.apis(gateway.apis.iter());
        let mut apis: Vec<Api> = gateway
            .apis
            .iter()
            .zip(metrics)
            .map(|(api, metrics)| {
                let compiled = Api::compile(api, &mut resolver, metrics);
                match &config.usage {
                    Some(_) => compiled.with_usage(api, continued.metrics.cores().len()),
                    None => compiled,
                }
            })
            .collect();
        resolver.warn_about_unused_overrides();
        if !problems.is_empty() {
            return Err(SnapshotError::Endpoints(problems));
        }
        let security = &continued.security;
        let header = &config.authentication.header;
        let global_throttle = security
            .global_limits()
            .map(|limits| Arc::new(GlobalThrottle::new(gateway, header, limits)));
        let counters = Arc::clone(&continued.counters);
        let throttle = Arc::new(match global_throttle {
            Some(_) => Throttle::counted_elsewhere(counters),
            None => Throttle::new(gateway, counters, unix_ms)
                .advertising(config.throttling.rate_limit_headers && !config.compat),
        });
        let subscriptions = bundle.snapshot.as_ref();
        let authenticator = Authenticator::new(gateway, subscriptions, Arc::clone(security), Arc::clone(&throttle))
            .with_client_certificates(certificates.clients)
            .with_global_throttle(global_throttle.clone());
        let rules = HeaderRules::compile(config);
        protect(&mut apis, &authenticator, &rules, config);
        Ok(Self {
            generation,
            project: gateway.project.clone(),
            digest: bundle.digest,
            routes,
            apis,
            authenticator,
            throttle,
            shared_quotas: continued.shared_quotas.clone(),
            global_throttle,
            blocks: Blocks::new(&gateway.policies.blocks, &gateway.apis)
                .with(&continued.operator_blocks.in_force(unix_ms)),
            renderer: Renderer::new(config.compat),
            rules,
            backend_jwt_header: config.backend_jwt.header.clone(),
            forwarding: Forwarding::compile(config),
            trusted_proxies: config.mutual_tls.trusted_proxies.clone(),
            certificate_header: config
                .mutual_tls
                .certificate_header
                .clone()
                .map(|name| CertificateHeader {
                    name,
                    proxies: config.mutual_tls.trusted_proxies.clone(),
                    validate_proxy: config.mutual_tls.validate_proxy,
                }),
            limits: RequestLimits {
                uri: config.listener.max_uri_length,
                headers: config.listener.max_header_size,
                body: config.listener.max_body_size.unwrap_or(u64::MAX),
                unread: config.listener.timeouts.unread,
            },
            web_sockets: config.web_sockets,
            service_cors: gateway.service_cors.as_ref().map(CorsRules::compile),
            api_fault_responses: gateway.api_fault_responses,
            global_fault_responses: gateway.global_fault_responses,
            compat: config.compat,
        })
    }

    /// Returns the same configuration under other keys.
    pub(crate) fn with_keys(&self, keys: Arc<KeyMaterial>) -> Self {
        Self {
            authenticator: self.authenticator.with_keys(keys),
            ..self.clone()
        }
    }

    /// Returns the same configuration with other blocks of operators.
    pub(crate) fn with_blocks(&self, operators: &[OperatorBlock]) -> Self {
        Self {
            blocks: self.blocks.with(operators),
            ..self.clone()
        }
    }

    /// Every endpoint that a resource can reach; those that several reach come several times.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        let resources = self.apis.iter().flat_map(|api| &api.resources);
        resources.flat_map(|resource| resource.backends.all())
    }

    pub(crate) fn api(&self, index: ApiIndex) -> Option<&Api> {
        self.apis.get(usize::try_from(index.0).ok()?)
    }
}

impl Api {
    pub(crate) fn resource(&self, index: ResourceIndex) -> Option<&Resource> {
        self.resources.get(usize::try_from(index.0).ok()?)
    }
}

/// Says to every resource what its clients may not send in trailers.
fn protect(apis: &mut [Api], authenticator: &Authenticator, rules: &HeaderRules, config: &RuntimeConfig) {
    let mut everywhere: Vec<HeaderName> = rules.protected().collect();
    everywhere.push(config.backend_jwt.header.clone());
    everywhere.extend(config.mutual_tls.certificate_header.clone());
    let mut known = HashSet::new();
    for (api, number) in apis.iter_mut().zip(0..) {
        for (resource, place) in api.resources.iter_mut().zip(0..) {
            let strip = authenticator.strip(number, place);
            resource.protect(&everywhere, strip.map_or(&[], |strip| &strip.headers), &mut known);
        }
    }
}
