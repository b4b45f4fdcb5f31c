//! Pulling into a project: asks the control plane, stages every file, puts them in place together.
//!
//! [`pull_into`] does it all; [`prepare`] stops before files are put in place, for those who look first. Neither prompts
//! nor prints; commands do that around it.

mod compare;
mod error;
mod gone;
mod plan;
mod prepared;
mod stage;

pub(crate) use compare::content_differences;
pub(crate) use error::PullingError;
pub(crate) use gone::gone;
pub(crate) use plan::{Plan, PlanError};
#[allow(unused_imports, reason = "for gateways that pull by themselves")]
pub(crate) use prepared::pull_into;
pub(crate) use prepared::{Prepared, PullRequest, Pulled, prepare};
