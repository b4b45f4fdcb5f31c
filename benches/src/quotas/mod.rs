//! What shared quotas cost, and how exact they are, where there are more gateways and subjects than any test has.

mod args;
mod table;

pub(crate) use args::QuotaArgs;

use crate::args::Output;
use crate::failure::Failure;
use crate::report::{data, say};
use mgw_quota_simulation::{Case, Outcome, simulate};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::thread;

/// One line of the report.
#[derive(Debug, Serialize)]
struct Prediction {
    case: Case,
    outcome: Outcome,
}

/// Simulates every case that is asked for and prints the report.
pub(crate) fn run(args: &QuotaArgs, output: Output) -> Result<(), Failure> {
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let cases = args.cases();
    let mut predictions = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        say(&format!("case {} of {} …", number + 1, cases.len()));
        predictions.push(Prediction {
            case: case.clone(),
            outcome: simulate(case, threads),
        });
    }
    match output {
        Output::Text => data(&table::text(&predictions)),
        Output::Json => data(&serde_json::to_string_pretty(&predictions)?),
    }
    Ok(())
}
