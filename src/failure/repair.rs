//! Errors of putting a project's files right.

use super::Failure;
use crate::exit::ExitCode;
use crate::repair::{ShadowError, WriteError};

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
        let failure = match error {
            WriteError::Io { path, source } => Self::file("write", &path, source),
            WriteError::Changed(_) => Self::new(ExitCode::Environment, error.to_string())
                .hint("Run the command again: it looks at the files as they are then."),
        };
        failure.hint("No file of the project was changed.")
    }
}
