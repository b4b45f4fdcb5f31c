//! Finds out where backends are that may move while the gateway runs.
//!
//! Each backend that is looked up has one task on the control runtime, however many endpoints use it. The task replaces the
//! [`Places`](crate::upstream::Places) that requests see, and ends with the last endpoint that uses it. Whatever goes wrong,
//! the places of before stay in use.

mod candidate;
mod etcd;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod registry;
mod sink;
mod srv;
mod status;

pub(crate) use candidate::Identity;
pub(crate) use registry::Discovery;
pub(crate) use status::{DiscoveryCount, DiscoveryState, DiscoveryStatus};
