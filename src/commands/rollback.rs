//! `mgw rollback`

use crate::compile::{CompileError, pulled_definitions};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::{Failure, not_replaced};
use crate::lock::{Generation, generations, recover, roll_back};
use crate::project::{Layout, Settings, SettingsError};
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
    /// Of a state that had no `mgw.lock`, nobody knows where it is from.
    control_plane: Option<&'a str>,
    organisation: Option<&'a str>,
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
    if let Err(error @ SettingsError::Workspace { .. }) = Settings::read(&layout.settings()) {
        return Err(error.into());
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
    let latest = all.first().map(|generation| generation.number);
    roll_back(&layout, generation).map_err(not_replaced)?;
    context.ui.status(
        "Returned",
        format_args!("to generation {}: {}", generation.number, count::apis(apis(generation))),
    );
    if generation.lock.is_none() {
        context
            .ui
            .line("It had no mgw.lock: the next pull asks before it removes anything of it.");
    }
    // Where there was nothing before, nothing is kept.
    if generations(&layout)?.first().map(|generation| generation.number) > latest {
        context
            .ui
            .hint("mgw rollback once more undoes this. Build and run the project to serve it.");
    }
    context.ui.result("", &shown(generation));
    Ok(ExitCode::Success)
}

fn shown(generation: &Generation) -> Shown<'_> {
    let source = generation.lock.as_ref().map(|lock| &lock.source);
    Shown {
        generation: generation.number,
        pulled: generation.pulled.map(|time| time.to_string()),
        control_plane: source.map(|source| source.url.as_str()),
        organisation: source.map(|source| source.organisation.as_str()),
        labels: labels(generation),
        apis: apis(generation),
    }
}

fn labels(generation: &Generation) -> &[String] {
    generation.lock.as_ref().map_or(&[], |lock| &lock.source.labels)
}

/// How many APIs it has. Of files that no lock vouches for, those count that can be read.
fn apis(generation: &Generation) -> usize {
    match &generation.lock {
        Some(lock) => lock.apis.len(),
        None => pulled_definitions(&Layout::new(&generation.path)).map_or(0, |files| files.len()),
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
            apis(generation).to_string(),
            match generation.lock {
                Some(_) => visible(&labels(generation).join(", ")),
                None => "(had no mgw.lock)".to_owned(),
            },
        ]
    });
    table(std::iter::once(head).chain(rows), [true, false, true, false])
}
