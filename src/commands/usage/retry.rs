//! `mgw usage retry`

use super::folder::FolderArgs;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::count::Counted;
use serde::Serialize;

/// Arguments of `mgw usage retry`.
#[derive(Debug, clap::Args)]
pub struct RetryArgs {
    /// Which folder.
    #[command(flatten)]
    pub place: FolderArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    files: usize,
}

/// Has files that were set aside wait again.
pub fn run(args: RetryArgs, context: &Context) -> Result<ExitCode, Failure> {
    let (folder, _lock) = args.place.take(context)?;
    let files = folder
        .retry_refused()
        .map_err(|error| Failure::file("rename files in", folder.path(), error))?;
    if files == 0 {
        return Err(Failure::new(ExitCode::NothingChanged, "no file is set aside there"));
    }
    context.ui.result(
        format!("{} for their upload again", Counted(files, "file waits", "files wait")),
        &Report { files },
    );
    Ok(ExitCode::Success)
}
