//! The limits of one configuration, and the decision about a request.

use super::core::CoreGlobal;
use super::live_blocks::ServedBlocks;
use super::{CallerLimits, Cell, Conditioned, GlobalLimits, keys};
use crate::auth::{Caller, Grant, Identity};
use crate::refusal::{Refusal, Rejection};
use crate::throttle::{Admission, Call, ClientForm, KeyFields, LevelKind, UNAUTHENTICATED, UNLIMITED};
use crate::traffic_manager::{Called, Calling, EventQueue, Properties, RequestEvent};
use http::{HeaderMap, HeaderName};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, PolicyRef, Resource, Scheme};
use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What stands for callers without credentials.
const ANONYMOUS: &str = "anonymous";

/// Numbers the configurations of a process, so that per-core state knows when it is out of date.
static GENERATION: AtomicU64 = AtomicU64::new(1);

/// The limits of one configuration, as the traffic manager counts them. Immutable but for what it is told; shared by all
/// cores.
#[derive(Debug)]
pub(crate) struct GlobalThrottle {
    generation: u64,
    pub(super) limits: Arc<GlobalLimits>,
    blocks: Arc<ServedBlocks>,
    apis: Vec<ApiLimits>,
    /// Subscription policies that only report.
    reporting: HashSet<String>,
}

#[derive(Debug)]
pub(super) struct ApiLimits {
    base_path: String,
    version: String,
    /// `None`: the API has no policy.
    pub(super) level: Option<Arc<Conditioned>>,
    resources: Vec<ResourceLimits>,
}

#[derive(Debug)]
pub(super) struct ResourceLimits {
    /// `None`: the resource has no policy, or the API's counts instead.
    pub(super) level: Option<Arc<Conditioned>>,
    pub(super) called: Arc<Called>,
}

/// A request, as far as limits are concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GlobalRequest<'a> {
    /// Number of the API in the bundle.
    pub(crate) api: u32,
    /// Number of the resource of the API.
    pub(crate) resource: u32,
    /// `None`: nobody is asked for credentials.
    pub(crate) caller: Option<&'a Caller>,
    pub(crate) call: Call<'a>,
    /// Where the traffic manager is told of requests that pass.
    pub(crate) events: Option<&'a EventQueue>,
    /// Milliseconds since the epoch.
    pub(crate) now_ms: u64,
}

impl GlobalThrottle {
    /// Resolves the keys of every API and resource, and the blocks. `header`: where callers of APIs that do not name a field
    /// of their own send their tokens.
    pub(crate) fn new(config: &GatewayConfig, header: &HeaderName, limits: &Arc<GlobalLimits>) -> Self {
        let reporting = config.policies.subscription.iter();
        Self {
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            blocks: limits.blocks.serve(&config.apis),
            apis: config
                .apis
                .iter()
                .map(|api| ApiLimits::new(api, header, limits))
                .collect(),
            reporting: reporting
                .filter(|policy| !policy.stop_on_quota)
                .map(|policy| policy.name.clone())
                .collect(),
            limits: Arc::clone(limits),
        }
    }

    /// Resolves the limits of a caller of API number `api`.
    pub(crate) fn caller(&self, api: u32, identity: &Identity, grant: &Grant, now_ms: u64) -> Option<CallerLimits> {
        let api = self.api(api)?;
        let (application, user) = (&grant.application_id, &identity.user);
        let tenant = grant.tenant.as_deref();
        let calling = Calling {
            app_key: keys::application(application, user).into(),
            app_tier: grant.application_policy.as_str().into(),
            subscription_key: keys::subscription(application, &api.base_path, &api.version).into(),
            subscription_tier: grant.subscription_policy.as_str().into(),
            user_id: user.as_str().into(),
            app_tenant: tenant.unwrap_or_else(|| keys::tenant_of_user(&grant.subscriber)).into(),
            app_id: application.as_str().into(),
        };
        Some(CallerLimits {
            claims: self.limits.kinds.claims.then(|| Arc::new(identity.claims.clone())),
            ..self.limits_of(calling, grant.terms.stop_on_quota, now_ms)
        })
    }

