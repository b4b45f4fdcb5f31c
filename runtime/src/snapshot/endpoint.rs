//! Endpoints with the operator's overrides applied, and the choice among them by key type.

use super::EndpointProblem;
use super::certificates::BundleCertificates;
use crate::auth::CallerKeyType;
use crate::config::{EndpointOverrides, RuntimeConfig};
use crate::refusal::Refusal;
use crate::upstream::{Choice, Endpoint, Origins, Target};
use base64::Engine;
use http::HeaderValue;
use mgw_bundle::config::{self, EndpointKind, Endpoints};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// The backends that one resource can reach.
#[derive(Debug, Clone, Default)]
pub(crate) struct BackendChoice {
    pub(crate) production: Option<Arc<Endpoint>>,
    pub(crate) sandbox: Option<Arc<Endpoint>>,
    /// Whether the resource, or its API, has the endpoint itself; for key types that are neither.
    other: Option<Arc<Endpoint>>,
    other_refusal: Option<Refusal>,
}

impl BackendChoice {
    /// Combines the endpoints of an API and of one of its resources; the resource's win.
    pub(super) fn combine(api: &Compiled, resource: &Compiled) -> Self {
        let production = resource.production.as_ref().or(api.production.as_ref());
        let sandbox = resource.sandbox.as_ref().or(api.sandbox.as_ref());
        // The table of section 3.3 for keys that are neither, row by row.
        let (other, missing) = match (&api.production, &api.sandbox) {
            (Some(_), Some(_)) => (sandbox, Refusal::NoSandboxEndpoint),
            (Some(_), None) => (resource.sandbox.as_ref(), Refusal::NoSandboxEndpoint),
            (None, Some(_)) => (resource.production.as_ref(), Refusal::NoProductionEndpoint),
            (None, None) => match (&resource.production, &resource.sandbox) {
                (Some(production), Some(_)) => (Some(production), Refusal::NoSandboxEndpoint),
                (Some(_), None) => (None, Refusal::NoSandboxEndpoint),
                (None, _) => (None, Refusal::NoProductionEndpoint),
            },
        };
        Self {
            production: production.cloned(),
            sandbox: sandbox.cloned(),
            other: other.cloned(),
            other_refusal: Some(missing),
        }
    }

    /// Returns the endpoint for a caller.
    pub(crate) fn of(&self, key: CallerKeyType) -> Result<&Arc<Endpoint>, Refusal> {
        match key {
            CallerKeyType::Production => self.production.as_ref().ok_or(Refusal::NoProductionEndpoint),
            CallerKeyType::Sandbox => self.sandbox.as_ref().ok_or(Refusal::NoSandboxEndpoint),
            CallerKeyType::Other => self
                .other
                .as_ref()
                .ok_or(self.other_refusal.unwrap_or(Refusal::NoProductionEndpoint)),
        }
    }
}

/// Compiled endpoints of one level.
#[derive(Debug, Clone, Default)]
pub(super) struct Compiled {
    production: Option<Arc<Endpoint>>,
    sandbox: Option<Arc<Endpoint>>,
}

