//! Starts, reloads and drains the gateway.

mod control;
mod error;
mod options;
mod prepare;
mod rehearse;
mod rotate;
mod running;
mod start;
mod start_problem;

pub use error::{ReloadError, StartError};
pub use options::GatewayOptions;
pub(crate) use prepare::{Prepared, serve_settings};
pub use rehearse::Rehearsed;
pub use running::{Addresses, DrainReport, RunningGateway};
pub use start_problem::StartProblem;

/// The gateway; [`Gateway::start`] is the way in.
#[derive(Debug)]
pub struct Gateway;
