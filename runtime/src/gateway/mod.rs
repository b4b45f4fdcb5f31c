//! Starts, reloads and drains the gateway.

mod control;
mod error;
mod options;
mod prepare;
mod rotate;
mod running;
mod start;

pub use error::{ReloadError, StartError};
pub use options::GatewayOptions;
pub(crate) use prepare::{Prepared, serve_settings};
pub use running::{Addresses, DrainReport, RunningGateway};

/// The gateway; [`Gateway::start`] is the way in.
#[derive(Debug)]
pub struct Gateway;
