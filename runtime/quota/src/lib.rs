//! The arithmetic of quotas: plain data, atomics and decisions; no sockets, no clocks, no names.
//!
//! A [`Counter`] is one limit for one key, exact under any number of threads. Everything here takes the time as an
//! argument, so that tests and models choose it.
//!
//! Several processes share a limit through a [`Pool`], which a store keeps: each leases units ahead of need, and its
//! counter admits what was leased. How much is asked for is decided here too; who talks to the store is not.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p mgw-quota --release` runs the models of `loom`, which try every order in which
//! threads can meet.

mod counter;
mod lease;
mod leased;
#[cfg(all(test, loom))]
mod models;
mod pool;
mod share;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;

pub use counter::{Counter, Held, Reservation, Usage};
pub use lease::{Ask, LeaseTerms, Reply};
pub use pool::Pool;
pub use share::PoolId;
