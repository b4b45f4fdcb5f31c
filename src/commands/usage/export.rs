//! `mgw usage export`

use super::folder::FolderArgs;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::ui::count::{self, Counted};
use crate::usage_export::{export, remove};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `mgw usage export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Which folder.
    #[command(flatten)]
    pub place: FolderArgs,
    /// Where to write the export, a zip file that must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Remove the files from the folder once the export has been read back and found whole.
    #[arg(long)]
    pub remove: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    export: String,
    files: usize,
    bytes: u64,
    removed: bool,
    /// Files that cannot be read, and stay where they are.
    left: usize,
}

/// Copies files that wait into one.
pub fn run(args: ExportArgs, context: &Context) -> Result<ExitCode, Failure> {
    // A gateway that uploads a file while it is taken elsewhere would have it counted there and here.
    let (folder, _lock) = args.place.take(context)?;
    let unreadable = |error| Failure::file("read", folder.path(), error);
    let archives = folder.archives().map_err(unreadable)?;
    let exported = export(&folder, &archives, &args.to)?;
    if args.remove {
        remove(&folder, &exported)?;
    }
    let report = Report {
        export: shown(&args.to),
        files: exported.archives.len(),
        bytes: exported.bytes,
        removed: args.remove,
        left: exported.unreadable.len(),
    };
    for (path, error) in &exported.unreadable {
        let path = path.display();
        context
            .ui
            .warn(format_args!("{path} cannot be read, and is left where it is: {error}"));
    }
    let fate = if args.remove {
        "removed from the folder"
    } else {
        "still in the folder"
    };
    let text = format!(
        "{}: {}, {}; {fate}",
        report.export,
        Counted(report.files, "file", "files"),
        count::bytes(report.bytes)
    );
    context.ui.result(text, &report);
    Ok(if report.left > 0 {
        ExitCode::Partial
    } else {
        ExitCode::Success
    })
}
