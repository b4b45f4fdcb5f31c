//! Errors of compiling, building and reading bundles.

use super::{Failure, not_a_project};
use crate::compile::{BuildError, CompileError, FileError, FollowedError, ProjectEntriesError};
use crate::deployment::DeployError;
use crate::exit::ExitCode;
use mgw_bundle::ReadError;

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::file("read", &error.path, error.source)
    }
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Settings(error) => error.into(),
            CompileError::File(error) => error.into(),
            CompileError::Remote(error) => error.into(),
            CompileError::NotAProject(ref path) => {
                if let Some(failure) = not_a_project(path) {
                    return failure;
                }
                let failure = Self::new(ExitCode::Invalid, error.to_string());
                if path.is_dir() {
                    failure.hint("A project has `mgw.toml`, `api_definitions/` or `policies.yaml` in it; `mgw init NAME` creates one.")
                } else {
                    failure
                        .hint(format!("There is no folder {}.", path.display()))
                        .hint("Check the path for a typing error, or create the project with `mgw init NAME`.")
                }
            }
            CompileError::Lock(error) => error.into(),
            CompileError::ProjectEntries(ProjectEntriesError::Lock(error)) => error.into(),
            CompileError::ProjectEntries(_) | CompileError::Definition { .. } => {
                Self::new(ExitCode::Internal, error.to_string()).because(error)
            }
        }
    }
}

impl From<FollowedError> for Failure {
    fn from(error: FollowedError) -> Self {
        let failure = Self::new(ExitCode::Invalid, error.to_string());
        match error {
            FollowedError::Nothing => {
                failure.hint("Run mgw pull in its project, build it again, then run it with --connected.")
            }
            FollowedError::Unreadable { .. } => failure.hint("Build it again with this version of mgw."),
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Invalid => Self::new(ExitCode::Invalid, error.to_string()),
            BuildError::File { path, source } => Self::file("write", &path, source),
            BuildError::Stale { path, source } => Self::file("remove", &path, source),
            BuildError::ReadBack(ReadError::TooLarge { .. }) => {
                Self::new(ExitCode::Invalid, "the project is too large for a bundle").because(error)
            }
            BuildError::Sign(error) => error.into(),
            BuildError::Write(_) | BuildError::Describe(_) | BuildError::ReadBack(_) => {
                Self::new(ExitCode::Internal, "the bundle could not be put together").because(error)
            }
        }
    }
}

/// A bundle that cannot be read is one that nobody should run: whatever is wrong with it counts as a mismatch.
impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let hint = match error {
            ReadError::Format { .. } => "Use the version of mgw that built the bundle, or a newer one.",
            _ => "The file was changed, damaged or is no bundle; build it again or copy it again.",
        };
        Self::new(ExitCode::Mismatch, "the bundle is not intact")
            .because(error)
            .hint(hint)
    }
}

impl From<DeployError> for Failure {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Write { path, source } => Self::file("write", &path, source),
            DeployError::Render(error) => Self::new(ExitCode::Internal, error.to_string()).because(error),
        }
    }
}
