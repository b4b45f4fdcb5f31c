//! What checking and building large definitions takes: `mgw check` and `mgw build` of a project with one generated
//! definition, in JSON and in YAML.

mod generated;

use crate::args::Output;
use crate::failure::Failure;
use crate::process::{Launch, peak_bytes};
use crate::report::{data, layout, say};
use crate::subject::Binary;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

const MIB: f64 = 1024.0 * 1024.0;

/// The longest that a command may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is checked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DefinitionArgs {
    /// Operations of the definition.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    operations: u32,
    /// Its size, made up with descriptions.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=30))]
    megabytes: u32,
    /// How often each command is run; the fastest counts, as the one that was disturbed least.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    runs: u32,
}

/// What one command took.
#[derive(Debug, Serialize)]
struct Measured {
    command: &'static str,
    format: &'static str,
    bytes: usize,
    /// From the start of the process to its end.
    seconds: f64,
    /// Largest resident memory.
    peak_bytes: u64,
}

/// Measures and prints the report.
pub(crate) async fn run(args: &DefinitionArgs, mgw: Option<&Path>, output: Output) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("mgw-bench-")
        .tempdir()
        .map_err(Failure::file("create", &std::env::temp_dir()))?;
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("mgw-bench")))?;
    let binary = Binary::find(mgw, &program, folder.path()).await?;
    let definition = generated::definition(args.operations, args.megabytes as usize * 1_000_000);
    let mut rows = Vec::new();
    for (format, text) in [
        ("json", serde_json::to_string(&definition)?),
        ("yaml", generated::yaml(&definition)),
    ] {
        let project = folder.path().join(format);
        let file = project.join(format!("api_definitions/large.{format}"));
        let place = project.join("api_definitions");
        std::fs::create_dir_all(&place).map_err(Failure::file("create", &place))?;
        std::fs::write(&file, &text).map_err(Failure::file("write", &file))?;
        for command in ["check", "build"] {
            say(&format!("{command} of {} MB of {format} …", text.len() / 1_000_000));
            let mut fastest: Option<Measured> = None;
            for _ in 0..args.runs {
                let (seconds, peak) = once(binary.program(), folder.path(), command, &project).await?;
                if fastest.as_ref().is_none_or(|known| seconds < known.seconds) {
                    fastest = Some(Measured {
                        command,
                        format,
                        bytes: text.len(),
                        seconds,
                        peak_bytes: peak,
                    });
                }
            }
            rows.extend(fastest);
        }
    }
    match output {
        Output::Text => data(&table(&rows)),
        Output::Json => data(&serde_json::to_string_pretty(&rows)?),
    }
    Ok(())
}

async fn once(program: &Path, logs: &Path, command: &'static str, project: &Path) -> Result<(f64, u64), Failure> {
    let launch = Launch {
        name: command,
        program,
        arguments: vec![command.into(), project.into()],
        environment: Vec::new(),
        processor: None,
        logs,
    };
    let begin = Instant::now();
    let mut running = launch.start()?;
    let mut peak = 0;
    running
        .finish(PATIENCE, |pid| peak = peak_bytes(pid).unwrap_or(peak).max(peak))
        .await?;
    Ok((begin.elapsed().as_secs_f64(), peak))
}

fn table(rows: &[Measured]) -> String {
    let titles = ["command", "format", "MB", "seconds", "peak MiB"];
    let mut lines = vec![titles.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        [
            row.command.to_owned(),
            row.format.to_owned(),
            format!("{:.1}", row.bytes as f64 / 1_000_000.0),
            format!("{:.2}", row.seconds),
            format!("{:.0}", row.peak_bytes as f64 / MIB),
        ]
    }));
    layout(&lines)
}
