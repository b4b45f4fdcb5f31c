//! `mgw rollback`

use crate::compile::CompileError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::{Failure, not_replaced};
use crate::lock::{Generation, LockFile, generations, recover, roll_back};
use crate::project::Layout;
use crate::ui::{count, table, visible};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `mgw rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// Project folder
    #[arg(value_name = "PROJECT", default_value = ".")]
    pub project: PathBuf,
    /// The generation to return to, as --list shows it [default: the latest]
    #[arg(long = "to", value_name = "N")]
    pub to: Option<u64>,
    /// Show the generations, and change nothing
    #[arg(long, conflicts_with = "to")]
    pub list: bool,
}

/// A generation with `--output json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    generation: u64,
    pulled: Option<String>,
    control_plane: &'a str,
    organisation: &'a str,
    labels: &'a [String],
    apis: usize,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    generations: Vec<Shown<'a>>,
}

/// Returns to a former state of what was pulled.
pub fn run(args: RollbackArgs, context: &Context) -> Result<ExitCode, Failure> {
    let layout = Layout::new(&args.project);
    if !layout.root().is_dir() {
        return Err(CompileError::NotAProject(layout.root().to_owned()).into());
    }
    recover(&layout)?;
    let all = generations(&layout)?;
    if args.list {
        let generations = all.iter().map(shown).collect();
        context.ui.result(text(&all), &Listed { generations });
        return Ok(ExitCode::Success);
    }
    let wanted = match args.to {
        Some(number) => all.iter().find(|generation| generation.number == number),
        None => all.first(),
    };
    let Some(generation) = wanted else {
        let message = match args.to {
            Some(number) => format!("there is no generation {number}"),
            None => "there is no former state to return to".to_owned(),
        };
        return Err(Failure::new(ExitCode::Invalid, message)
            .hint("mgw rollback --list shows the generations. The first is kept when a pull changes what is there."));
    };
    let before = LockFile::load(&layout.lock())?;
    roll_back(&layout, generation).map_err(not_replaced)?;
    context.ui.status(
        "Returned",
        format_args!(
            "to generation {}: {}",
            generation.number,
            count::apis(generation.lock.apis.len())
        ),
    );
    if before.is_some() {
        context
            .ui
            .hint("mgw rollback once more undoes this. Build and run the project to serve it.");
    }
    context.ui.result("", &shown(generation));
    Ok(ExitCode::Success)
}

fn shown(generation: &Generation) -> Shown<'_> {
    let source = &generation.lock.source;
    Shown {
        generation: generation.number,
        pulled: generation.pulled.map(|time| time.to_string()),
        control_plane: &source.url,
        organisation: &source.organisation,
        labels: &source.labels,
        apis: generation.lock.apis.len(),
    }
}

fn text(all: &[Generation]) -> String {
    if all.is_empty() {
        return "no former state is kept".to_owned();
    }
    let head = ["generation", "pulled", "APIs", "labels"].map(str::to_owned);
    let rows = all.iter().map(|generation| {
        let pulled = generation
            .pulled
            .map(|time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
        [
            generation.number.to_string(),
            pulled.unwrap_or_default(),
            generation.lock.apis.len().to_string(),
            visible(&generation.lock.source.labels.join(", ")),
        ]
    });
    table(std::iter::once(head).chain(rows), [true, false, true, false])
}
