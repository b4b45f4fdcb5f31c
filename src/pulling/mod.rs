//! Pulling into a project: asks the control plane, stages every file, puts them in place together.
//!
//! [`prepare`] stops before files are put in place, so that one can look first; [`Prepared::commit`] ends it. Neither
//! prompts nor prints; commands do that around it.

mod compare;
mod error;
mod former;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gone;
mod loss;
mod plan;
mod prepared;
mod stage;

pub(crate) use compare::content_differences;
pub(crate) use error::PullingError;
pub(crate) use loss::{Loss, losses};
pub(crate) use plan::{Plan, PlanError};
pub(crate) use prepared::{Prepared, PullRequest, Pulled, prepare};
