//! `mgw pull`

mod connecting;
mod options;
mod plan_file;
mod planning;
mod telling;

pub(crate) use connecting::{Wanted, prepare_at};
pub use options::{PullOptions, SelectionArgs, SourceArgs};
pub(crate) use planning::lock_bytes;

use super::toolkit;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::{LockError, LockFile, Unseen};
use crate::project::Layout;
use crate::pulling::{Loss, Prepared, Pulled, content_differences, losses};
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
    /// Take less than was pulled before, where the control plane does not show the rest any more; without this, nothing is
    /// pulled then
    #[arg(long)]
    pub accept_unseen: bool,
    /// Tell what would change, and change nothing
    #[arg(long, conflicts_with = "locked")]
    pub dry_run: bool,
    /// Take nothing but what mgw.lock has: end with code 15 where the control plane differs from it
    #[arg(long)]
    pub locked: bool,
    /// Change nothing, and write down what would, for a review and mgw apply
    #[arg(long, value_name = "FILE", conflicts_with_all = ["locked", "dry_run", "prune", "accept_unseen"])]
    pub plan: Option<PathBuf>,
    /// Add to what was pulled before and remove nothing, as micro-gw imported: what `import` stands for
    #[arg(long, hide = true)]
    pub adds: bool,
    /// End with code 20 when something changes, and with 34 when nothing does
    #[arg(long)]
    pub exit_code: bool,
}

impl PullArgs {
    /// Whether nothing may go, neither what is gone nor what is not named any more.
    fn only_adds(&self) -> bool {
        self.adds && !self.prune
    }

    fn agreed(&self) -> Agreed {
        Agreed {
            prune: self.prune,
            accept_unseen: self.accept_unseen,
            only_adds: self.only_adds(),
        }
    }
}

/// What a pull may take away, as the user said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreed {
    /// APIs that are gone.
    pub(crate) prune: bool,
    /// What the control plane does not show any more.
    pub(crate) accept_unseen: bool,
    /// Nothing at all may go, neither what is gone nor what is not named any more.
    pub(crate) only_adds: bool,
}

/// Pulls APIs, policies and subscriptions into the project.
pub fn run(args: PullArgs, context: &Context) -> Result<ExitCode, Failure> {
    let layout = toolkit::layout(&args.project, args.options.source.config.as_deref())?;
    let source = &args.options.source;
    let selection = &args.options.selection;
    let wanted = match args.only_adds() {
        true => Wanted::Added(selection),
        false => Wanted::Named(selection),
    };
    if args.adds {
        refuse_both(selection)?;
    }
    if let Some(file) = &args.plan {
        return planning::run(&layout, file, source, wanted, args.exit_code, context);
    }
    let pulled = if args.dry_run {
        let elsewhere = scratch()?;
        prepare_at(&layout, &Layout::new(elsewhere.path()), source, wanted, context)?.discard()
    } else {
        let prepared = prepare_at(&layout, &layout, source, wanted, context)?;
        if args.locked {
            put_locked(&layout, prepared)?
        } else {
            put(prepared, args.agreed())?
        }
    };
    let tense = if args.dry_run { Tense::Would } else { Tense::Did };
    let removed = pulled.removed();
    let changes = changes(&pulled);
    tell(context, &pulled, &removed, tense);
    if args.dry_run
        && let Err(failure) = agree(&pulled, args.agreed())
    {
        context
            .ui
            .warn(format_args!("nothing would be pulled: {}", failure.message));
    }
    context.ui.result("", &result(&pulled, &removed, tense, changes));
    Ok(match (pulled.is_partial(), args.exit_code) {
        (true, _) => ExitCode::Partial,
        (false, true) if changes => ExitCode::Changes,
        (false, true) => ExitCode::NothingChanged,
        (false, false) => ExitCode::Success,
    })
}

/// Refuses `-l LABEL -a NAME -v VERSION`: micro-gw took that one API of the label. Labels and APIs that a lock names are
/// all meant, so that more would be served.
fn refuse_both(selection: &SelectionArgs) -> Result<(), Failure> {
    if selection.labels.is_empty() || selection.apis.is_empty() {
        return Ok(());
    }
    let message = "one API of a label cannot be imported by both: the whole label would be";
    Err(Failure::new(ExitCode::Usage, message).hint(
        "Leave -l out to import the API alone, or -a and -v to import the label. mgw pull with --label and --api takes both.",
    ))
}

