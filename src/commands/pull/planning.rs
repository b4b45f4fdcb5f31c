//! `mgw pull --plan`

use super::plan_file::PlanFile;
use super::{SourceArgs, Wanted, are_gone, prepare_at, scratch};
use crate::cloud::pull::Selection;
use crate::commands::diff::Served;
use crate::commands::report_file::{self, Report};
use crate::compile::{CompileError, Compiled, compile_project};
use crate::context::Context;
use crate::diagnostics::Code;
use crate::diagnostics::Severity;
use crate::diff::{Class, compare, text};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::{LockFile, recover, steadily, verify};
use crate::project::Layout;
use crate::pulling::{Plan, content_differences};
use crate::ui::visible;
use std::path::Path;

/// Writes down what a pull would bring, and what that changes for callers.
pub(super) fn run(
    layout: &Layout,
    file: &Path,
    source: &SourceArgs,
    wanted: Wanted<'_>,
    exit_code: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    // Fails before anything is asked where it cannot be written.
    report_file::refuse(&[(Report::Plan, Some(file))], layout)?;
    let target = PlanFile::open(file)?;
    recover(layout)?;
    let base = lock_bytes(layout)?;
    let before = steadily(layout, || before(layout, context))?;
    let copy = scratch()?;
    let pulled = prepare_at(layout, &Layout::new(copy.path()), source, wanted, context)?.commit()?;
    let copied = layout
        .copy_written(copy.path())
        .map_err(|error| Failure::file("copy", layout.root(), error))?;
    let after = Served::compiled("the plan".to_owned(), compile_project(&copied)?, context)?;
    let changes = match &before {
        Some(before) => compare(before.side(), after.side()),
        // Where nothing is served yet, nothing breaks.
        None => {
            let mut changes = compare(Served::nothing().side(), after.side());
            for change in changes.iter_mut().filter(|change| change.class == Class::Breaking) {
                change.class = Class::Compatible;
            }
            changes
        }
    };
    if lock_bytes(layout)? != base {
        let message = "something was pulled into the project while the plan was made";
        return Err(Failure::new(ExitCode::Environment, message).hint("Make the plan again."));
    }
    for notice in &pulled.files.notices {
        context.ui.warn(notice);
    }
    let gone = pulled.gone();
    if !gone.is_empty() {
        context
            .ui
            .warn(format_args!("{}: {}", are_gone(gone.len()), visible(&gone.join(", "))));
    }
    let is_same = pulled
        .old
        .as_ref()
        .is_some_and(|old| content_differences(old, &pulled.lock).is_empty());
    let plan = Plan::new(base.as_deref(), pulled.lock, changes);
    let bytes = plan
        .to_bytes()
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot write down the plan").because(error))?;
    target.write(&bytes)?;
    context.ui.status("Planned", file.display());
    context.ui.result(text(plan.changes()), &plan);
    Ok(match (exit_code, is_same) {
        _ if pulled.files.is_partial => ExitCode::Partial,
        (false, _) => ExitCode::Success,
        (true, false) => ExitCode::Changes,
        (true, true) => ExitCode::NothingChanged,
    })
}

/// What is served now: what the lock vouches for, and not what became of it. `None`: nothing was pulled or written yet.
fn before(layout: &Layout, context: &Context) -> Result<Option<Served>, Failure> {
    let lock = LockFile::load(&layout.lock())?;
    if let Some(lock) = &lock {
        // Another selection is what the plan may be for; other files are not.
        let same = Selection::new(&lock.source.wanted())?;
        verify(layout, &same)
            .map_err(|error| Failure::from(error).hint("mgw pull --locked puts back what was pulled."))?;
    }
    match compile_project(layout) {
        Err(CompileError::NotAProject(_)) if lock.is_none() => Ok(None),
        Ok(compiled) if lock.is_none() && has_no_definition(&compiled) => Ok(None),
        compiled => Served::compiled(layout.root().display().to_string(), compiled?, context).map(Some),
    }
}

fn has_no_definition(compiled: &Compiled) -> bool {
    let mut errors = compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    compiled.config.apis.is_empty() && errors.all(|finding| finding.code == Code::NoDefinition)
}

/// The bytes of `mgw.lock`; `None` where there is none.
pub(crate) fn lock_bytes(layout: &Layout) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::read(layout.lock()) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", &layout.lock(), error)),
    }
}
