//! The admin listener: `/health`, `/ready` and `/metrics`, on a thread of its own.
//!
//! It is served by the control runtime, so that it answers while the cores are busy or drained.

mod ready;
mod serve;

pub(crate) use ready::{Readiness, Reason, RevocationSource, SubscriptionData};
pub(crate) use serve::{State, serve};
