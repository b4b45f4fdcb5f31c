//! Many gateways that share quotas, simulated: how often they turn to the store, and by how much they are wrong.
//!
//! Counters, leases and pools are those of the gateway ([`mgw_quota`]); callers, network, clocks and the leasing task are
//! events in a queue. The same [`Case`] has the same [`Outcome`] on every machine, whatever the number of threads.

mod arrivals;
mod case;
mod outcome;
mod random;
mod run;
mod store;
mod subject;
mod tally;
#[cfg(test)]
mod tests;

pub use case::{Case, Day, Limits, Routing};
pub use outcome::{Load, Outcome};
pub use run::simulate;
pub use tally::{Errors, Stored, Trips};
