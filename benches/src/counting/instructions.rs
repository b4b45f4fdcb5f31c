//! Instructions per operation, counted by `valgrind`.
//!
//! Every operation is done few times and many times; the difference of the two counts, divided by the difference of the
//! times, is what one costs. Start and end of the process fall out of it, and nothing else runs that could disturb.

use super::PATIENCE;
use super::operation::Operation;
use crate::args::Output;
use crate::failure::Failure;
use crate::process::{Launch, version};
use crate::report::{data, layout, say};
use serde::Serialize;
use std::path::Path;

const FEW: u64 = 1_000;
const MANY: u64 = 21_000;
const VALGRIND: &str = "valgrind";

/// What one operation costs.
#[derive(Debug, Serialize)]
struct Cost {
    operation: Operation,
    instructions: f64,
}

/// Counts every operation and prints the report. Without `valgrind` nothing is counted, and the run says so.
pub(crate) async fn instructions(output: Output) -> Result<(), Failure> {
    let Some(version) = version(Path::new(VALGRIND), "--version").await else {
        say("skipped: valgrind is not installed, so no instructions are counted (apt-get install valgrind)");
        return Ok(());
    };
    if cfg!(debug_assertions) {
        say("warning: built without optimisation, the figures mean nothing; use `cargo run --release -p mgw-bench`");
    }
    let folder = tempfile::Builder::new()
        .prefix("mgw-bench-")
        .tempdir()
        .map_err(Failure::file("create", &std::env::temp_dir()))?;
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("mgw-bench")))?;
    let around = per_operation(&program, folder.path(), Operation::Loop).await?;
    let mut costs = Vec::new();
    for operation in Operation::ALL {
        let instructions = per_operation(&program, folder.path(), operation).await? - around;
        costs.push(Cost {
            operation,
            instructions,
        });
    }
    match output {
        Output::Text => {
            let mut lines = vec![["operation", "", "instructions"].map(str::to_owned)];
            lines.extend(costs.iter().map(|cost| {
                [
                    cost.operation.name().into(),
                    String::new(),
                    format!("{:.0}", cost.instructions),
                ]
            }));
            data(&format!("counted by {version}\n\n{}", layout(&lines)));
        }
        Output::Json => data(&serde_json::to_string_pretty(&costs)?),
    }
    Ok(())
}

async fn per_operation(program: &Path, folder: &Path, operation: Operation) -> Result<f64, Failure> {
    let few = counted(program, folder, operation, FEW).await?;
    let many = counted(program, folder, operation, MANY).await?;
    Ok(many.saturating_sub(few) as f64 / (MANY - FEW) as f64)
}

async fn counted(program: &Path, folder: &Path, operation: Operation, times: u64) -> Result<u64, Failure> {
    let name = clap::ValueEnum::to_possible_value(&operation).map_or_else(String::new, |value| value.get_name().into());
    let log = folder.join("valgrind.log");
    let mut arguments: Vec<std::ffi::OsString> =
        ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
            .map(Into::into)
            .to_vec();
    let mut log_file = std::ffi::OsString::from("--log-file=");
    log_file.push(&log);
    arguments.push(log_file);
    arguments.push(program.into());
    arguments.extend(["role", "repeat", "--operation", &name, "--times", &times.to_string()].map(Into::into));
    let launch = Launch {
        name: VALGRIND,
        program: Path::new(VALGRIND),
        arguments,
        processor: None,
        logs: folder,
    };
    launch.output(PATIENCE).await?;
    let report = std::fs::read_to_string(&log).map_err(Failure::file("read", &log))?;
    parse(&report).ok_or(Failure::InstructionReport { said: report })
}

/// The count in valgrind's last words: `==4711== I   refs:      1,234,567`.
fn parse(report: &str) -> Option<u64> {
    let line = report
        .lines()
        .find(|line| line.contains("refs:") && line.contains(" I "))?;
    let (_, count) = line.split_once("refs:")?;
    count.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_the_report() {
        let report =
            "==7== Cachegrind, a cache and branch-prediction profiler\n==7== \n==7== I   refs:      1,234,567\n";
        assert_eq!(parse(report), Some(1_234_567));
        assert_eq!(parse("==7== D   refs: 12\n"), None);
        assert_eq!(parse(""), None);
    }
}
