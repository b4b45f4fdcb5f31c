//! A configuration with a limit at every level, without files and sockets.

use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, Endpoints, Method, Policies, Policy, PolicyRef, Quota, Resource, Scopes, Security};
use mgw_quota::{Counter, LeaseTerms};
use mgw_runtime::throttle::{CallerLevels, Counters, LeaseDesk, SubscriptionTerms, Throttle};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A moment in the middle of a minute, in milliseconds since the epoch.
pub(super) const NOW_MS: u64 = 1_728_000_030_000;
const MINUTE_MS: u64 = 60_000;
/// More than any run uses up.
const LIMIT: u64 = 1_000_000_000;
const NAME: &str = "Measured";

/// Terms of a gateway among ten.
pub(super) const TERMS: LeaseTerms = LeaseTerms {
    gateways: 10,
    tolerance: 200,
    horizon_ms: 1000,
    idle_ms: 1000,
};

/// The throttling of one API with one resource.
pub(super) struct World {
    pub(super) throttle: Throttle,
    pub(super) counters: Arc<Counters>,
    /// Where counters ask for leases; kept, or nobody would take them.
    _leases: Option<mpsc::Receiver<Arc<Counter>>>,
}

impl World {
    /// Makes the counters of the API and its resource; `limited` says whether these have a limit.
    pub(super) fn new(capacity: usize, limited: bool, shared: bool) -> Self {
        let (counters, leases) = if shared {
            let (desk, leases) = LeaseDesk::new(TERMS);
            (Counters::new(capacity).sharing(Arc::new(desk)), Some(leases))
        } else {
            (Counters::new(capacity), None)
        };
        let counters = Arc::new(counters);
        Self {
            throttle: Throttle::new(&configuration(limited), Arc::clone(&counters), NOW_MS),
            counters,
            _leases: leases,
        }
    }

    /// Makes the counter of one subscriber, as a request would.
    pub(super) fn remember(&self, application: &str) {
        let terms = SubscriptionTerms::default();
        drop(self.throttle.subscription_level(NAME, &terms, application, 0, NOW_MS));
    }

    /// The levels of a caller.
    pub(super) fn caller(&self, application: &str, user: &str) -> CallerLevels {
        let terms = SubscriptionTerms::default();
        CallerLevels {
            subscription: self.throttle.subscription_level(NAME, &terms, application, 0, NOW_MS),
            application: self.throttle.application_level(NAME, application, user, NOW_MS),
            names: None,
        }
    }
}

/// A counter as the world has them.
pub(super) fn counter(shared: bool) -> Counter {
    let counter = Counter::new(LIMIT, MINUTE_MS, NOW_MS);
    if shared {
        counter.shared([7; 16], &TERMS, NOW_MS)
    } else {
        counter
    }
}

/// An API with one resource and nothing that limits it.
pub(super) fn bare_api(base_path: &str) -> Api {
    let resource = Resource {
        template: "/pet/{petId}".into(),
        method: Method::Get,
        security: Security {
            enabled: true,
            optional: false,
            alternatives: Vec::new(),
        },
        scopes: Scopes::default(),
        policy: None,
        endpoints: Endpoints::default(),
    };
    Api {
        resources: vec![resource],
        ..Api::plain("petstore", "1.0.0", base_path)
    }
}

fn configuration(limited: bool) -> GatewayConfig {
    let policy = Policy {
        name: NAME.into(),
        quota: Quota::Requests {
            count: LIMIT,
            window_ms: MINUTE_MS,
        },
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    };
    let reference = limited.then(|| PolicyRef {
        name: NAME.into(),
        index: Some(0),
    });
    let mut api = bare_api("/petstore/v1");
    api.policy.clone_from(&reference);
    for resource in &mut api.resources {
        resource.policy.clone_from(&reference);
    }
    GatewayConfig {
        format: mgw_bundle::config::FORMAT,
        project: "benchmark".into(),
        apis: vec![api],
        backend_certificates: Vec::new(),
        service_cors: None,
        api_fault_responses: false,
        global_fault_responses: false,
        policies: Policies {
            resource: vec![policy.clone()],
            application: vec![policy.clone()],
            subscription: vec![policy],
            custom: Vec::new(),
            blocks: Vec::new(),
        },
    }
}
