//! Limits of a gateway that counts for itself, by key templates.

use super::global::keys;
use super::{CallerNames, ClientForm, CoreThrottle, KeyFields, KeyTemplate, Level, bucket};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{Api, Policy};
use std::net::IpAddr;

/// Most custom policies: each is looked at for every request.
pub const MAX_CUSTOM_POLICIES: usize = 8;

/// What stands for callers without credentials.
const ANONYMOUS: &str = "anonymous";

/// The custom policies of a configuration. Without any, a request costs a look at an empty list.
#[derive(Debug, Default)]
pub(super) struct CustomPolicies {
    policies: Vec<Custom>,
    apis: Vec<Called>,
}

#[derive(Debug)]
struct Custom {
    /// `None`: it cannot be used. The compiler lets none into a bundle, and no limit at all would be the worse answer.
    template: Option<KeyTemplate>,
    policy: Policy,
}

/// What keys say about an API.
#[derive(Debug)]
struct Called {
    context: String,
    version: String,
    tenant: String,
    /// By number of the resource.
    resources: Vec<String>,
}

/// Who calls what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calls<'a> {
    pub(super) api: u32,
    pub(super) resource: u32,
    /// `None`: nobody is asked for credentials.
    pub(super) caller: Option<&'a CallerNames>,
    pub(super) client: IpAddr,
}

impl CustomPolicies {
    pub(super) fn new(config: &GatewayConfig) -> Self {
        let custom = &config.policies.custom;
        if custom.is_empty() {
            return Self::default();
        }
        let usable = custom.len() <= MAX_CUSTOM_POLICIES;
        Self {
            policies: custom
                .iter()
                .take(MAX_CUSTOM_POLICIES)
                .map(|custom| Custom {
                    template: KeyTemplate::parse(&custom.key_template).ok().filter(|_| usable),
                    policy: custom.policy.clone(),
                })
                .collect(),
            apis: config.apis.iter().map(Called::new).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Finds the level of each policy; `make` makes the counters of a key that is new on this core.
    pub(super) fn levels(
        &self,
        core: &mut CoreThrottle,
        calls: &Calls<'_>,
        make: impl Fn(&Policy, &str) -> Level,
    ) -> Vec<Level> {
        let fields = self.fields(calls);
        let numbered = self.policies.iter().enumerate();
        numbered
            .map(|(number, Custom { template, policy })| {
                let (Some(template), Some(fields)) = (template, &fields) else {
                    return Level::Unknown;
                };
                let level = core.custom(number, |key| template.render(fields, key), |key| make(policy, key));
                // A key that cannot be made counts nothing; the compiler lets no such template into a bundle.
                level.unwrap_or(Level::Unknown)
            })
            .collect()
    }

    fn fields<'a>(&'a self, calls: &Calls<'a>) -> Option<KeyFields<'a>> {
        let api = self.apis.get(usize::try_from(calls.api).ok()?)?;
        let resource = api.resources.get(usize::try_from(calls.resource).ok()?)?;
        let caller = calls.caller;
        Some(KeyFields {
            resource_key: resource,
            user_id: caller.map_or(ANONYMOUS, |caller| &caller.user),
            api_context: &api.context,
            api_version: &api.version,
            app_tenant: caller.map_or(&api.tenant, |caller| &caller.tenant),
            api_tenant: &api.tenant,
            app_id: caller.map_or(ANONYMOUS, |caller| &caller.application),
            client: bucket(calls.client),
            client_form: ClientForm::Text,
            custom: &[],
        })
    }
}

impl Called {
    fn new(api: &Api) -> Self {
        let resources = api.resources.iter();
        Self {
            context: keys::context(&api.base_path).to_owned(),
            version: api.version.clone(),
            tenant: keys::tenant_of_api(&api.base_path).to_owned(),
            resources: resources
                .map(|resource| {
                    keys::resource(
                        &api.base_path,
                        &api.version,
                        &resource.template,
                        resource.method.as_str(),
                    )
                })
                .collect(),
        }
    }
}

impl CallerNames {
    pub(super) fn new(user: &str, application: &str, tenant: Option<&str>, subscriber: &str) -> Self {
        Self {
            user: user.into(),
            application: application.into(),
            tenant: tenant.unwrap_or_else(|| keys::tenant_of_user(subscriber)).into(),
        }
    }
}

#[cfg(test)]
#[path = "custom_tests.rs"]
mod tests;
