//! The decisions that a request depends on, for whoever explains it.

use super::throttle::{ApiLimits, ResourceLimits, key_fields};
use super::{CallerLimits, CoreGlobal, GlobalRequest, GlobalThrottle};
use crate::throttle::{ClientForm, KeyTemplate, LevelKind};

/// What decides about a request where the traffic manager counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consulted {
    /// The decisions that are looked for, in this order.
    pub decisions: Vec<ConsultedDecision>,
    /// How many blocks of the control plane are known, beside those of the bundle.
    pub blocks: usize,
    /// How many key templates of custom policies are known.
    pub key_templates: usize,
}

/// A decision that a request would be refused by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultedDecision {
    /// The level.
    pub level: LevelKind,
    /// The policy; `None`: the traffic manager alone knows its name.
    pub policy: Option<String>,
    /// What the traffic manager counts by. Decisions about conditions have their names behind it.
    pub key: String,
    /// `false`: what is over the limit passes.
    pub stops: bool,
}

impl GlobalThrottle {
    /// Returns what a request depends on.
    pub(crate) fn consult(&self, core: &mut CoreGlobal, request: &GlobalRequest<'_>) -> Consulted {
        let mut consulted = Consulted {
            blocks: self.limits.blocks.len(),
            key_templates: self.limits.templates.load().len(),
            ..Consulted::default()
        };
        let Some((api, resource)) = self.found(request) else {
            return consulted;
        };
        let limits = match request.caller {
            Some(caller) => caller.limits.clone(),
            None => Some((*self.anonymous(core, request, api)).clone()),
        };
        let decisions = &mut consulted.decisions;
        decisions.extend(shared(api, resource));
        let Some(limits) = limits else {
            return consulted;
        };
        let custom = self.custom_decisions(request, resource, &limits);
        let own = [LevelKind::Subscription, LevelKind::Application].map(|level| of_caller(level, &limits));
        let own = own.into_iter().flatten();
        match request.caller {
            Some(_) => decisions.extend(own.chain(custom)),
            None => decisions.extend(custom.into_iter().chain(own)),
        }
        consulted
    }

    fn custom_decisions(
        &self,
        request: &GlobalRequest<'_>,
        resource: &ResourceLimits,
        limits: &CallerLimits,
    ) -> Vec<ConsultedDecision> {
        let templates = self.limits.templates.load();
        let decision = |template: &KeyTemplate, form: ClientForm| {
            let mut key = String::new();
            let fields = key_fields(request, &resource.called, limits, form);
            template.render(&fields, &mut key).then_some(ConsultedDecision {
                level: LevelKind::Custom,
                policy: None,
                key,
                stops: true,
            })
        };
        let of_template = |template| {
            let forms = KeyTemplate::client_forms(template).iter();
            forms.filter_map(move |form| decision(template, *form))
        };
        templates.iter().flat_map(of_template).collect()
    }
}

/// The level that all callers share.
fn shared(api: &ApiLimits, resource: &ResourceLimits) -> Option<ConsultedDecision> {
    let called = &resource.called;
    let (level, policy, key) = match (&api.level, &resource.level) {
        (Some(_), _) => (LevelKind::Api, &called.api_tier, &called.api_key),
        (None, Some(_)) => (LevelKind::Resource, &called.resource_tier, &called.resource_key),
        (None, None) => return None,
    };
    Some(ConsultedDecision {
        level,
        policy: Some(policy.to_string()),
        key: key.to_string(),
        stops: true,
    })
}

fn of_caller(level: LevelKind, limits: &CallerLimits) -> Option<ConsultedDecision> {
    let calling = &limits.calling;
    let (cell, policy, key, stops) = match level {
        LevelKind::Subscription => (
            &limits.subscription,
            &calling.subscription_tier,
            &calling.subscription_key,
            limits.stops,
        ),
        _ => (&limits.application, &calling.app_tier, &calling.app_key, true),
    };
    cell.as_ref().map(|_| ConsultedDecision {
        level,
        policy: Some(policy.to_string()),
        key: key.to_string(),
        stops,
    })
}