    /// Decides about a request by what has been told so far. One that passes is told to the traffic manager.
    pub(crate) fn admit(&self, core: &mut CoreGlobal, request: &GlobalRequest<'_>) -> Result<Admission, Rejection> {
        self.decide(core, request, |core, called, limits, over_quota| {
            self.passes(core, request, called, limits, over_quota)
        })
    }

    /// Looks by what has been told so far whether what is under way may go on. Nobody is told of it.
    pub(crate) fn look(&self, core: &mut CoreGlobal, request: &GlobalRequest<'_>) -> Result<(), Rejection> {
        self.decide(core, request, |_, _, _, _| ())
    }

    /// Has `pass` say what becomes of a request that passes.
    fn decide<T>(
        &self,
        core: &mut CoreGlobal,
        request: &GlobalRequest<'_>,
        pass: impl FnOnce(&mut CoreGlobal, &Arc<Called>, &CallerLimits, bool) -> T,
    ) -> Result<T, Rejection> {
        let Some((api, resource)) = self.found(request) else {
            return Err(Refusal::UnknownPolicy.into());
        };
        if self
            .blocks
            .refuse(request.api, request.call.client, request.caller, request.now_ms)
        {
            return Err(Refusal::BlockingCondition.into());
        }
        self.shared_levels(request, api, resource)?;
        let now_ms = request.now_ms;
        let called = &resource.called;
        match request.caller {
            Some(caller) => {
                // Callers are resolved for the configuration that serves them.
                let limits = caller.limits.as_ref().ok_or(Refusal::NoCaller)?;
                let over_quota = subscription(limits, now_ms)?;
                stopping(limits.application.as_deref(), LevelKind::Application.refusal(), now_ms)?;
                self.custom_policies(core, request, called, limits)?;
                Ok(pass(core, called, limits, over_quota))
            }
            None => {
                let limits = self.anonymous(core, request, api);
                self.custom_policies(core, request, called, &limits)?;
                let over_quota = subscription(&limits, now_ms)?;
                Ok(pass(core, called, &limits, over_quota))
            }
        }
    }

    pub(super) fn found(&self, request: &GlobalRequest<'_>) -> Option<(&ApiLimits, &ResourceLimits)> {
        let api = self.api(request.api)?;
        let resource = api.resources.get(usize::try_from(request.resource).ok()?)?;
        Some((api, resource))
    }

    /// The limits of an address without credentials.
    pub(super) fn anonymous(
        &self,
        core: &mut CoreGlobal,
        request: &GlobalRequest<'_>,
        api: &ApiLimits,
    ) -> Arc<CallerLimits> {
        core.anonymous(self.generation, request.api, request.call.client, |address| {
            self.limits_of(anonymous(address, api), None, request.now_ms)
        })
    }

    /// The levels that all callers share. Where the API has a policy, it takes the place of its resources'.
    fn shared_levels(
        &self,
        request: &GlobalRequest<'_>,
        api: &ApiLimits,
        resource: &ResourceLimits,
    ) -> Result<(), Rejection> {
        let (level, kind) = match (&api.level, &resource.level) {
            (Some(level), _) => (level, LevelKind::Api),
            (None, Some(level)) => (level, LevelKind::Resource),
            (None, None) => return Ok(()),
        };
        let (kinds, call) = (self.limits.kinds, request.call);
        let no_headers = HeaderMap::new();
        // The traffic manager decides by no more than it is told.
        let seen = Call {
            client: call.client,
            headers: if kinds.headers { call.headers } else { &no_headers },
            query: call.query.filter(|_| kinds.query),
            claims: call.claims.filter(|_| kinds.claims),
        };
        match level.until(&seen, request.now_ms) {
            Some(until_ms) => Err(over(kind.refusal(), until_ms, request.now_ms)),
            None => Ok(()),
        }
    }

