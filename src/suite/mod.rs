//! `mgw test`: requests with what is expected of the answers, made of a gateway.
//!
//! [`read`] turns the files of a project's `tests/` folder into cases, [`generate`] makes cases from what the APIs say of
//! themselves, [`call`] makes the requests, and [`judge`] compares. Only [`call`] knows sockets; all else is data.

mod call;
mod case;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod generate;
mod judge;
mod read;
mod report;
mod sent;

pub(crate) use call::{Caller, Target};
pub(crate) use case::Case;
pub(crate) use generate::generate;
pub(crate) use read::read_folder;
pub(crate) use report::{Outcome, Verdict, junit};
