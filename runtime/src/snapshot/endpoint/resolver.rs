//! From the bundle's endpoints to those that requests are sent to.

use super::Compiled;
use super::credentials::authorization;
use super::place::{place, without_credentials};
use crate::config::{EndpointOverrides, RuntimeConfig};
use crate::discovery::Discovery;
use crate::snapshot::certificates::BackendCertificates;
use crate::snapshot::{Continued, EndpointProblem};
use crate::upstream::{Choice, Endpoint, Origins, Target};
use mgw_bundle::config::{self, BackendProtocol, Discovery as Discovered, EndpointKind, Endpoints};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Resolves endpoints; collects every problem instead of stopping at the first.
pub(in crate::snapshot) struct Resolver<'a> {
    overrides: &'a EndpointOverrides,
    origins: &'a Arc<Origins>,
    discovery: &'a Discovery,
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
            overrides: &config.overrides,
            origins: &continued.origins,
            discovery: &continued.discovery,
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
        let targets = endpoint
            .targets
            .iter()
            .enumerate()
            .filter_map(|(index, written)| self.target(api, endpoint, sandbox, index, written))
            .collect::<Vec<_>>();
        let web_socket = targets.iter().any(|(_, web_socket)| *web_socket);
        let targets: Box<[Target]> = targets.into_iter().map(|(target, _)| target).collect();
        if endpoint.targets.is_empty() {
            self.problems.push(EndpointProblem {
                api: format!("{}:{}", api.name, api.version),
                url: String::new(),
                reason: "has no URL",
                setting: None,
            });
        }
        Endpoint {
            choice: match endpoint.kind {
                _ if targets.len() == 1 => Choice::Single,
                EndpointKind::Single => Choice::Single,
                EndpointKind::LoadBalance => Choice::RoundRobin,
                EndpointKind::Failover => Choice::Failover,
            },
            targets,
            web_socket,
            timeout: Duration::from_millis(endpoint.timeout_ms.max(1)),
            authorization: authorization(self.overrides, endpoint, sandbox),
            cursor: AtomicUsize::new(0),
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
    ) -> Option<(Target, bool)> {
        let mut setting = None;
        let mut written = written.clone();
        if let Some(name) = endpoint.name.as_deref() {
            self.used.insert(name.to_owned());
            let kind = if sandbox { "sand" } else { "prod" };
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
        }
        self.at(&written, endpoint.protocol)
            .map(|target| (target, is_web_socket(&written.url)))
            .map_err(|reason| {
                self.problems.push(EndpointProblem {
                    api: format!("{}:{}", api.name, api.version),
                    url: without_credentials(&written.url),
                    reason,
                    setting,
                });
            })
            .ok()
    }

    fn at(&self, target: &config::Target, protocol: BackendProtocol) -> Result<Target, &'static str> {
        let Some(discovery) = &target.discovery else {
            return place(self.origins, self.certificates, &target.url, protocol).map(Target::fixed);
        };
        let (origins, certificates) = (Arc::clone(self.origins), Arc::clone(self.certificates));
        let maker = Arc::new(move |url: &str| place(&origins, &certificates, url, protocol));
        let found = self
            .discovery
            .find(discovery, &target.url, maker, (self.trust, protocol))?;
        Ok(Target::found(found))
    }

    /// Says which overrides replace nothing: most likely a misspelt name.
    pub(in crate::snapshot) fn warn_about_unused_overrides(&self) {
        for setting in self.overrides.names() {
            let is_used = self.used.iter().any(|name| {
                setting
                    .strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.starts_with("_prod_") || rest.starts_with("_sand_"))
            });
            if !is_used {
                tracing::warn!(
                    setting,
                    "the setting names no endpoint of this bundle and has no effect"
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
