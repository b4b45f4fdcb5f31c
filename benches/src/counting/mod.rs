//! What requests and parts of their path cost: instructions per request, per decision and per look-up, and memory per subject.
//!
//! All are counted in processes of their own that do nothing else, so that the figures are the same on a busy machine.

mod instructions;
mod memory;
mod operation;
mod requests;
mod routes;
mod valgrind;
mod world;

pub(crate) use instructions::instructions;
pub(crate) use memory::{memory, remember};
pub(crate) use operation::Operation;
pub(crate) use valgrind::Valgrind;

use std::time::Duration;

/// The longest that a process may take.
const PATIENCE: Duration = Duration::from_secs(600);
