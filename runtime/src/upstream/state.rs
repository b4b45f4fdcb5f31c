//! What is learnt about an endpoint while it is used. It goes on when a new configuration has the same endpoint.

use super::active::Slots;
use super::breaker::Breaker;
use super::budget::Budget;
use super::health::{self, Health};
use super::held::Loads;
use super::send::Upstream;
use super::target::Target;
use mgw_bundle::config::{self, Balance, EndpointKind};
use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::runtime::Handle;

/// What is learnt about an endpoint.
#[derive(Debug, Default)]
pub(crate) struct EndpointState {
    /// Whom it is about, for people.
    pub(crate) about: About,
    /// Round robin: the next target. Failover: the last that worked.
    pub(super) cursor: AtomicUsize,
    /// One for each target, where the endpoint has circuit breakers.
    pub(crate) breakers: Option<Box<[Breaker]>>,
    /// Exists where requests are retried under a budget.
    pub(super) budget: Option<Budget>,
    /// Exists where targets are asked whether they are well.
    pub(crate) health: Option<Health>,
    /// Exists where load decides.
    pub(crate) loads: Option<Arc<Loads>>,
    /// By core and target, where the endpoint bounds its connections itself.
    pub(super) slots: Option<Box<[Box<[Slots]>]>>,
}

impl EndpointState {
    /// Has what is served from now on asked for its health: the same places, perhaps with other certificates.
    pub(crate) fn serve(&self, targets: &Arc<[Target]>) {
        if let Some(health) = &self.health {
            health.ask(targets);
        }
    }
}

/// Whom a state is about.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct About {
    /// `name:version`.
    pub(crate) api: String,
    /// The name that operators know; `None` for an endpoint written at an operation.
    pub(crate) endpoint: Option<String>,
    pub(crate) sandbox: bool,
    /// Where the targets are, in order.
    pub(crate) urls: Vec<String>,
}

impl About {
    /// The key type whose callers reach it.
    pub(crate) fn key_type(&self) -> &'static str {
        if self.sandbox { "SANDBOX" } else { "PRODUCTION" }
    }
}

/// The states of all endpoints that are served, found again by what they are about.
#[derive(Debug)]
pub(crate) struct EndpointStates {
    cores: usize,
    known: Mutex<Known>,
    prober: Option<Prober>,
}

#[derive(Debug, Default)]
struct Known {
    states: HashMap<String, Weak<EndpointState>>,
    /// So many entries, and those that nobody uses are forgotten.
    crowded: usize,
}

impl Known {
    fn add(&mut self, key: String, state: &Arc<EndpointState>) {
        if self.states.len() >= self.crowded {
            self.states.retain(|_, state| state.strong_count() > 0);
            self.crowded = 2 * self.states.len() + 16;
        }
        self.states.insert(key, Arc::downgrade(state));
    }
}

/// Where health is asked for.
#[derive(Debug)]
pub(crate) struct Prober {
    pub(crate) runtime: Handle,
    pub(crate) upstream: Arc<Upstream>,
}

impl EndpointStates {
    /// Without a prober nobody is asked.
    pub(crate) fn new(cores: usize, prober: Option<Prober>) -> Self {
        Self {
            cores,
            known: Mutex::default(),
            prober,
        }
    }

    /// Closes the connections of the health checks that nobody needs any more, and keeps their clock right.
    pub(crate) fn sweep(&self) {
        if let Some(Prober { upstream, .. }) = &self.prober {
            upstream.clock.renew();
            upstream.pool.sweep(upstream.clock.monotonic_ms());
        }
    }

    /// Finds or makes the state of an endpoint; one that is found goes on as it was until [`EndpointState::serve`]. `exact`:
    /// as micro-gw was, without a budget.
    pub(crate) fn of(
        &self,
        about: About,
        endpoint: &config::Endpoint,
        targets: &Arc<[Target]>,
        exact: bool,
    ) -> Arc<EndpointState> {
        if !learns(endpoint) {
            return Arc::default();
        }
        // All settings are part of it: what was learnt under others says little.
        let key = serde_json::to_string(&(&about.api, about.sandbox, &about.urls, endpoint)).unwrap_or_default();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = known.states.get(&key).and_then(Weak::upgrade) {
            return state;
        }
        let state = Arc::new(self.make(about, endpoint, targets, exact));
        known.add(key, &state);
        if let (Some(prober), true) = (&self.prober, state.health.is_some()) {
            let watching = health::watch(Arc::downgrade(&state), Arc::clone(&prober.upstream));
            prober.runtime.spawn(watching);
        }
        state
    }

