//! `mgw usage export`

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::usage_export::{Exported, export};
use mgw_runtime::usage::{Folder, FolderLock, Holder};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `mgw usage export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Folder with usage records [default: api-usage-data in the gateway's data folder]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Where to write the export, a zip file that must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Remove the files from the folder once the export has been read back and found whole.
    #[arg(long)]
    pub remove: bool,
    /// Where the gateway keeps what it makes itself [default: in the user's configuration]
    #[arg(long, value_name = "DIR", env = "MGW_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    export: String,
    files: usize,
    bytes: u64,
    removed: bool,
}

/// Copies files that wait into one.
pub fn run(args: ExportArgs, context: &Context) -> Result<ExitCode, Failure> {
    let path = match (args.folder, args.data_dir) {
        (Some(folder), _) => folder,
        (None, Some(data_dir)) => data_dir.join("api-usage-data"),
        (None, None) => context.environment.config_dir()?.join("gateway/api-usage-data"),
    };
    let unreadable = |error| Failure::file("read", &path, error);
    if !path.is_dir() {
        return Err(unreadable(std::io::ErrorKind::NotFound.into()).hint("Name the folder of `api.usage.data.path`."));
    }
    let folder = Folder::at(path.clone());
    // A gateway that uploads a file while it is taken elsewhere would have it counted there and here.
    let Some(_lock) = FolderLock::take(&folder, Holder::Taker).map_err(unreadable)? else {
        return Err(Failure::new(
            ExitCode::Environment,
            format!("the files in {} are being uploaded or exported now", path.display()),
        )
        .hint("Try again in a moment."));
    };
    let archives = folder.archives().map_err(unreadable)?;
    if archives.is_empty() {
        return Err(Failure::new(ExitCode::NothingChanged, "no file waits there").hint(
            "The file that still grows is closed after `analytics.fileUpload.rotatingPeriod`, ten minutes unless set.",
        ));
    }
    let Exported { files, bytes } = export(&folder, &archives, &args.to)?;
    if args.remove {
        for archive in &archives {
            let removed = folder.remove(&archive.name);
            removed.map_err(|error| Failure::file("remove", &path.join(&archive.name), error))?;
        }
    }
    let report = Report {
        export: shown(&args.to),
        files,
        bytes,
        removed: args.remove,
    };
    let fate = if args.remove {
        "removed from the folder"
    } else {
        "still in the folder"
    };
    let text = format!("{}: {files} files, {bytes} bytes; {fate}", report.export);
    context.ui.result(text, &report);
    Ok(ExitCode::Success)
}
