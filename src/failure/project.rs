//! Errors of creating and filling a project.

use super::Failure;
use crate::exit::ExitCode;
use crate::project::{CreateError, DownloadError, WorkspaceError};

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Exists(_) => Self::new(ExitCode::Environment, error.to_string())
                .hint("Choose another name, or replace the project there with --force."),
            CreateError::NotRemoved { .. } => {
                Self::new(ExitCode::Environment, error.to_string()).hint("Remove or rename it yourself.")
            }
            CreateError::File { action, path, source } => Self::file(action, &path, source),
        }
    }
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        let message = error.to_string();
        match error {
            DownloadError::Setup(source) => Self::new(ExitCode::Environment, message).because(source),
            DownloadError::Credentials => Self::new(ExitCode::Usage, message)
                .hint("Download the file yourself, so that no password stands on the command line."),
            DownloadError::Transport { source, .. } => Self::new(ExitCode::Environment, message)
                .because(source)
                .hint("Check the address and the connection; --insecure accepts certificates that cannot be verified."),
            DownloadError::Status { .. } => Self::new(ExitCode::Environment, message)
                .hint("Check the address; a definition behind a login has to be downloaded with a browser first."),
            DownloadError::TooLarge { .. } => {
                Self::new(ExitCode::Invalid, message).hint("Split the API into several definitions.")
            }
        }
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Settings(error) => error.into(),
            WorkspaceError::Folder { path, source } => Self::file("read", &path, source),
            WorkspaceError::Pattern { ref remedy, .. } => {
                let remedy = remedy.clone();
                Self::new(ExitCode::Invalid, error.to_string()).hint(remedy)
            }
            WorkspaceError::TooMany { .. } => {
                Self::new(ExitCode::Invalid, error.to_string()).hint("Split the workspace, or name fewer folders.")
            }
            WorkspaceError::SameName { .. } => Self::new(ExitCode::Invalid, error.to_string())
                .hint("Give each project a `name` of its own in its mgw.toml: bundles and `--member` go by it."),
        }
    }
}