/// Resolves endpoints; collects every problem instead of stopping at the first.
pub(super) struct Resolver<'a> {
    overrides: &'a EndpointOverrides,
    origins: &'a Origins,
    certificates: &'a BundleCertificates,
    problems: &'a mut Vec<EndpointProblem>,
    used: BTreeSet<String>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        config: &'a RuntimeConfig,
        origins: &'a Origins,
        certificates: &'a BundleCertificates,
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

    pub(super) fn resolve(&mut self, api: &config::Api, endpoints: &Endpoints) -> Compiled {
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
            .urls
            .iter()
            .enumerate()
            .filter_map(|(index, url)| {
                let replaced = name.and_then(|name| {
                    self.used.insert(name.to_owned());
                    let url = self.overrides.url(name, sandbox, index)?;
                    let kind = if sandbox { "sand" } else { "prod" };
                    Some((url, format!("{name}_{kind}_endpoint_{index}")))
                });
                let (url, setting) = match replaced {
                    Some((url, setting)) => (url, Some(setting)),
                    None => (url.as_str(), None),
                };
                target(self.origins, self.certificates, url)
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
        if endpoint.urls.is_empty() {
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
            authorization: self.authorization(endpoint, name, sandbox),
            cursor: AtomicUsize::new(0),
        }
    }

    fn authorization(&self, endpoint: &config::Endpoint, name: Option<&str>, sandbox: bool) -> Option<HeaderValue> {
        let username = name
            .and_then(|name| self.overrides.username(name, sandbox))
            .or(endpoint.auth.as_ref().map(|auth| auth.username.as_str()))?;
        let password = name.and_then(|name| self.overrides.password(name, sandbox));
        let password = password.map_or("", |password| password.expose_secret());
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Says which overrides replace nothing: most likely a misspelt name.
    pub(super) fn warn_about_unused_overrides(&self) {
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

fn target(origins: &Origins, certificates: &BundleCertificates, text: &str) -> Result<Target, &'static str> {
    let url = url::Url::parse(text).map_err(|_| "is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is neither http nor https");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries credentials");
    }
    let origin = origins.of(&url, certificates.of_backend(&url))?;
    let host = url.host_str().ok_or("has no usable host")?;
    // `port` is `None` for the scheme's own port.
    let host = match url.port() {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    };
    Ok(Target {
        origin,
        path: url.path().strip_suffix('/').unwrap_or(url.path()).into(),
        host: host.map_err(|_| "has no usable host")?,
    })
}

/// A URL for a message.
fn without_credentials(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Arc<Endpoint> {
        Arc::new(Endpoint {
            choice: Choice::Single,
            targets: Box::default(),
            timeout: Duration::ZERO,
            authorization: None,
            cursor: AtomicUsize::new(0),
        })
    }

    /// Every row of the reference's table: which level's endpoint serves, or which refusal.
    #[test]
    fn key_types_reach_the_endpoints_of_the_table() {
        const NO_SAND: &str = "no-sand";
        const NO_PROD: &str = "no-prod";
        // API production, API sandbox, resource production, resource sandbox; expected for production, sandbox, other.
        let rows = [
            ([true, true, false, false], ["ap", "as", "as"]),
            ([true, true, true, true], ["rp", "rs", "rs"]),
            ([true, false, false, false], ["ap", NO_SAND, NO_SAND]),
            ([true, false, true, true], ["rp", "rs", "rs"]),
            ([false, true, false, false], [NO_PROD, "as", NO_PROD]),
            ([false, true, true, true], ["rp", "rs", "rp"]),
            ([false, false, true, true], ["rp", "rs", "rp"]),
            ([false, false, true, false], ["rp", NO_SAND, NO_SAND]),
            ([false, false, false, true], [NO_PROD, "rs", NO_PROD]),
        ];
        for (present, expected) in rows {
            let all = present.map(|present| present.then(endpoint));
            let [ap, asand, rp, rs] = all.clone();
            let compiled = |production, sandbox| Compiled { production, sandbox };
            let choice = BackendChoice::combine(&compiled(ap, asand), &compiled(rp, rs));
            for (key, expected) in [CallerKeyType::Production, CallerKeyType::Sandbox, CallerKeyType::Other]
                .into_iter()
                .zip(expected)
            {
                let found = match choice.of(key) {
                    Err(Refusal::NoSandboxEndpoint) => NO_SAND,
                    Err(_) => NO_PROD,
                    Ok(found) => ["ap", "as", "rp", "rs"]
                        .into_iter()
                        .zip(&all)
                        .find(|(_, one)| one.as_ref().is_some_and(|one| Arc::ptr_eq(one, found)))
                        .map_or("none", |(name, _)| name),
                };
                assert_eq!(found, expected, "{present:?} {key:?}");
            }
        }
    }

    #[test]
    fn urls_become_targets() {
        let origins = Origins::default();
        for (url, host, path) in [
            ("http://b", "b", ""),
            ("http://b:80/", "b", ""),
            ("https://b:8443/v1/", "b:8443", "/v1"),
            ("http://[::1]:9/a%20b", "[::1]:9", "/a%20b"),
        ] {
            let target = target(&origins, &BundleCertificates::default(), url);
            assert!(
                target
                    .as_ref()
                    .is_ok_and(|target| target.host == host && &*target.path == path),
                "{url} {target:?}"
            );
        }
        for url in ["b", "ftp://b", "http://", "http://b?x", "http://u:p@b", "http://b/#f"] {
            assert!(target(&origins, &BundleCertificates::default(), url).is_err(), "{url}");
        }
        assert_eq!(without_credentials("http://u:p@b/x"), "http://***@b/x");
    }
}
