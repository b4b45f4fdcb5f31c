//! `toolkit-config.toml` where a command speaks to the control plane.

use super::findings;
use crate::context::Context;
use crate::diagnostics::Diagnostics;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::toolkit_config::ToolkitConfig;
use std::path::Path;

/// Reads the file that a flag names, else the project's, and tells what is wrong with it.
///
/// # Errors
///
/// When something in it cannot be used, or a named file is not there.
pub(super) fn toolkit(layout: &Layout, named: Option<&Path>, context: &Context) -> Result<ToolkitConfig, Failure> {
    let layout = layout.clone().with_toolkit_config(named.map(Path::to_owned));
    let path = layout.toolkit_config();
    if named.is_some() {
        there(&path)?;
    }
    let mut diagnostics = Diagnostics::default();
    let toolkit = ToolkitConfig::load(&path, &mut diagnostics).map_err(|error| Failure::file("read", &path, error))?;
    diagnostics.sort();
    findings::show(&context.ui, &diagnostics);
    if diagnostics.has_errors() {
        let name = path.display().to_string();
        return Err(findings::invalid(&name, &diagnostics));
    }
    Ok(toolkit)
}

/// A file that is named must be there.
pub(super) fn there(path: &Path) -> Result<(), Failure> {
    path.metadata().map(drop).map_err(|error| {
        Failure::file("read", path, error)
            .hint("Leave -c out to use conf/toolkit-config.toml of the project, if it has one.")
    })
}

/// A project with the settings that a flag names.
pub(super) fn layout(project: &Path, named: Option<&Path>) -> Result<Layout, Failure> {
    if let Some(path) = named {
        there(path)?;
    }
    Ok(Layout::new(project).with_toolkit_config(named.map(Path::to_owned)))
}

/// The failure of a command that has nothing to do with a file.
pub(super) fn unwritten(path: &Path, error: std::io::Error) -> Failure {
    let mut failure = Failure::file("write", path, error);
    failure.code = ExitCode::Environment;
    failure
}