    fn custom_policies(
        &self,
        core: &mut CoreGlobal,
        request: &GlobalRequest<'_>,
        called: &Called,
        limits: &CallerLimits,
    ) -> Result<(), Rejection> {
        let (decisions, now_ms) = (&self.limits.decisions, request.now_ms);
        let templates = self.limits.templates.load();
        if templates.is_empty() || !decisions.any(now_ms) {
            return Ok(());
        }
        for template in templates.iter() {
            for form in template.client_forms() {
                let until_ms = core.custom(decisions, now_ms, |key| {
                    template.render(&key_fields(request, called, limits, *form), key)
                });
                if let Some(until_ms) = until_ms {
                    return Err(over(Refusal::CustomQuota, until_ms, now_ms));
                }
            }
        }
        Ok(())
    }

    fn passes(
        &self,
        core: &mut CoreGlobal,
        request: &GlobalRequest<'_>,
        called: &Arc<Called>,
        limits: &CallerLimits,
        over_quota: bool,
    ) -> Admission {
        let admission = Admission {
            over_quota,
            ..Admission::default()
        };
        let Some(events) = request.events else {
            return admission;
        };
        let (kinds, call) = (self.limits.kinds, &request.call);
        let mut properties = Properties::of(call.client);
        if kinds.headers {
            properties = properties.with_headers(call.headers);
        }
        if let Some(query) = call.query.filter(|_| kinds.query) {
            properties = properties.with_query(query);
        }
        if let Some(claims) = &limits.claims {
            properties = properties.with_claims(Arc::clone(claims));
        }
        events.offer(RequestEvent {
            message_id: core.next_id(),
            at_ms: request.now_ms,
            called: Arc::clone(called),
            calling: Arc::clone(&limits.calling),
            properties,
        });
        admission
    }

    /// `stops`: what the key manager says about the subscription; `None`: what its policy says.
    fn limits_of(&self, calling: Calling, stops: Option<bool>, now_ms: u64) -> CallerLimits {
        let cell = |tier: &str, key: &str| (tier != UNLIMITED).then(|| self.limits.decisions.cell(key, now_ms));
        CallerLimits {
            subscription: cell(&calling.subscription_tier, &calling.subscription_key),
            application: cell(&calling.app_tier, &calling.app_key),
            stops: stops.unwrap_or_else(|| !self.reporting.contains(&*calling.subscription_tier)),
            calling: Arc::new(calling),
            claims: None,
        }
    }

    fn api(&self, index: u32) -> Option<&ApiLimits> {
        self.apis.get(usize::try_from(index).ok()?)
    }
}

impl ApiLimits {
    fn new(api: &Api, header: &HeaderName, limits: &GlobalLimits) -> Self {
        let (base_path, version) = (api.base_path.as_str(), api.version.as_str());
        let api_tier = tier(api.policy.as_ref());
        let api_key = keys::api(base_path, version);
        let called = Called {
            api_key: api_key.as_str().into(),
            api_tier: api_tier.unwrap_or_default().into(),
            resource_key: api_key.as_str().into(),
            resource_tier: api_tier.unwrap_or_default().into(),
            api_context: base_path.into(),
            api_version: version.into(),
            api_tenant: keys::tenant_of_api(base_path).into(),
            api_name: keys::service_name(&api.name, version).into(),
            credential_names: credential_names(api, header),
        };
        let called = Arc::new(called);
        let resources = api.resources.iter().map(|resource| match api_tier {
            // The traffic manager counts the API in the place of the resource.
            Some(_) => ResourceLimits {
                level: None,
                called: Arc::clone(&called),
            },
            None => ResourceLimits::new(resource, api, &called, limits),
        });
        Self {
            resources: resources.collect(),
            level: api_tier.map(|_| limits.decisions.conditioned(&api_key)),
            base_path: api.base_path.clone(),
            version: api.version.clone(),
        }
    }
}

