//! Tells the control plane that a gateway is there, so that people see it among their gateways.
//!
//! API Cloud gives a gateway an identity once (`initialize`) and is pinged from then on; API Manager 4.6 takes a registration
//! and heartbeats. Whatever goes wrong here is told and tried again; traffic never depends on it.

mod identity;
mod keeper;
mod machine;
mod messages;
mod shown;

pub(crate) use keeper::StatusKeeper;
