//! `mgw init`

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Layout, Settings};

/// Arguments of `mgw init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Project name; the folder of that name is created.
    pub name: String,
}

/// Creates the project folder.
pub fn run(args: InitArgs, context: &Context) -> Result<ExitCode, Failure> {
    let layout = Layout::new(&args.name);
    std::fs::create_dir(layout.root()).map_err(|error| Failure::file("create", layout.root(), error))?;
    let text = toml::to_string(&Settings::new(&args.name))
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot write the project's settings").because(error))?;
    std::fs::write(layout.settings(), text).map_err(|error| Failure::file("write", &layout.settings(), error))?;
    context.ui.status("Created", layout.root().display());
    Ok(ExitCode::Success)
}
