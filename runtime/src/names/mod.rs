//! Host names of backends: looked up beside the requests, kept for as long as they hold, and renewed before that ends.
//!
//! A name that was in use during the last minutes is looked up again and again by a task on the control runtime, so that a
//! change is noticed though requests go over connections that are open. While it cannot be looked up, its last addresses
//! stay in use for a time that operators bound.

mod lookup;
mod name;
mod registry;
mod search;
mod standing;

pub(crate) use lookup::{LookUpError, SrvRecord};
pub(crate) use name::{Address, Name};
pub(crate) use registry::{NameCounts, Names};
