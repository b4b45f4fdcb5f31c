//! The levels at which a request is limited.

use super::{Call, Conditional, StrictLimit};
use crate::refusal::Refusal;
use mgw_quota::Counter;
use std::sync::Arc;

/// A level, in the order in which they answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LevelKind {
    /// All callers of an API together.
    Api,
    /// All callers of a resource together.
    Resource,
    /// One application's calls of one API, or one address's calls without credentials.
    Subscription,
    /// One user of one application, over all APIs.
    Application,
    /// Everything that has the key of a custom policy. For callers without credentials it answers before the subscription.
    Custom,
}

impl LevelKind {
    /// Every level, each at its [`Self::index`].
    pub(crate) const ALL: [Self; 5] = [
        Self::Api,
        Self::Resource,
        Self::Subscription,
        Self::Application,
        Self::Custom,
    ];

    /// The place in [`Self::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Returns the name that callers see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Resource => "resource",
            Self::Subscription => "subscription",
            Self::Application => "application",
            Self::Custom => "custom",
        }
    }

    /// Returns the refusal of a request over this level's limit.
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Api => Refusal::ApiQuota,
            Self::Resource => Refusal::ResourceQuota,
            Self::Subscription => Refusal::SubscriptionQuota,
            Self::Application => Refusal::ApplicationQuota,
            Self::Custom => Refusal::CustomQuota,
        }
    }
}

/// What limits a request at one level. Cloning copies pointers.
#[derive(Debug, Clone, Default)]
pub enum Level {
    /// Nothing.
    #[default]
    Unlimited,
    /// A policy that nobody defined: every request is refused with 900809.
    Unknown,
    /// A policy.
    Limited(Arc<Limits>),
    /// A policy whose limit depends on the request.
    Conditional(Arc<Conditional>),
}

impl Level {
    /// Returns the level that holds for a call.
    pub(super) fn of(&self, call: &Call<'_>) -> &Self {
        match self {
            Self::Conditional(conditional) => conditional.of(call),
            Self::Unlimited | Self::Unknown | Self::Limited(_) => self,
        }
    }
}

/// The counters of one policy for one key.
#[derive(Debug)]
pub struct Limits {
    /// Requests per window.
    pub(super) requests: Option<Arc<Counter>>,
    /// Where the store counts those before they are admitted.
    pub(super) strict: Option<Arc<StrictLimit>>,
    /// Requests per short window.
    pub(super) burst: Option<Arc<Counter>>,
    /// Bytes per window, request and response bodies together.
    pub(super) bandwidth: Option<Arc<Counter>>,
    /// `false`: count and report, but let pass.
    pub(super) stop_on_quota: bool,
}

impl Limits {
    /// All counters.
    pub(super) fn counters(&self) -> impl Iterator<Item = &Arc<Counter>> {
        self.requests.iter().chain(&self.burst).chain(&self.bandwidth)
    }

    /// The counters that take one unit per request and stop at their limit, the short window first.
    pub(super) fn stopping(&self) -> impl Iterator<Item = &Arc<Counter>> {
        let requests = self.requests.as_ref().filter(|_| self.stop_on_quota);
        self.burst.iter().chain(requests)
    }
}

/// The levels that belong to a caller; resolved once, kept with the caller.
#[derive(Debug, Clone, Default)]
pub struct CallerLevels {
    /// The caller's subscription.
    pub subscription: Level,
    /// The caller's application.
    pub application: Level,
    /// What keys of custom policies say about the caller; `None` where there are no such policies.
    pub names: Option<Arc<CallerNames>>,
}

/// What keys of custom policies say about a caller.
#[derive(Debug, PartialEq, Eq)]
pub struct CallerNames {
    pub(super) user: Box<str>,
    /// The application's id.
    pub(super) application: Box<str>,
    /// The subscriber's tenant.
    pub(super) tenant: Box<str>,
}
