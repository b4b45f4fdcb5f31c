//! Limits that the control plane's traffic manager counts for all its gateways together.
//!
//! The gateway tells it of every request that passes ([`crate::traffic_manager`]), and is told when a quota is used up. A
//! request is decided by what has been told so far: nothing is counted here, and nobody is asked while a request waits.
//!
//! [`Decisions`] are found by key. Everything that has a key holds its [`Cell`], so that a request costs a load for each
//! level.

mod caller;
mod cell;
mod conditioned;
mod conditions;
mod consulted;
mod core;
mod decisions;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub(super) mod keys;
mod limits;
mod lists;
mod live_blocks;
mod status;
#[cfg(test)]
mod tests;
mod throttle;

pub(crate) use self::core::CoreGlobal;
pub use caller::CallerLimits;
use cell::Cell;
use conditioned::Conditioned;
pub use consulted::{Consulted, ConsultedDecision};
use decisions::Decisions;
pub(crate) use follow::LimitsSource;
pub(crate) use limits::GlobalLimits;
pub use status::{LimitsState, LimitsStatus};
pub(crate) use throttle::{GlobalRequest, GlobalThrottle};
