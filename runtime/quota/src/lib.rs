//! The arithmetic of quotas: plain data, atomics and decisions; no sockets, no clocks, no names.
//!
//! A [`Counter`] is one limit for one key, exact under any number of threads. Everything here takes the time as an
//! argument, so that tests and models choose it.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p mgw-quota --release` runs the models of `loom`, which try every order in which
//! threads can meet.

mod counter;
#[cfg(all(test, loom))]
mod models;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;

pub use counter::{Counter, Held, Reservation};
