//! The levels of one configuration, and the decision about a request.

use super::level::Limits;
use super::registry::{CounterKey, What};
use super::{
    Admission, Call, CallerLevels, Conditional, CoreThrottle, Counters, Level, LevelKind, Standing, SubscriptionTerms,
};
use crate::refusal::{Refusal, Rejection};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Policy, PolicyRef, Quota};
use mgw_quota::{Counter, Held, Reservation};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name that needs no definition.
const UNLIMITED: &str = "Unlimited";
/// The subscription policy of callers without credentials.
const UNAUTHENTICATED: &str = "Unauthenticated";
/// Counters that a single request can touch: four levels with a quota and a burst limit each.
const MAX_COUNTERS: usize = 8;
/// How often a contended counter is asked again before the thread gives way, and how often it gives way.
const SPINS: u32 = 256;
const YIELDS: u32 = 1024;

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

    fn decide(&self, levels: [(LevelKind, &Level); 4], now_ms: u64) -> Result<Admission, Rejection> {
        let decision = admit(levels, now_ms);
        if !self.advertises {
            return decision;
        }
        match decision {
            Ok(mut admission) => {
                admission.standing = Standing::of(&levels, now_ms);
                Ok(admission)
            }
            Err(mut rejection) => {
                rejection.standing = Standing::of(&levels, now_ms).map(Box::new);
                Err(rejection)
            }
        }
    }

    fn api(&self, index: u32) -> Option<&ApiLevels> {
        self.apis.get(usize::try_from(index).ok()?)
    }

    /// Decides about a request: admits and counts it at every level, or refuses it and counts it at none.
    pub fn admit(
        &self,
        core: &mut CoreThrottle,
        api: u32,
        resource: u32,
        who: Who<'_>,
        call: &Call<'_>,
        now_ms: u64,
    ) -> Result<Admission, Rejection> {
        let Some(levels) = self.api(api) else {
            return Err(Refusal::UnknownPolicy.into());
        };
        let resource_level = usize::try_from(resource)
            .ok()
            .and_then(|index| levels.resources.get(index));
        let Some(resource_level) = resource_level else {
            return Err(Refusal::UnknownPolicy.into());
        };
        let (api_level, resource_level) = (levels.level.of(call), resource_level.of(call));
        match who {
            Who::Caller(caller) => self.decide(
                [
                    (LevelKind::Api, api_level),
                    (LevelKind::Resource, resource_level),
                    (LevelKind::Subscription, &caller.subscription),
                    (LevelKind::Application, &caller.application),
                ],
                now_ms,
            ),
            Who::Anonymous(address) => {
                let level = core.anonymous(self.generation, api, address, |address| {
                    let terms = SubscriptionTerms::default();
                    self.subscription_level(UNAUTHENTICATED, &terms, &address.to_string(), api, now_ms)
                });
                self.decide(
                    [
                        (LevelKind::Api, api_level),
                        (LevelKind::Resource, resource_level),
                        (LevelKind::Subscription, &level),
                        (LevelKind::Application, &Level::Unlimited),
                    ],
                    now_ms,
                )
            }
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
    let counter = |what, limit, window_ms| {
        let key = CounterKey {
            level: kind,
            what,
            name: name.into(),
            limit,
            window_ms,
        };
        counters.counter(key, now_ms)
    };
    let (requests, bandwidth) = match policy.quota {
        Quota::Unlimited => (None, None),
        Quota::Requests { count, window_ms } => (Some(counter(What::Requests, count, window_ms)), None),
        Quota::Bandwidth { bytes, window_ms } => (None, Some(counter(What::Bytes, bytes, window_ms))),
    };
    let burst = policy
        .burst
        .map(|burst| counter(What::Burst, burst.count, burst.window_ms));
    if requests.is_none() && bandwidth.is_none() && burst.is_none() {
        return Level::Unlimited;
    }
    Level::Limited(Arc::new(Limits {
        requests,
        burst,
        bandwidth,
        stop_on_quota: stop,
    }))
}

/// Looks at every level, then takes one unit at each.
///
/// Units of all counters but the last are first reserved and committed together, so that a request which fails at a
/// later counter never shows as admitted at an earlier one, and nobody is refused because of it. Counters are taken in
/// the fixed order of levels: two requests can wait for each other at no time.
fn admit(levels: [(LevelKind, &Level); 4], now_ms: u64) -> Result<Admission, Rejection> {
    let mut admission = Admission::default();
    let mut counters: [Option<(LevelKind, &Counter)>; MAX_COUNTERS] = [None; MAX_COUNTERS];
    let mut count = 0;
    for (kind, level) in levels {
        let limits = match level {
            Level::Unlimited => continue,
            // The conditions were looked at before.
            Level::Unknown | Level::Conditional(_) => return Err(Refusal::UnknownPolicy.into()),
            Level::Limited(limits) => limits,
        };
        if let Some(meter) = &limits.bandwidth {
            let full = meter.is_full(now_ms);
            if full && limits.stop_on_quota {
                return Err(over(kind, meter, now_ms));
            }
            admission.over_quota |= full;
            admission.meter(meter);
        }
        for counter in limits.stopping() {
            if counter.is_full(now_ms) {
                return Err(over(kind, counter, now_ms));
            }
            if let Some(slot) = counters.get_mut(count) {
                *slot = Some((kind, counter));
                count += 1;
            }
        }
    }
    take(counters.iter().flatten().copied(), count, now_ms)?;
    for (_, level) in levels {
        if let Level::Limited(limits) = level
            && !limits.stop_on_quota
            && let Some(counter) = &limits.requests
        {
            admission.over_quota |= counter.add(1, now_ms) > counter.limit();
        }
    }
    Ok(admission)
}

fn take<'a>(
    counters: impl Iterator<Item = (LevelKind, &'a Counter)>,
    count: usize,
    now_ms: u64,
) -> Result<(), Rejection> {
    let mut held: [Option<(&Counter, Held)>; MAX_COUNTERS] = [None; MAX_COUNTERS];
    for ((position, (kind, counter)), slot) in counters.enumerate().zip(0..MAX_COUNTERS) {
        // The last one needs no reservation: nothing can fail after it.
        let last = position + 1 == count;
        let reservation = patiently(|| {
            if last {
                counter.acquire(now_ms)
            } else {
                counter.reserve(now_ms)
            }
        });
        match reservation {
            Reservation::Held(unit) if !last => {
                if let Some(slot) = held.get_mut(slot) {
                    *slot = Some((counter, unit));
                }
            }
            Reservation::Held(_) => {}
            Reservation::Full | Reservation::Contended => {
                for (counter, unit) in held.into_iter().flatten() {
                    counter.release(unit);
                }
                return Err(over(kind, counter, now_ms));
            }
        }
    }
    for (counter, unit) in held.into_iter().flatten() {
        counter.commit(unit);
    }
    Ok(())
}

/// Asks again while the answer depends on requests that other cores are deciding at this moment; that takes them
/// nanoseconds, unless the system has suspended one of them.
fn patiently(ask: impl Fn() -> Reservation) -> Reservation {
    for turn in 0..SPINS + YIELDS {
        match ask() {
            Reservation::Contended if turn < SPINS => std::hint::spin_loop(),
            Reservation::Contended => std::thread::yield_now(),
            settled => return settled,
        }
    }
    Reservation::Contended
}

fn over(kind: LevelKind, counter: &Counter, now_ms: u64) -> Rejection {
    Rejection::new(kind.refusal()).with_retry_after_ms(counter.remaining_ms(now_ms))
}
