//! Policies by name, and what to say about a name that nobody defined.

use super::tiers::UNLIMITED;
use crate::diagnostics::{Diagnostic, Severity};
use crate::project::Compat;
use mgw_bundle::config::{Policies, Policy};

/// The three lists of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Resource,
    Application,
    Subscription,
}

impl Kind {
    /// As people call such a policy.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Application => "application",
            Self::Subscription => "subscription",
        }
    }

    /// The list in `policies.yaml`.
    const fn section(self) -> &'static str {
        match self {
            Self::Resource => "resourcePolicies",
            Self::Application => "applicationPolicies",
            Self::Subscription => "subscriptionPolicies",
        }
    }
}

/// The policies that can be named.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownPolicies<'a> {
    policies: &'a Policies,
    compat: Option<Compat>,
}

impl<'a> KnownPolicies<'a> {
    pub(super) fn new(policies: &'a Policies, compat: Option<Compat>) -> Self {
        Self { policies, compat }
    }

    fn list(&self, kind: Kind) -> &'a [Policy] {
        match kind {
            Kind::Resource => &self.policies.resource,
            Kind::Application => &self.policies.application,
            Kind::Subscription => &self.policies.subscription,
        }
    }

    /// The place of a policy in its list.
    pub(super) fn index(&self, kind: Kind, name: &str) -> Option<u32> {
        let position = self.list(kind).iter().position(|policy| policy.name == name);
        position.and_then(|position| u32::try_from(position).ok())
    }

    /// Whether a name means something: `Unlimited` always does.
    pub(super) fn contains(&self, kind: Kind, name: &str) -> bool {
        name == UNLIMITED || self.list(kind).iter().any(|policy| policy.name == name)
    }

    /// The finding that nobody defined a policy. `diagnose` makes it from the message, which says after the name what
    /// `which` says; micro-gw built such projects and refused `calls`.
    pub(super) fn missing(
        &self,
        kind: Kind,
        name: &str,
        which: &str,
        calls: &str,
        diagnose: impl FnOnce(String) -> Diagnostic,
    ) -> Diagnostic {
        let mut message = format!("there is no {} policy `{name}`{which}", kind.name());
        if self.compat.is_some() {
            message.push_str(&format!("; {calls} are going to be refused with 900809"));
        }
        let known = self.list(kind).iter().map(|policy| policy.name.as_str());
        let known = known.chain([UNLIMITED]);
        let mut diagnostic = diagnose(message).remedy(format!("Add it to `{}` in policies.yaml.", kind.section()));
        diagnostic = match diagnostic.place {
            Some((_, span)) => diagnostic.misnamed(name, span, known),
            None => diagnostic.did_you_mean(name, known),
        };
        // Nobody goes without a limit by a guess.
        let frees = diagnostic.would_write(UNLIMITED);
        diagnostic = diagnostic.only_likely_if(frees);
        diagnostic.severity = match self.compat {
            Some(Compat::MicroGw32) => Severity::Warning,
            None => Severity::Error,
        };
        diagnostic
    }
}
