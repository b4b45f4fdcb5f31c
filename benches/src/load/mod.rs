//! Load: what is sent, by whom, and what came of it.

mod generator;
mod report;
mod requests;

pub(crate) use generator::Generator;
pub(crate) use report::LoadReport;
pub(crate) use requests::{Request, read_requests, write_requests};
