//! `mgw build`

use super::findings;
use super::pull::{PullOptions, pull_first};
use super::version::TOOL;
use crate::compile::{build_bundle, compile_project};
use crate::context::Context;
use crate::diagnostics::{Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::{steadily, verify};
use crate::project::{Layout, shown};
use crate::ui::count;
use std::path::PathBuf;

/// Arguments of `mgw build`.
#[derive(Debug, clap::Args)]
pub struct BuildArgs {
    /// The project folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Change nothing that was pulled: end with code 15 where files or selection differ from mgw.lock.
    #[arg(long)]
    pub locked: bool,
    /// With --label and the like: remove APIs that were pulled before and are gone
    #[arg(long, conflicts_with = "locked")]
    pub prune: bool,
    /// With --label, --tag, --api or --all: pull first.
    #[command(flatten)]
    pub pull: PullOptions,
}

#[derive(serde::Serialize)]
struct BuildResult<'a> {
    project: &'a str,
    bundle: Option<String>,
    digest: Option<String>,
    bytes: Option<usize>,
    apis: usize,
    operations: usize,
    summary: Summary,
    diagnostics: &'a Diagnostics,
}

/// Compiles the project and writes its bundle.
pub fn run(args: BuildArgs, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let layout = Layout::new(args.project);
    let selection = args.pull.selection.named()?;
    let mut is_partial = false;
    if !args.locked && !selection.is_empty() {
        is_partial = pull_first(&layout, &args.pull, args.prune, context)?.is_partial();
    }
    // What was found to be as pulled is what is compiled.
    let compiled = steadily(&layout, || -> Result<_, Failure> {
        if args.locked {
            verify(&layout, &selection)?;
        }
        Ok(compile_project(&layout)?)
    })?;
    findings::show(ui, &compiled.diagnostics);
    let mut result = BuildResult {
        project: &compiled.name,
        bundle: None,
        digest: None,
        bytes: None,
        apis: compiled.config.apis.len(),
        operations: compiled.config.apis.iter().map(|api| api.resources.len()).sum(),
        summary: compiled.diagnostics.summary(),
        diagnostics: &compiled.diagnostics,
    };
    if compiled.diagnostics.has_errors() {
        ui.result("", &result);
        return Err(findings::invalid(&compiled.name, &compiled.diagnostics).hint("Nothing was built."));
    }
    let built = build_bundle(&layout, &compiled, TOOL)?;
    result.bundle = Some(shown(&built.path));
    result.digest = Some(built.digest.to_string());
    result.bytes = Some(built.bytes.len());
    ui.status(
        "Built",
        format_args!(
            "{}, {}, {}",
            count::apis(result.apis),
            count::operations(result.operations),
            result.summary
        ),
    );
    ui.status("Digest", built.digest);
    ui.result(shown(&built.path), &result);
    Ok(if is_partial {
        ExitCode::Partial
    } else {
        ExitCode::Success
    })
}
