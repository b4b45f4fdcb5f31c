//! `mgw.lock` against the control plane.

use super::{Section, State};
use crate::commands::pull::{PullOptions, Wanted, prepare_at, scratch};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::LockFile;
use crate::project::Layout;
use crate::pulling::content_differences;

/// Asks for everything that a pull would bring, and keeps none of it: lists and dates alone do not tell of other policies,
/// keys and subscriptions.
pub(super) fn look(layout: &Layout, options: &PullOptions, context: &Context) -> Result<Section, Failure> {
    let Some(lock) = LockFile::load(&layout.lock())? else {
        return Ok(Section::without(
            State::Nothing,
            "nothing was pulled that could be compared",
        ));
    };
    let elsewhere = scratch()?;
    let wanted = Wanted::Named(&options.selection);
    match prepare_at(layout, &Layout::new(elsewhere.path()), &options.source, wanted, context) {
        Ok(prepared) => {
            let now = prepared.discard().lock;
            let differences = content_differences(&lock, &now);
            Ok(if differences.is_empty() {
                Section::same(format!("{} has what mgw.lock has", now.source.url))
            } else {
                Section::differs(differences)
            })
        }
        Err(failure) if failure.code == ExitCode::Interrupted => Err(failure),
        // A selection that means nothing any more is a difference; all else says nothing about the control plane's data.
        Err(failure) if failure.code == ExitCode::Invalid => Ok(Section::differs(vec![failure.message])),
        Err(failure) => Ok(Section::unseen(failure, |why| format!("not looked at: {why}"))),
    }
}
