//! Errors of creating and filling a project.

use super::Failure;
use crate::diagnostics::Diagnostics;
use crate::exit::ExitCode;
use crate::project::{CreateError, DownloadError, WorkspaceError};
use crate::remote::{FetchError, RemoteLockError};

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Exists(_) => Self::new(ExitCode::Environment, error.to_string())
                .hint("Choose another name, or replace the project there with --force."),
            CreateError::NoParent { ref parent, .. } => {
                Self::new(ExitCode::Environment, error.to_string()).hint(format!(
                    "Create {} first, or check the path for a typing error.",
                    parent.display()
                ))
            }
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
            DownloadError::Transport { source, .. } => {
                let hint = match refused(&source) {
                    true => "Check host and port, and that a server listens there.",
                    false => {
                        "Check the address and the connection; --insecure accepts certificates that cannot be verified."
                    }
                };
                Self::new(ExitCode::Environment, message).because(source).hint(hint)
            }
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
            WorkspaceError::Invalid { what, findings } => Self::findings(&what, &findings),
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let message = error.to_string();
        match error {
            FetchError::Setup(source) => Self::new(ExitCode::Environment, message).because(source),
            FetchError::Credentials(_) => Self::new(ExitCode::Invalid, message)
                .hint("Copy the file into the project, so that no password stands in a definition."),
            FetchError::InTheClear(_) => Self::new(ExitCode::Invalid, message)
                .hint("Refer to it with `https:`, or copy the file into the project."),
            FetchError::Transport { source, .. } => Self::new(ExitCode::Environment, message)
                .because(source)
                .hint("Check the address and the connection. What is pinned in remote.lock needs none."),
            FetchError::Status { .. } => Self::new(ExitCode::Environment, message)
                .hint("Check the address; copy a file behind a login into the project."),
            FetchError::TooLarge { .. } => {
                Self::new(ExitCode::Invalid, message).hint("Copy the part that is needed into the project.")
            }
        }
    }
}

impl From<RemoteLockError> for Failure {
    fn from(error: RemoteLockError) -> Self {
        match error {
            RemoteLockError::Read { path, source } => Self::file("read", &path, source),
            RemoteLockError::Unusable(finding) => {
                let mut findings = Diagnostics::default();
                findings.push(*finding.clone());
                Self::findings(&finding.file, &findings)
            }
        }
    }
}

/// Whether nobody listens at the address.
fn refused(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let kind = inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind == Some(std::io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = inner.source();
    }
    false
}
