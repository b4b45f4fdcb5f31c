//! The admin listener: `/health`, `/ready`, `/metrics`, `/quotas`, `/backends`, `/blocks`, `/connected`, `/usage` and `/revocations`,
//! on a thread of its own.
//!
//! It is served by the control runtime, so that it answers while the cores are busy or drained.

mod answer;
mod aside;
mod backends;
mod blocks;
mod connected;
mod guard;
mod quotas;
mod ready;
mod revocations;
mod serve;

pub(crate) use blocks::{BlockError, BlocksInForce};
pub(crate) use connected::{Connected, ConnectedDetail, Refused};
pub(crate) use ready::{Discovered, GlobalLimits, Readiness, Reason, RevocationSource, SharedQuotas, SubscriptionData};
pub(crate) use serve::{State, serve};
