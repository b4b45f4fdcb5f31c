//! Errors of migrating.

use super::Failure;
use crate::exit::ExitCode;
use crate::migrate::{ArchiveError, MigrateError, TreeError};

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        let message = error.to_string();
        match error {
            MigrateError::Tree(error) => error.into(),
            MigrateError::Unknown(_) => Self::new(ExitCode::Invalid, message)
                .hint("Name the folder or archive of one project: `mgw help migrate` says what is understood.")
                .hint("Nothing was changed."),
            MigrateError::NotThat { .. } => {
                Self::new(ExitCode::Invalid, message).hint("Leave --from out to have the kind found out.")
            }
            MigrateError::NotInPlace(_) => {
                Self::new(ExitCode::Usage, message).hint("Name the folder of the new project behind it.")
            }
            MigrateError::NotFor { .. } => Self::new(ExitCode::Usage, message).hint("Leave the option out."),
            MigrateError::NoEnvironment { near, known, .. } => {
                let failure = Self::new(ExitCode::Usage, message);
                match near {
                    Some(near) => failure.hint(format!("Did you mean `{near}`?")),
                    None if known.is_empty() => failure.hint("It names none under `environments`."),
                    None => failure.hint(format!("It has: {}.", known.join(", "))),
                }
            }
            MigrateError::NoParameters(_) => Self::new(ExitCode::Usage, message)
                .hint("There is no api_params.yaml or params.yaml beside the APIs; name the file with --params."),
            MigrateError::Parameters(_) => {
                Self::new(ExitCode::Invalid, message).hint("Put it right, or migrate without --environment.")
            }
            MigrateError::Stage(source) => Self::new(ExitCode::Environment, message)
                .because(source)
                .hint("Free some space for temporary files."),
            MigrateError::Compile(error) => error.into(),
            MigrateError::Check(failure) => *failure,
            MigrateError::Document(_) | MigrateError::Settings(_) => {
                Self::new(ExitCode::Internal, message).because(error)
            }
        }
    }
}

impl From<TreeError> for Failure {
    fn from(error: TreeError) -> Self {
        let message = error.to_string();
        match error {
            TreeError::Read { path, source } => Self::file("read", &path, source),
            TreeError::OtherKind(_) => {
                Self::new(ExitCode::Invalid, message).hint("Name the folder of a project, or the archive of an export.")
            }
            TreeError::TooLarge { .. } => Self::new(ExitCode::Invalid, message)
                .hint("Name the folder of one project, without unrelated files in it."),
            TreeError::Archive { source, .. } => {
                let hint = match source {
                    ArchiveError::Damaged(_) | ArchiveError::Entry { .. } => "Export it again, or copy it again.",
                    ArchiveError::Encrypted { .. } => "Unpack it, and name the folder.",
                    _ => "No export is like that: do not trust where it is from. Nothing of it was unpacked.",
                };
                Self::new(ExitCode::Invalid, message).because(source).hint(hint)
            }
        }
    }
}
