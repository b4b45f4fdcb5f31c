//! Pulling into a project: asks the control plane, stages every file, puts them in place together.
//!
//! [`pull_into`] neither prompts nor prints; commands do that around it.

mod error;
mod into_project;
mod stage;

pub(crate) use error::PullingError;
pub(crate) use into_project::{PullRequest, Pulled, pull_into};
