//! What stands between the user and a running gateway: many small looks, each with a verdict, a finding and a remedy.
//!
//! - [`Finding`] is what a look ends with.
//! - [`CHECKS`] names every check; each is one function in `checks`, which looks, and beside it one that decides.
//! - [`Sight`] is what checks look at: it is made once, and read by all of them.
//! - [`examine`] runs checks side by side, and waits for none longer than its patience.
//! - [`support`] writes what is found, and what surrounds it, into a file for others, without a secret in it.

mod catalogue;
mod checks;
mod examine;
mod finding;
mod sight;
pub(crate) mod support;

pub(crate) use catalogue::{CHECKS, Check, named};
pub(crate) use examine::examine;
pub(crate) use finding::{Finding, Looked, Verdict};
pub(crate) use sight::{Sight, SightOptions};
