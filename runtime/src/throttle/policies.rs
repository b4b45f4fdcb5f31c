//! The levels of one configuration, and the decision about a request.

use super::custom::{Calls, CustomPolicies};
use super::decide::{admit, look, meters};
use super::level::Limits;
use super::registry::{CounterKey, What};
use super::{
    Admission, Call, CallerLevels, CallerNames, Conditional, CoreThrottle, Counters, Level, LevelKind, Levels,
    Standing, SubscriptionTerms,
};
use crate::refusal::{Refusal, Rejection};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Policy, PolicyRef, Quota};
use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name that needs no definition.
pub(super) const UNLIMITED: &str = "Unlimited";
/// The subscription policy of callers without credentials.
pub(super) const UNAUTHENTICATED: &str = "Unauthenticated";

/// Numbers the configurations of a process, so that per-core state knows when it is out of date.
static GENERATION: AtomicU64 = AtomicU64::new(1);

/// Who sent a request, as far as throttling is concerned.
#[derive(Debug, Clone, Copy)]
pub enum Who<'a> {
    /// A caller with credentials.
    Caller(&'a CallerLevels),
    /// A caller of an unsecured resource, by address.
    Anonymous(IpAddr),
}

/// The throttling of one configuration. Immutable; shared by all cores.
#[derive(Debug)]
pub struct Throttle {
    generation: u64,
    counters: Arc<Counters>,
    /// Whether callers are told how they stand.
    advertises: bool,
    apis: Vec<ApiLevels>,
    subscription: HashMap<String, Policy>,
    application: HashMap<String, Policy>,
    custom: CustomPolicies,
}

#[derive(Debug)]
struct ApiLevels {
    /// `base path:version`, the part of subscription keys that belongs to the API.
    key: String,
    level: Level,
    resources: Vec<Level>,
}

impl Throttle {
    /// Resolves the levels of every API and resource. Counters that `counters` already has are continued.
    pub fn new(config: &GatewayConfig, counters: Arc<Counters>, now_ms: u64) -> Self {
        let by_name = |policies: &[Policy]| {
            policies
                .iter()
                .map(|policy| (policy.name.clone(), policy.clone()))
                .collect()
        };
        let resource_level = |reference: Option<&PolicyRef>, kind, key: String| {
            let Some(reference) = reference else {
                return Level::Unlimited;
            };
            if reference.name == UNLIMITED {
                return Level::Unlimited;
            }
            let index = reference.index.and_then(|index| usize::try_from(index).ok());
            match index.and_then(|index| config.policies.resource.get(index)) {
                Some(policy) => resource_limits(&counters, policy, kind, &key, now_ms),
                None => Level::Unknown,
            }
        };
        let apis = config
            .apis
            .iter()
            .map(|api| ApiLevels {
                key: format!("{}:{}", api.base_path, api.version),
                level: resource_level(
                    api.policy.as_ref(),
                    LevelKind::Api,
                    format!("{}/{}", api.base_path, api.version),
                ),
                resources: api
                    .resources
                    .iter()
                    .map(|resource| {
                        let (template, method) = (&resource.template, resource.method.as_str());
                        let key = format!("{}/{}{template}:{method}", api.base_path, api.version);
                        resource_level(resource.policy.as_ref(), LevelKind::Resource, key)
                    })
                    .collect(),
            })
            .collect();
        Self {
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            apis,
            subscription: by_name(&config.policies.subscription),
            application: by_name(&config.policies.application),
            custom: CustomPolicies::new(config),
            counters,
            advertises: false,
        }
    }

    /// Where quotas are counted elsewhere: nothing is, here.
    pub(crate) fn counted_elsewhere(counters: Arc<Counters>) -> Self {
        Self {
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            apis: Vec::new(),
            subscription: HashMap::new(),
            application: HashMap::new(),
            custom: CustomPolicies::default(),
            counters,
            advertises: false,
        }
    }

    /// Tells callers how they stand against their limits.
    pub fn advertising(mut self, advertises: bool) -> Self {
        self.advertises = advertises;
        self
    }

    /// Resolves the subscription level of an application at an API.
    pub fn subscription_level(
        &self,
        policy: &str,
        terms: &SubscriptionTerms,
        application: &str,
        api: u32,
        now_ms: u64,
    ) -> Level {
        let Some(api) = self.api(api) else {
            return Level::Unknown;
        };
        match self.subscription.get(policy) {
            Some(policy) => {
                let policy = terms.applied_to(policy);
                let key = format!("{application}:{}", api.key);
                let (kind, stop) = (LevelKind::Subscription, policy.stop_on_quota);
                level(&self.counters, &policy, kind, &key, stop, now_ms)
            }
            None => undefined(policy),
        }
    }

    /// Resolves the application level of a user of an application.
    pub fn application_level(&self, policy: &str, application: &str, user: &str, now_ms: u64) -> Level {
        match self.application.get(policy) {
            Some(policy) => {
                let key = format!("{application}:{user}");
                level(&self.counters, policy, LevelKind::Application, &key, true, now_ms)
            }
            None => undefined(policy),
        }
    }

    /// What keys of custom policies say about a caller; `None` where there are no such policies.
    pub fn caller_names(
        &self,
        user: &str,
        application: &str,
        tenant: Option<&str>,
        subscriber: &str,
    ) -> Option<Arc<CallerNames>> {
        let wanted = !self.custom.is_empty();
        wanted.then(|| Arc::new(CallerNames::new(user, application, tenant, subscriber)))
    }

    fn api(&self, index: u32) -> Option<&ApiLevels> {
        self.apis.get(usize::try_from(index).ok()?)
    }

