//! Failures of following a control plane.

use super::Failure;
use crate::connected::StateError;
use crate::exit::ExitCode;

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::File { action, path, source } => Self::file(action, &path, source),
            StateError::Foreign { .. } => Self::new(ExitCode::Environment, error.to_string())
                .hint("Name a folder for the gateway alone with --state DIR or MGW_STATE_DIR."),
            StateError::Busy { .. } => Self::new(ExitCode::Environment, error.to_string())
                .hint("Give every gateway a state folder of its own with --state DIR or MGW_STATE_DIR."),
        }
    }
}
