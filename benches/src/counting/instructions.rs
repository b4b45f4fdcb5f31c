//! Instructions per operation and per request.
//!
//! Everything is done few times and many times; the difference of the two counts, divided by the difference of the times, is
//! what one costs. Start and end of the process fall out of it, and nothing else runs that could disturb.

use super::operation::Operation;
use super::requests::{self, Recorded};
use super::valgrind::Valgrind;
use crate::args::Output;
use crate::failure::Failure;
use crate::process::Launch;
use crate::report::{data, layout, say};
use crate::scenario::Scenario;
use serde::Serialize;
use std::path::Path;

const FEW: u64 = 1_000;
const MANY: u64 = 21_000;

/// What was counted.
#[derive(Debug, Serialize)]
struct Counted {
    operations: Vec<Cost<Operation>>,
    requests: Vec<Cost<Scenario>>,
    recorded: Vec<Recorded>,
}

/// What one of something costs.
#[derive(Debug, Serialize)]
pub(super) struct Cost<T> {
    pub(super) of: T,
    pub(super) instructions: f64,
}

/// Counts every operation, and whole requests in the gateway `mgw`; prints the report. Without `valgrind` nothing is counted,
/// and the run says so.
pub(crate) async fn instructions(mgw: Option<&Path>, only_requests: bool, output: Output) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("mgw-bench-")
        .tempdir()
        .map_err(Failure::file("create", &std::env::temp_dir()))?;
    let Some(valgrind) = Valgrind::find(folder.path()).await else {
        say("skipped: valgrind is not installed, so no instructions are counted (apt-get install valgrind)");
        return Ok(());
    };
    if cfg!(debug_assertions) {
        say("warning: built without optimisation, the figures mean nothing; use `cargo run --release -p mgw-bench`");
    }
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("mgw-bench")))?;
    let mut operations = Vec::new();
    if !only_requests {
        say("counting single operations …");
        let around = per_operation(&valgrind, &program, folder.path(), Operation::Loop).await?;
        for of in Operation::ALL {
            let instructions = per_operation(&valgrind, &program, folder.path(), of).await? - around;
            operations.push(Cost { of, instructions });
        }
    }
    let requests = requests::count(&valgrind, &program, folder.path(), mgw).await?;
    let counted = Counted {
        operations,
        requests: requests.plain,
        recorded: requests.recorded,
    };
    match output {
        Output::Text => data(&counted.text(&valgrind)),
        Output::Json => data(&serde_json::to_string_pretty(&counted)?),
    }
    Ok(())
}

impl Counted {
    fn text(&self, valgrind: &Valgrind) -> String {
        let line = |name: &str, instructions: f64| [name.to_owned(), String::new(), format!("{instructions:.0}")];
        let mut lines = vec![["", "", "instructions"].map(str::to_owned)];
        lines.extend(
            self.operations
                .iter()
                .map(|cost| line(cost.of.name(), cost.instructions)),
        );
        let request = |cost: &Cost<Scenario>| line(&format!("whole request, {}", cost.of.name()), cost.instructions);
        lines.extend(self.requests.iter().map(request));
        for cost in &self.recorded {
            let name = cost.of.name();
            lines.push(line(
                &format!("whole request with usage record, {name}"),
                cost.instructions,
            ));
            lines.push(line(&format!("writing its usage record, {name}"), cost.writer));
        }
        format!("counted by {}\n\n{}", valgrind.version(), layout(&lines))
    }
}

async fn per_operation(
    valgrind: &Valgrind,
    program: &Path,
    folder: &Path,
    operation: Operation,
) -> Result<f64, Failure> {
    let name = clap::ValueEnum::to_possible_value(&operation).map_or_else(String::new, |value| value.get_name().into());
    let counted = async |times: u64| {
        let arguments = ["role", "repeat", "--operation", &name, "--times", &times.to_string()];
        let launch = Launch {
            name: "mgw-bench",
            program,
            arguments: arguments.map(Into::into).into(),
            environment: Vec::new(),
            processor: None,
            logs: folder,
        };
        valgrind.count(launch).await
    };
    Ok(difference([FEW, MANY], [counted(FEW).await?, counted(MANY).await?]))
}

/// What one costs, by what few and many of it cost.
pub(super) fn difference(times: [u64; 2], counts: [u64; 2]) -> f64 {
    let between = |[few, many]: [u64; 2]| many.saturating_sub(few) as f64;
    between(counts) / between(times)
}