impl ResourceLimits {
    fn new(resource: &Resource, api: &Api, called: &Called, limits: &GlobalLimits) -> Self {
        let key = keys::resource(
            &api.base_path,
            &api.version,
            &resource.template,
            resource.method.as_str(),
        );
        let tier = tier(resource.policy.as_ref());
        Self {
            level: tier.map(|_| limits.decisions.conditioned(&key)),
            called: Arc::new(Called {
                resource_key: key.into(),
                resource_tier: tier.unwrap_or(UNLIMITED).into(),
                ..called.clone()
            }),
        }
    }
}

/// Returns what custom policies count a request by.
pub(super) fn key_fields<'a>(
    request: &GlobalRequest<'a>,
    called: &'a Called,
    limits: &'a CallerLimits,
    client_form: ClientForm,
) -> KeyFields<'a> {
    let calling = &limits.calling;
    KeyFields {
        resource_key: &called.resource_key,
        user_id: &calling.user_id,
        api_context: &called.api_context,
        api_version: &called.api_version,
        app_tenant: &calling.app_tenant,
        api_tenant: &called.api_tenant,
        app_id: &calling.app_id,
        client: request.call.client,
        client_form,
        // Nothing in this gateway sets properties.
        custom: &[],
    }
}

/// Returns the name of a policy that limits.
fn tier(policy: Option<&PolicyRef>) -> Option<&str> {
    policy
        .map(|policy| policy.name.as_str())
        .filter(|name| *name != UNLIMITED)
}

/// Returns the names of header fields and query parameters in which an API takes credentials, in lower case.
fn credential_names(api: &Api, header: &HeaderName) -> Arc<[Box<str>]> {
    let header = api.auth_header.as_deref().unwrap_or(header.as_str());
    let mut names = BTreeSet::from([header.to_ascii_lowercase()]);
    let requirements = api
        .resources
        .iter()
        .flat_map(|resource| &resource.security.alternatives);
    for scheme in requirements.flat_map(|requirement| &requirement.schemes) {
        if let Scheme::ApiKey { name, .. } = scheme {
            names.insert(name.to_ascii_lowercase());
        }
    }
    names.into_iter().map(String::into_boxed_str).collect()
}

/// What the traffic manager is told about a caller without credentials.
fn anonymous(address: IpAddr, api: &ApiLimits) -> Calling {
    let subscription_key = keys::subscription(&address.to_string(), &api.base_path, &api.version);
    Calling {
        app_key: keys::application(ANONYMOUS, ANONYMOUS).into(),
        app_tier: UNLIMITED.into(),
        subscription_key: subscription_key.into(),
        subscription_tier: UNAUTHENTICATED.into(),
        user_id: ANONYMOUS.into(),
        app_tenant: keys::tenant_of_api(&api.base_path).into(),
        app_id: ANONYMOUS.into(),
    }
}

/// Returns whether the subscription's quota is used up and only reports it.
fn subscription(limits: &CallerLimits, now_ms: u64) -> Result<bool, Rejection> {
    if limits.stops {
        stopping(
            limits.subscription.as_deref(),
            LevelKind::Subscription.refusal(),
            now_ms,
        )?;
        return Ok(false);
    }
    let until_ms = limits.subscription.as_ref().and_then(|cell| cell.until(now_ms));
    Ok(until_ms.is_some())
}

fn stopping(cell: Option<&Cell>, refusal: Refusal, now_ms: u64) -> Result<(), Rejection> {
    match cell.and_then(|cell| cell.until(now_ms)) {
        Some(until_ms) => Err(over(refusal, until_ms, now_ms)),
        None => Ok(()),
    }
}

/// The decision's last millisecond is over one later.
fn over(refusal: Refusal, until_ms: u64, now_ms: u64) -> Rejection {
    Rejection::new(refusal).with_retry_after_ms(until_ms.saturating_sub(now_ms).saturating_add(1))
}
