//! What parts of the request path cost by themselves: instructions per decision and per look-up, and memory per subject.
//!
//! Both are counted in processes of their own that do nothing else, so that the figures are the same on a busy machine.

mod instructions;
mod memory;
mod operation;
mod routes;
mod world;

pub(crate) use instructions::instructions;
pub(crate) use memory::{memory, remember};
pub(crate) use operation::Operation;

use std::time::Duration;

/// The longest that a process may take.
const PATIENCE: Duration = Duration::from_secs(600);
