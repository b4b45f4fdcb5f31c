//! Quotas: exact fixed windows, counted in shared atomics.
//!
//! A [`Counter`](mgw_quota::Counter) is one limit for one key. [`Counters`] is the bounded registry that finds or makes them and outlives
//! reloads. [`Throttle`] knows the levels of one configuration and decides about a request in one synchronous call:
//! every level is looked at first, then all are taken, so that a refused request is counted nowhere.

mod admission;
mod applied;
mod blocks;
mod condition;
mod custom;
mod decide;
mod desk;
pub(crate) mod global;
mod key_template;
mod level;
mod levels;
mod local;
mod policies;
mod quotas;
mod registry;
#[cfg(test)]
mod registry_tests;
mod standing;
mod strict;
mod tally;
mod terms;
#[cfg(test)]
mod tests;

pub use admission::Admission;
pub use applied::{AppliedLimit, AppliedQuantity};
pub use blocks::Blocks;
pub use condition::{Call, Conditional, check_pattern};
pub use custom::MAX_CUSTOM_POLICIES;
pub use desk::LeaseDesk;
pub use global::{CallerLimits, Consulted, ConsultedDecision, LimitsState, LimitsStatus};
pub(crate) use global::{CoreGlobal, GlobalLimits, GlobalRequest, GlobalThrottle, LimitsSource};
pub use key_template::{ClientForm, KeyFields, KeyTemplate, KeyTemplateError, MAX_KEY_TEMPLATE};
pub use level::{CallerLevels, CallerNames, Level, LevelKind};
pub use levels::Levels;
pub use local::CoreThrottle;
pub(crate) use local::bucket;
pub use policies::{Throttle, Who};
use policies::{UNAUTHENTICATED, UNLIMITED};
pub(crate) use quotas::{QuotaFilter, QuotaReset, QuotaState, QuotaStates};
pub use registry::Counters;
pub(crate) use registry::What;
pub use standing::Standing;
pub use strict::StrictLimit;
pub(crate) use strict::uncounted;
pub(crate) use tally::{CounterStatus, LevelStatus};
pub use terms::SubscriptionTerms;
