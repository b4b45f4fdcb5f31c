//! The folder with usage records, for those who take files away.

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_runtime::usage::{Folder, FolderLock, Holder};
use std::path::PathBuf;

/// Which folder.
#[derive(Debug, clap::Args)]
pub struct FolderArgs {
    /// Folder with usage records [default: api-usage-data in the gateway's data folder]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Where the gateway keeps what it makes itself [default: in the user's configuration]
    #[arg(long, value_name = "DIR", env = "MGW_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}

impl FolderArgs {
    /// Takes the folder, in which nobody else uploads or exports while the lock is held.
    pub(super) fn take(self, context: &Context) -> Result<(Folder, FolderLock), Failure> {
        let path = match (self.folder, self.data_dir) {
            (Some(folder), _) => folder,
            (None, Some(data_dir)) => data_dir.join("api-usage-data"),
            (None, None) => context.environment.config_dir()?.join("gateway/api-usage-data"),
        };
        let unreadable = |error| Failure::file("read", &path, error);
        if !path.is_dir() {
            let message = format!("there is no folder {} with usage records", path.display());
            return Err(Failure::new(ExitCode::Environment, message)
                .hint("Name the folder of `api.usage.data.path`, or the gateway's data folder with --data-dir."));
        }
        let folder = Folder::at(path.clone());
        match FolderLock::take(&folder, Holder::Taker).map_err(unreadable)? {
            Some(lock) => Ok((folder, lock)),
            None => Err(Failure::new(
                ExitCode::Environment,
                format!("the files in {} are being uploaded or exported now", path.display()),
            )
            .hint("Try again in a moment.")),
        }
    }
}
