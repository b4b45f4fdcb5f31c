//! From the bundle's endpoints to those that requests are sent to.

use super::Compiled;
use super::credentials::authorization;
use super::place::{place, without_credentials};
use crate::config::{EndpointOverrides, RuntimeConfig};
use crate::snapshot::EndpointProblem;
use crate::snapshot::certificates::BackendCertificates;
use crate::upstream::{Choice, Endpoint, Origins, Target};
use mgw_bundle::config::{self, EndpointKind, Endpoints};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Resolves endpoints; collects every problem instead of stopping at the first.
pub(in crate::snapshot) struct Resolver<'a> {
    overrides: &'a EndpointOverrides,
    origins: &'a Origins,
    certificates: &'a Arc<BackendCertificates>,
    problems: &'a mut Vec<EndpointProblem>,
    used: BTreeSet<String>,
}

impl<'a> Resolver<'a> {
    pub(in crate::snapshot) fn new(
        config: &'a RuntimeConfig,
        origins: &'a Origins,
        certificates: &'a Arc<BackendCertificates>,
        problems: &'a mut Vec<EndpointProblem>,
    ) -> Self {
        Self {
            overrides: &config.overrides,
            origins,
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
        let name = endpoint.name.as_deref();
        let targets = endpoint
            .targets
            .iter()
            .enumerate()
            .filter_map(|(index, written)| {
                let replaced = name.and_then(|name| {
                    self.used.insert(name.to_owned());
                    let url = self.overrides.url(name, sandbox, index)?;
                    let kind = if sandbox { "sand" } else { "prod" };
                    Some((url, format!("{name}_{kind}_endpoint_{index}")))
                });
                let (url, setting) = match replaced {
                    Some((url, setting)) => (url, Some(setting)),
                    None => (written.url.as_str(), None),
                };
                place(self.origins, self.certificates, url, endpoint.protocol)
                    .map(Target::fixed)
                    .map_err(|reason| {
                        self.problems.push(EndpointProblem {
                            api: format!("{}:{}", api.name, api.version),
                            url: without_credentials(url),
                            reason,
                            setting,
                        });
                    })
                    .ok()
            })
            .collect::<Box<[Target]>>();
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
            timeout: Duration::from_millis(endpoint.timeout_ms.max(1)),
            authorization: authorization(self.overrides, endpoint, sandbox),
            cursor: AtomicUsize::new(0),
        }
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