    /// Every state there is something to see of, in a stable order.
    pub(crate) fn all(&self) -> Vec<Arc<EndpointState>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut states: Vec<_> = known
            .states
            .iter()
            .filter_map(|(key, state)| Some((key.clone(), state.upgrade()?)))
            .collect();
        drop(known);
        states.sort_by(|(one, _), (other, _)| one.cmp(other));
        states.into_iter().map(|(_, state)| state).collect()
    }

    fn make(&self, about: About, endpoint: &config::Endpoint, targets: &Arc<[Target]>, exact: bool) -> EndpointState {
        let each = |_| {
            let settings = endpoint.circuit_breaker.as_ref();
            settings.map(|settings| Breaker::new(settings, endpoint.timeout_ms))
        };
        let retry = endpoint.retry.as_ref().filter(|retry| retry.count > 0 && !exact);
        let max_active = endpoint.pool.and_then(|pool| pool.max_active);
        EndpointState {
            about,
            cursor: AtomicUsize::new(0),
            breakers: (0..targets.len()).map(each).collect(),
            budget: retry.map(|retry| Budget::new(retry.budget_percent)),
            health: endpoint
                .health_check
                .clone()
                .map(|settings| Health::new(settings, targets)),
            loads: (endpoint.kind == EndpointKind::LoadBalance && endpoint.balance == Balance::LeastOutstanding)
                .then(|| Arc::new(Loads::new(targets.len()))),
            slots: max_active.map(|limit| {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let of_core = |_| targets.iter().map(|_| Slots::new(limit)).collect();
                (0..self.cores).map(of_core).collect()
            }),
        }
    }
}

/// Whether there is anything to learn about an endpoint.
fn learns(endpoint: &config::Endpoint) -> bool {
    endpoint.targets.len() > 1
        || endpoint.retry.is_some()
        || endpoint.circuit_breaker.is_some()
        || endpoint.health_check.is_some()
        || endpoint.pool.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(urls: &[&str]) -> config::Endpoint {
        let urls = urls.iter().map(|url| (*url).to_owned());
        config::Endpoint::plain(None, EndpointKind::LoadBalance, urls, 1000)
    }

    fn about(urls: &[&str]) -> About {
        About {
            api: "p:1.0".into(),
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            ..About::default()
        }
    }

    #[test]
    fn what_is_known_goes_on_with_the_same_endpoint_only() {
        let states = EndpointStates::new(1, None);
        let targets: Arc<[Target]> = Arc::default();
        let of = |urls: &[&str], endpoint: &config::Endpoint| states.of(about(urls), endpoint, &targets, false);
        let first = endpoint(&["http://a", "http://b"]);
        let state = of(&["http://a", "http://b"], &first);
        assert!(Arc::ptr_eq(&state, &of(&["http://a", "http://b"], &first)));
        assert!(
            !Arc::ptr_eq(&state, &of(&["http://a", "http://c"], &first)),
            "replaced by an operator"
        );
        let mut slower = first.clone();
        slower.timeout_ms += 1;
        assert!(!Arc::ptr_eq(&state, &of(&["http://a", "http://b"], &slower)));
        assert_eq!(states.all().len(), 1, "nobody uses the others");
        drop(state);
        assert!(states.all().is_empty());
    }

    /// A configuration that is compiled may yet be refused.
    #[test]
    fn health_is_asked_for_what_is_served() {
        let states = EndpointStates::new(1, None);
        let mut checked = endpoint(&["http://a", "http://b"]);
        checked.health_check = Some(config::HealthCheck {
            path: "/".into(),
            interval_ms: 1,
            timeout_ms: 1,
            unhealthy_after: 1,
            healthy_after: 1,
            statuses: Vec::new(),
        });
        let of = |targets| states.of(about(&["http://a", "http://b"]), &checked, targets, false);
        let (first, second): (Arc<[Target]>, Arc<[Target]>) = (Vec::new().into(), Vec::new().into());
        let state = of(&first);
        let is_asked = |targets| state.health.as_ref().is_some_and(|health| health.asks(targets));
        assert!(Arc::ptr_eq(&state, &of(&second)));
        assert!(is_asked(&first) && !is_asked(&second));
        state.serve(&second);
        assert!(is_asked(&second) && !is_asked(&first));
    }

    #[test]
    fn plain_endpoints_are_not_kept() {
        let states = EndpointStates::new(1, None);
        let mut plain = endpoint(&["http://a"]);
        plain.kind = EndpointKind::Single;
        let _state = states.of(about(&["http://a"]), &plain, &Arc::default(), false);
        assert!(states.all().is_empty());
    }
}
