//! `mgw pull`

mod connecting;
mod options;
mod plan_file;
mod planning;
mod telling;

pub(crate) use connecting::{Wanted, prepare_at};
pub use options::{PullOptions, SelectionArgs, SourceArgs};
pub(crate) use planning::lock_bytes;

use crate::cloud::pull::removed;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::LockError;
use crate::project::Layout;
use crate::pulling::{Prepared, Pulled, content_differences, gone};
use crate::ui::count;
use std::path::PathBuf;
use telling::{Tense, result, tell};

/// Arguments of `mgw pull`.
#[derive(Debug, clap::Args)]
pub struct PullArgs {
    /// Project folder
    #[arg(value_name = "PROJECT", default_value = ".")]
    pub project: PathBuf,
    /// What to pull, and as whom.
    #[command(flatten)]
    pub options: PullOptions,
    /// Remove APIs that were pulled before and are gone; without this, nothing is pulled then
    #[arg(long)]
    pub prune: bool,
    /// Tell what would change, and change nothing
    #[arg(long, conflicts_with = "locked")]
    pub dry_run: bool,
    /// Take nothing but what mgw.lock has: end with code 15 where the control plane differs from it
    #[arg(long)]
    pub locked: bool,
    /// Change nothing, and write down what would, for a review and mgw apply
    #[arg(long, value_name = "FILE", conflicts_with_all = ["locked", "dry_run", "prune"])]
    pub plan: Option<PathBuf>,
    /// End with code 20 when something changes, and with 34 when nothing does
    #[arg(long)]
    pub exit_code: bool,
}

/// Pulls APIs, policies and subscriptions into the project.
pub fn run(args: PullArgs, context: &Context) -> Result<ExitCode, Failure> {
    let layout = Layout::new(&args.project);
    let wanted = Wanted::Named(&args.options.selection);
    let source = &args.options.source;
    if let Some(file) = &args.plan {
        return planning::run(&layout, file, &args.options, args.exit_code, context);
    }
    let pulled = if args.dry_run {
        let elsewhere = scratch()?;
        prepare_at(&layout, &Layout::new(elsewhere.path()), source, wanted, context)?.discard()
    } else {
        let prepared = prepare_at(&layout, &layout, source, wanted, context)?;
        if args.locked {
            put_locked(&layout, prepared)?
        } else {
            put(prepared, args.prune)?
        }
    };
    let tense = if args.dry_run { Tense::Would } else { Tense::Did };
    let removed = removed(pulled.old.as_ref(), &pulled.lock);
    let changes = changes(&pulled);
    tell(context, &pulled, &removed, tense);
    if args.dry_run && !args.prune && !gone(pulled.old.as_ref(), &pulled.lock).is_empty() {
        let text = "without --prune nothing is pulled while APIs are gone that were pulled before";
        context.ui.warn(text);
    }
    context.ui.result("", &result(&pulled, &removed, tense, changes));
    Ok(match (pulled.is_partial(), args.exit_code) {
        (true, _) => ExitCode::Partial,
        (false, true) if changes => ExitCode::Changes,
        (false, true) => ExitCode::NothingChanged,
        (false, false) => ExitCode::Success,
    })
}

/// Tells what was pulled, as the whole result of a command.
pub(crate) fn told(pulled: &Pulled, context: &Context) -> ExitCode {
    let removed = removed(pulled.old.as_ref(), &pulled.lock);
    tell(context, pulled, &removed, Tense::Did);
    context
        .ui
        .result("", &result(pulled, &removed, Tense::Did, changes(pulled)));
    if pulled.is_partial() {
        ExitCode::Partial
    } else {
        ExitCode::Success
    }
}

/// Whether the content is another than before.
fn changes(pulled: &Pulled) -> bool {
    let old = pulled.old.as_ref();
    old.is_none_or(|old| !content_differences(old, &pulled.lock).is_empty())
}

/// Pulls as a step of another command, which has a result of its own.
pub(crate) fn pull_first(
    layout: &Layout,
    options: &PullOptions,
    prune: bool,
    context: &Context,
) -> Result<Pulled, Failure> {
    let prepared = prepare_at(
        layout,
        layout,
        &options.source,
        Wanted::Named(&options.selection),
        context,
    )?;
    let pulled = put(prepared, prune)?;
    tell(
        context,
        &pulled,
        &removed(pulled.old.as_ref(), &pulled.lock),
        Tense::Did,
    );
    Ok(pulled)
}

/// A folder outside of the project, for files that nobody keeps.
pub(crate) fn scratch() -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir().map_err(|error| Failure::file("create a folder in", &std::env::temp_dir(), error))
}

/// Puts a pull in place, unless APIs are gone and nobody said that they may be.
fn put(prepared: Prepared, prune: bool) -> Result<Pulled, Failure> {
    let outcome = prepared.outcome();
    let gone = gone(outcome.old.as_ref(), &outcome.lock);
    if !gone.is_empty() && !prune {
        let message = format!("{} that were pulled before are gone", count::apis(gone.len()));
        return Err(Failure::new(ExitCode::Gate, message)
            .because(gone.join("\n             "))
            .hint("Nothing was changed. Publish them again, or remove them with mgw pull --prune."));
    }
    Ok(prepared.commit()?)
}

/// Puts a pull in place that brings what the lock says, file by file.
fn put_locked(layout: &Layout, prepared: Prepared) -> Result<Pulled, Failure> {
    let outcome = prepared.outcome();
    let Some(old) = &outcome.old else {
        return Err(LockError::Missing { path: layout.lock() }.into());
    };
    let differences = content_differences(old, &outcome.lock);
    if !differences.is_empty() {
        return Err(LockError::Differs { differences }.into());
    }
    Ok(prepared.commit_under_old_lock()?)
}