/// What was imported stays, whatever is imported after it.
fn refuse_removal(pulled: &Pulled) -> Result<(), Failure> {
    let removed = pulled.removed();
    if removed.is_empty() {
        return Ok(());
    }
    let were = if removed.len() == 1 { "was" } else { "were" };
    let message = format!(
        "{} that {were} imported before would be removed",
        count::apis(removed.len())
    );
    Err(Failure::new(ExitCode::Gate, message)
        .because(removed.join("\n             "))
        .hint("Nothing was changed: `import` adds to what is there. With --prune it takes what it names, and removes the rest."))
}

/// Tells what was pulled, as the whole result of a command.
pub(crate) fn told(pulled: &Pulled, context: &Context) -> ExitCode {
    let removed = pulled.removed();
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
    agreed: Agreed,
    context: &Context,
) -> Result<Pulled, Failure> {
    let prepared = prepare_at(
        layout,
        layout,
        &options.source,
        Wanted::Named(&options.selection),
        context,
    )?;
    let pulled = put(prepared, agreed)?;
    tell(context, &pulled, &pulled.removed(), Tense::Did);
    Ok(pulled)
}

/// A folder outside of the project, for files that nobody keeps.
pub(crate) fn scratch() -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir().map_err(|error| Failure::file("create a folder in", &std::env::temp_dir(), error))
}

/// Puts a pull in place, unless it takes away what nobody said may go.
fn put(prepared: Prepared, agreed: Agreed) -> Result<Pulled, Failure> {
    agree(prepared.outcome(), agreed)?;
    Ok(prepared.commit()?)
}

/// Whether what a pull takes away may go.
fn agree(pulled: &Pulled, agreed: Agreed) -> Result<(), Failure> {
    if agreed.only_adds {
        refuse_removal(pulled)?;
    }
    let gone = pulled.gone();
    if !gone.is_empty() && !agreed.prune {
        let failure = Failure::new(ExitCode::Gate, are_gone(gone.len())).because(gone.join("\n             "));
        return Err(if pulled.follows_unlocked() {
            failure
                .hint("Nothing was changed. There is no mgw.lock, so that everything in gen/ counts as pulled before.")
                .hint(
                    "Pull them as well, move their files to api_definitions/ to keep them as your own, or remove them with mgw \
                     pull --prune.",
                )
        } else {
            failure.hint("Nothing was changed. Publish them again, or remove them with mgw pull --prune.")
        });
    }
    let hidden = hidden(pulled);
    if !hidden.is_empty() && !agreed.accept_unseen {
        let message = "the control plane does not show any more what was pulled before";
        return Err(Failure::new(ExitCode::Gate, message)
            .because(hidden.join("\n             "))
            .hint(
                "Nothing was changed. Pull as somebody who sees it, or go without it with mgw pull --accept-unseen.",
            ));
    }
    Ok(())
}

/// How many APIs are gone.
fn are_gone(count: usize) -> String {
    let (were, are) = if count == 1 { ("was", "is") } else { ("were", "are") };
    format!("{} that {were} pulled before {are} gone", count::apis(count))
}

/// What was pulled before from the same place and is hidden now, each with what it takes to see it.
fn hidden(pulled: &Pulled) -> Vec<String> {
    let is_same = |old: &&LockFile| old.source.is_same_place(&pulled.lock.source);
    let Some(old) = pulled.old.as_ref().filter(is_same) else {
        return Vec::new();
    };
    let sight = &pulled.files.sight;
    losses(old, &pulled.lock, sight)
        .into_iter()
        // Blocks that cannot be seen stay.
        .filter(|loss| *loss != Loss::Part(Unseen::BlockList))
        // A lock of an older build does not say what was seen: to pull again is what has it said.
        .filter(|loss| old.unseen.is_some() || matches!(loss, Loss::Certificate(_)))
        .map(|loss| match (&sight.failed_data, loss) {
            (Some(failed), Loss::Part(Unseen::GatewayData)) => format!("{}: {}", loss.name(), failed.reason),
            (_, Loss::Certificate(path)) => format!("{path}: {}", loss.remedy()),
            _ => format!("{}: {}", loss.name(), loss.remedy()),
        })
        .collect()
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
