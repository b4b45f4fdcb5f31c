//! Errors of putting a project's files right.

use super::Failure;
use crate::exit::ExitCode;
use crate::repair::{ShadowError, WriteError};
use std::path::PathBuf;

impl From<ShadowError> for Failure {
    fn from(error: ShadowError) -> Self {
        let message = error.to_string();
        match error {
            ShadowError::Copy { source, .. } => Self::new(ExitCode::Environment, message).because(source),
            ShadowError::TooLarge(_) => Self::new(ExitCode::Invalid, message)
                .hint("Name the folder of one project, and keep other files out of it."),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let message = error.to_string();
        let failure = match error {
            WriteError::Io { path, source } => Self::file("write", &path, source),
            WriteError::Changed(_) => Self::new(ExitCode::Environment, message)
                .hint("Run the command again: it looks at the files as they are then."),
            WriteError::Mixed { replaced, source, .. } => {
                let mut failure = Self::new(ExitCode::Environment, message).because(source);
                let kept = |(path, former): &(PathBuf, PathBuf)| {
                    format!(
                        "{} is repaired; what it was is in {}.",
                        path.display(),
                        former.display()
                    )
                };
                failure.hints = replaced.iter().map(kept).collect();
                return failure.hint("Put back what they were, or run the command again when files can be written.");
            }
        };
        failure.hint("No file of the project was changed.")
    }
}
