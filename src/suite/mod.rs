//! `mgw test`: requests with what is expected of the answers, made of a gateway.
//!
//! [`read`] turns the files of a project's `tests/` folder into cases, [`generate`] makes cases from what the APIs say of
//! themselves, [`run`] has [`call`] make the requests with a [`client`], and [`judge`] compares. Only `run`, `call` and `client` know
//! sockets; all else is data.

mod call;
mod case;
mod client;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod generate;
mod judge;
mod presence;
mod read;
mod report;
mod run;
mod sent;
mod target;

pub(crate) use call::{Caller, Target};
pub(crate) use case::Case;
pub(crate) use client::Client;
pub(crate) use generate::generate;
pub(crate) use presence::Away;
pub(crate) use read::read_folder;
pub(crate) use report::{Outcome, Verdict, junit};
pub(crate) use run::{Run, run};
