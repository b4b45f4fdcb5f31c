//! From the bundle's endpoints to those that requests are sent to.

use super::Compiled;
use super::credentials::{Given, credentials, settings};
use super::place::{as_safe_as, place, without_credentials};
use crate::config::{EndpointOverrides, RuntimeConfig};
use crate::discovery::{Discovery, Identity};
use crate::snapshot::certificates::BackendCertificates;
use crate::snapshot::{Continued, EndpointProblem};
use crate::upstream::{
    About, Choice, Credentials, Endpoint, EndpointStates, MAX_TARGETS, Origins, Queue, RetryPolicy, Reuse, Target,
    TokenSources, url_seed,
};
use mgw_bundle::config::{self, BackendProtocol, Balance, Discovery as Discovered, EndpointKind, Endpoints};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Resolves endpoints; collects every problem instead of stopping at the first.
pub(in crate::snapshot) struct Resolver<'a> {
    config: &'a RuntimeConfig,
    overrides: &'a EndpointOverrides,
    origins: &'a Arc<Origins>,
    states: &'a EndpointStates,
    discovery: &'a Discovery,
    tokens: &'a TokenSources,
    certificates: &'a Arc<BackendCertificates>,
    /// Tells the certificates from those of another bundle.
    trust: [u8; 32],
    problems: &'a mut Vec<EndpointProblem>,
    used: BTreeSet<String>,
}

impl<'a> Resolver<'a> {
    pub(in crate::snapshot) fn new(
        config: &'a RuntimeConfig,
        continued: &'a Continued,
        certificates: &'a Arc<BackendCertificates>,
        problems: &'a mut Vec<EndpointProblem>,
    ) -> Self {
        Self {
            config,
            overrides: &config.overrides,
            origins: &continued.origins,
            states: &continued.endpoints,
            discovery: &continued.discovery,
            tokens: &continued.tokens,
            trust: certificates.digest(),
            certificates,
            problems,
            used: BTreeSet::new(),
        }
    }

    pub(in crate::snapshot) fn resolve(&mut self, api: &config::Api, endpoints: &Endpoints) -> Compiled {
        let mut one = |endpoint: &Option<config::Endpoint>, sandbox| {
            endpoint
                .as_ref()
                .map(|endpoint| Arc::new(self.endpoint(api, endpoint, sandbox)))
        };
        Compiled {
            production: one(&endpoints.production, false),
            sandbox: one(&endpoints.sandbox, true),
        }
    }

    fn endpoint(&mut self, api: &config::Api, endpoint: &config::Endpoint, sandbox: bool) -> Endpoint {
        let clients = &self.config.http_clients;
        let compat = self.config.compat;
        let used = if endpoint.kind == EndpointKind::Single {
            1
        } else {
            usize::MAX
        };
        let mut urls = Vec::new();
        let targets = endpoint
            .targets
            .iter()
            .take(used)
            .enumerate()
            .filter_map(|(index, written)| self.target(api, endpoint, sandbox, index, written, &mut urls))
            .collect::<Vec<_>>();
        let web_socket = targets.iter().any(|(_, web_socket)| *web_socket);
        let targets: Arc<[Target]> = targets.into_iter().map(|(target, _)| target).collect();
        if endpoint.targets.is_empty() {
            self.problem(api, endpoint, sandbox, "has no URL");
        }
        if targets.len() > MAX_TARGETS {
            self.problem(api, endpoint, sandbox, "has more than 64 URLs");
        }
        let seeds = urls.iter().map(|url| url_seed(url)).collect();
        let destinations = || urls.iter().map(|url| url.as_str().into()).collect();
        let destinations = self.config.usage.is_some().then(destinations);
        let about = About {
            api: format!("{}:{}", api.name, api.version),
            endpoint: endpoint.name.clone(),
            sandbox,
            urls,
        };
        Endpoint {
            destinations,
            choice: choice(endpoint, targets.len()),
            seeds,
            web_socket,
            timeout: Duration::from_millis(endpoint.timeout_ms.max(1)),
            total_timeout: endpoint.total_timeout_ms.map(Duration::from_millis),
            credentials: self.credentials(api, endpoint, sandbox),
            retry: endpoint.retry.as_ref().map(|retry| RetryPolicy::new(retry, compat)),
            queue: endpoint
                .pool
                .filter(|pool| pool.max_active.is_some())
                .map(|pool| Queue {
                    wait: pool.wait_ms.map_or(clients.pool.wait, Duration::from_millis),
                    length: clients.pool.max_waiting,
                }),
            reuse: endpoint.pool.map_or_else(Reuse::default, |pool| Reuse {
                idle: pool.max_idle.map(|idle| usize::try_from(idle).unwrap_or(usize::MAX)),
                streams: pool.max_streams,
            }),
            kept_body: clients.kept_body,
            compat,
            state: self.states.of(about, endpoint, &targets, compat),
            targets,
        }
    }

