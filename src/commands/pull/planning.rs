//! `mgw pull --plan`

use super::{PullOptions, Wanted, prepare_at, scratch};
use crate::commands::diff::Served;
use crate::compile::compile_project;
use crate::context::Context;
use crate::diff::{Class, compare, text};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::pulling::{Plan, content_differences};
use std::path::Path;

/// Writes down what a pull would bring, and what that changes for callers.
pub(super) fn run(
    layout: &Layout,
    file: &Path,
    options: &PullOptions,
    exit_code: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let copy = scratch()?;
    let copied = Layout::new(copy.path());
    let wanted = Wanted::Named(&options.selection);
    let pulled = prepare_at(layout, &copied, &options.source, wanted, context)?.commit()?;
    layout
        .copy_written(copy.path())
        .map_err(|error| Failure::file("copy", layout.root(), error))?;
    let after = Served::compiled("the plan".to_owned(), compile_project(&copied)?, context)?;
    let changes = match compile_project(layout) {
        Ok(compiled) if !compiled.diagnostics.has_errors() => {
            let before = Served::compiled(layout.root().display().to_string(), compiled, context)?;
            compare(before.side(), after.side())
        }
        // Where nothing is served yet, nothing breaks.
        _ => {
            let mut changes = compare(Served::nothing().side(), after.side());
            for change in changes.iter_mut().filter(|change| change.class == Class::Breaking) {
                change.class = Class::Compatible;
            }
            changes
        }
    };
    for notice in &pulled.files.notices {
        context.ui.warn(notice);
    }
    let is_same = pulled
        .old
        .as_ref()
        .is_some_and(|old| content_differences(old, &pulled.lock).is_empty());
    let plan = Plan::new(lock_bytes(layout)?.as_deref(), pulled.lock, changes);
    let bytes = plan
        .to_bytes()
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot write down the plan").because(error))?;
    std::fs::write(file, bytes).map_err(|error| Failure::file("write", file, error))?;
    context.ui.status("Planned", file.display());
    context.ui.result(text(plan.changes()), &plan);
    Ok(match (exit_code, is_same) {
        _ if pulled.files.is_partial => ExitCode::Partial,
        (false, _) => ExitCode::Success,
        (true, false) => ExitCode::Changes,
        (true, true) => ExitCode::NothingChanged,
    })
}

/// The bytes of `mgw.lock`; `None` where there is none.
pub(crate) fn lock_bytes(layout: &Layout) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::read(layout.lock()) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", &layout.lock(), error)),
    }
}
