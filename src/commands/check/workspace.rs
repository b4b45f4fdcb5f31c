//! The file of a workspace, before its projects are looked at.

use super::fix::{self, FixArgs, Fixed};
use crate::commands::findings;
use crate::diagnostics::{Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Faulty, Layout, Workspace, WorkspaceError, shown};
use crate::repair::{Extent, Repaired, proven, repair};
use crate::ui::Ui;
use std::path::Path;

/// What programs get where the projects of a workspace cannot be found.
#[derive(serde::Serialize)]
struct Unfound<'a> {
    /// The workspace's file.
    workspace: &'a str,
    summary: Summary,
    diagnostics: &'a Diagnostics,
    fix: &'a Fixed,
}

/// The workspace that a folder is, with all its projects: what is wrong with one of them is told with the others. What of its
/// own file has a certain correction is put right before, where that is wanted; a dry run has the projects that there would be.
///
/// # Errors
///
/// When its projects cannot be found.
pub(super) fn find(root: &Path, args: &FixArgs, ui: &Ui) -> Result<(Option<Workspace>, Option<Fixed>), Failure> {
    let layout = Layout::new(root);
    let found = match Workspace::at(root, Faulty::Taken) {
        Err(WorkspaceError::Invalid { what, findings }) => {
            if !args.is_wanted() {
                let applied = tried(root).map_or_else(|_| Vec::new(), |repaired| repaired.applied);
                let findings = proven(findings, &applied);
                let failure = Failure::findings(&what, &findings);
                return Err(match fix::offer(&layout, &findings) {
                    Some(offer) => Failure::hint(failure, offer),
                    None => failure,
                });
            }
            findings
        }
        found => return Ok((found?, None)),
    };
    let file = shown(&layout.settings());
    let is_certain = fix::certain(&found).next().is_some();
    let (fixed, workspace, found) = match is_certain {
        false => (Fixed::nothing(args, &found), None, found),
        true => Fixed::of(tried(root)?, root, args)?,
    };
    let found = proven(found, &[]);
    fix::tell(&fixed, ui);
    if !found.has_errors() {
        return Ok((workspace, Some(fixed)));
    }
    findings::show(ui, &found);
    ui.result(
        "",
        &Unfound {
            workspace: &file,
            summary: found.summary(),
            diagnostics: &found,
            fix: &fixed,
        },
    );
    Err(findings::invalid(&file, &found))
}

/// What the workspace's file would become, with the projects that there would be.
fn tried(root: &Path) -> Result<Repaired<Option<Workspace>>, Failure> {
    let layout = Layout::new(root);
    repair(&layout, Extent::Settings, |copy| {
        match Workspace::of_file(&copy.settings(), root, Faulty::Taken) {
            Ok(Some(workspace)) => Ok((Some(workspace), Diagnostics::default())),
            Ok(None) => Err(Failure::new(
                ExitCode::Invalid,
                format!("{} is not that of a workspace", shown(&layout.settings())),
            )),
            Err(WorkspaceError::Invalid { findings, .. }) => Ok((None, findings)),
            Err(error) => Err(error.into()),
        }
    })
}