    /// Returns a target, and whether WebSockets are opened to it.
    fn target(
        &mut self,
        api: &config::Api,
        endpoint: &config::Endpoint,
        sandbox: bool,
        index: usize,
        written: &config::Target,
        urls: &mut Vec<String>,
    ) -> Option<(Target, bool)> {
        let mut setting = None;
        let mut written = written.clone();
        if let Some(name) = endpoint.name.as_deref() {
            let kind = if sandbox { "sand" } else { "prod" };
            self.used.insert(format!("{name}_{kind}_endpoint_{index}"));
            if let Some(url) = self.overrides.url(name, sandbox, index) {
                setting = Some(format!("{name}_{kind}_endpoint_{index}"));
                // Without discovery of its own it replaces the default of the target's.
                let (discovery, url) = Discovered::parse(url).unwrap_or((None, url));
                written.url = url.to_owned();
                written.discovery = discovery.or(written.discovery);
            }
            if let (Some(replacing), Some(Discovered::Etcd { key })) =
                (self.overrides.etcd_key(name, sandbox, index), &mut written.discovery)
            {
                replacing.clone_into(key);
            }
            if let Some(Discovered::Etcd { .. }) = &written.discovery {
                self.used.insert(format!("{name}_{kind}_{index}_etcdKey"));
            }
        }
        urls.push(without_credentials(&written.url));
        self.at(&written, endpoint.protocol)
            .map(|target| (target, is_web_socket(&written.url)))
            .map_err(|reason| {
                self.problems.push(EndpointProblem {
                    api: format!("{}:{}", api.name, api.version),
                    endpoint: endpoint.name.clone(),
                    sandbox,
                    url: without_credentials(&written.url),
                    reason,
                    setting,
                    missing: None,
                });
            })
            .ok()
    }

    fn at(&self, target: &config::Target, protocol: BackendProtocol) -> Result<Target, &'static str> {
        let Some(discovery) = &target.discovery else {
            return place(self.origins, self.certificates, &target.url, &target.url, protocol).map(Target::fixed);
        };
        let (origins, certificates) = (Arc::clone(self.origins), Arc::clone(self.certificates));
        let written = target.url.clone();
        let maker = Arc::new(move |url: &str, identity| {
            as_safe_as(&written, url)?;
            let known_as = match identity {
                Identity::Itself => url,
                Identity::Default => &written,
            };
            place(&origins, &certificates, url, known_as, protocol)
        });
        let found = self
            .discovery
            .find(discovery, &target.url, maker, (self.trust, protocol))?;
        Ok(Target::found(found))
    }

    fn problem(&mut self, api: &config::Api, endpoint: &config::Endpoint, sandbox: bool, reason: &'static str) {
        self.problems.push(EndpointProblem {
            api: format!("{}:{}", api.name, api.version),
            endpoint: endpoint.name.clone(),
            sandbox,
            url: String::new(),
            reason,
            setting: None,
            missing: None,
        });
    }

    fn credentials(&mut self, api: &config::Api, endpoint: &config::Endpoint, sandbox: bool) -> Option<Credentials> {
        let given = Given {
            overrides: self.overrides,
            name: endpoint.name.as_deref(),
            sandbox,
            compat: self.config.compat,
        };
        if let Some(name) = given.name {
            let settings = settings(endpoint).iter();
            self.used.extend(settings.map(|setting| setting.of(name, sandbox)));
        }
        credentials(&given, endpoint, self.tokens).unwrap_or_else(|unusable| {
            self.problems.push(EndpointProblem {
                api: format!("{}:{}", api.name, api.version),
                endpoint: endpoint.name.clone(),
                sandbox,
                url: endpoint.urls().next().map(without_credentials).unwrap_or_default(),
                reason: unusable.reason,
                setting: unusable.setting,
                missing: unusable.missing,
            });
            None
        })
    }

    /// Says which overrides replace nothing: most likely a misspelt name.
    pub(in crate::snapshot) fn warn_about_unused_overrides(&self) {
        for setting in self.overrides.names() {
            if !self.used.contains(setting) {
                tracing::warn!(
                    setting,
                    "the setting has no effect: this bundle has no such endpoint, or the endpoint nothing of the kind"
                );
            }
        }
    }
}

/// Whether WebSockets are opened to the backend of a URL.
fn is_web_socket(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("ws") || scheme.eq_ignore_ascii_case("wss")
}

fn choice(endpoint: &config::Endpoint, targets: usize) -> Choice {
    match (endpoint.kind, &endpoint.balance) {
        _ if targets == 1 => Choice::Single,
        (EndpointKind::Single, _) => Choice::Single,
        (EndpointKind::Failover, _) => Choice::Failover,
        (EndpointKind::LoadBalance, Balance::RoundRobin) => Choice::RoundRobin,
        (EndpointKind::LoadBalance, Balance::LeastOutstanding) => Choice::LeastOutstanding,
        (EndpointKind::LoadBalance, Balance::ConsistentHash(key)) => Choice::ConsistentHash(key.clone()),
    }
}
