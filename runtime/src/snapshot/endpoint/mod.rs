//! Endpoints with the operator's overrides applied, and the choice among them by key type.

mod credentials;
mod place;
mod resolver;

pub(super) use resolver::Resolver;

use crate::auth::CallerKeyType;
use crate::refusal::Refusal;
use crate::upstream::Endpoint;
use std::sync::Arc;

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

    /// Every endpoint that it may come to.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        [&self.production, &self.sandbox, &self.other].into_iter().flatten()
    }

    /// Whether an endpoint of it is that of sandbox keys alone.
    pub(crate) fn is_sandbox(&self, endpoint: &Arc<Endpoint>) -> bool {
        let is = |own: &Option<Arc<Endpoint>>| own.as_ref().is_some_and(|own| Arc::ptr_eq(own, endpoint));
        is(&self.sandbox) && !is(&self.production)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{Choice, Reuse};
    use std::time::Duration;

    fn endpoint() -> Arc<Endpoint> {
        Arc::new(Endpoint {
            choice: Choice::Single,
            targets: Arc::default(),
            seeds: Box::default(),
            web_socket: false,
            timeout: Duration::ZERO,
            total_timeout: None,
            credentials: None,
            retry: None,
            queue: None,
            reuse: Reuse::default(),
            kept_body: 0,
            compat: false,
            destinations: None,
            state: Arc::default(),
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
}