    /// Finds the levels of a request.
    pub fn levels<'a>(
        &'a self,
        core: &mut CoreThrottle,
        api: u32,
        resource: u32,
        who: Who<'a>,
        call: &Call<'_>,
        now_ms: u64,
    ) -> Result<Levels<'a>, Rejection> {
        let Some(levels) = self.api(api) else {
            return Err(Refusal::UnknownPolicy.into());
        };
        let resource_level = usize::try_from(resource)
            .ok()
            .and_then(|index| levels.resources.get(index));
        let Some(resource_level) = resource_level else {
            return Err(Refusal::UnknownPolicy.into());
        };
        core.renew(self.generation);
        let custom = if self.custom.is_empty() {
            Vec::new()
        } else {
            let caller = match who {
                Who::Caller(caller) => caller.names.as_deref(),
                Who::Anonymous(_) => None,
            };
            let calls = Calls {
                api,
                resource,
                caller,
                client: call.client,
            };
            self.custom.levels(core, &calls, |policy, key| {
                let name = format!("{}:{key}", policy.name);
                level(&self.counters, policy, LevelKind::Custom, &name, true, now_ms)
            })
        };
        let (subscription, application) = match who {
            Who::Caller(caller) => (Cow::Borrowed(&caller.subscription), &caller.application),
            Who::Anonymous(address) => {
                let level = core.anonymous(api, address, |address| {
                    let terms = SubscriptionTerms::default();
                    self.subscription_level(UNAUTHENTICATED, &terms, &address.to_string(), api, now_ms)
                });
                (Cow::Owned(level), &Level::Unlimited)
            }
        };
        Ok(Levels {
            api: levels.level.of(call),
            resource: resource_level.of(call),
            subscription,
            application,
            custom,
            custom_first: matches!(who, Who::Anonymous(_)),
        })
    }

    /// Decides about a request: admits and counts it at every level, or refuses it and counts it at none.
    pub fn admit(&self, levels: &Levels<'_>, now_ms: u64) -> Result<Admission, Rejection> {
        let decision = admit(levels, self.counters.desk(), now_ms);
        self.told(decision, levels, now_ms)
    }

    /// Looks whether a request would be refused, and counts it nowhere.
    pub(crate) fn look(&self, levels: &Levels<'_>, now_ms: u64) -> Result<(), Rejection> {
        let decision = look(levels, self.counters.desk(), now_ms);
        self.told(decision.map(|()| Admission::default()), levels, now_ms)
            .map(drop)
    }

    /// Finds the limits on bytes that what is under way owes to.
    pub(crate) fn meters(&self, levels: &Levels<'_>) -> Admission {
        meters(levels, self.counters.desk())
    }

    /// Tells callers how they stand, where they are told.
    pub(crate) fn told(
        &self,
        decision: Result<Admission, Rejection>,
        levels: &Levels<'_>,
        now_ms: u64,
    ) -> Result<Admission, Rejection> {
        if !self.advertises {
            return decision;
        }
        let standing = Standing::of(levels, now_ms);
        match decision {
            Ok(admission) => Ok(Admission { standing, ..admission }),
            Err(rejection) => Err(Rejection {
                standing: standing.map(Box::new),
                ..rejection
            }),
        }
    }
}

/// The level of a policy that nobody defined.
fn undefined(policy: &str) -> Level {
    if policy == UNLIMITED {
        Level::Unlimited
    } else {
        Level::Unknown
    }
}

/// Makes the counters of a resource policy, which stops everybody: only subscription policies may let requests pass over
/// their quota. Every conditional limit counts for itself.
fn resource_limits(counters: &Counters, policy: &Policy, kind: LevelKind, name: &str, now_ms: u64) -> Level {
    let own = level(counters, policy, kind, name, true, now_ms);
    if policy.conditional.is_empty() {
        return own;
    }
    let limits = policy.conditional.iter().enumerate().map(|(position, limit)| {
        let alone = Policy {
            quota: limit.quota,
            conditional: Vec::new(),
            ..policy.clone()
        };
        let name = format!("{name}#{position}");
        (
            limit.conditions.as_slice(),
            level(counters, &alone, kind, &name, true, now_ms),
        )
    });
    Conditional::level(limits, own)
}

/// Makes the counters of a policy for a key.
fn level(counters: &Counters, policy: &Policy, kind: LevelKind, name: &str, stop: bool, now_ms: u64) -> Level {
    let key = |what, limit, window_ms| CounterKey {
        level: kind,
        what,
        name: name.into(),
        limit,
        window_ms,
        strict: false,
    };
    let counter = |what, limit, window_ms| counters.counter(key(what, limit, window_ms), now_ms);
    let (mut requests, mut strict, mut bandwidth) = (None, None, None);
    match policy.quota {
        Quota::Unlimited => {}
        // What only reports is worth no round trip.
        Quota::Requests { count, window_ms } if policy.strict && stop && counters.desk().is_some() => {
            let limit = counters.strict(key(What::Requests, count, window_ms), now_ms);
            requests = Some(Arc::clone(&limit.counter));
            strict = Some(Arc::new(limit));
        }
        Quota::Requests { count, window_ms } => requests = Some(counter(What::Requests, count, window_ms)),
        Quota::Bandwidth { bytes, window_ms } => bandwidth = Some(counter(What::Bytes, bytes, window_ms)),
    }
    let burst = policy
        .burst
        .map(|burst| counter(What::Burst, burst.count, burst.window_ms));
    if requests.is_none() && bandwidth.is_none() && burst.is_none() {
        return Level::Unlimited;
    }
    Level::Limited(Arc::new(Limits {
        requests,
        strict,
        burst,
        bandwidth,
        stop_on_quota: stop,
    }))
}
