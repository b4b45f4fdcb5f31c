//! The one error type at the edge of the command line, and the one place that turns errors into exit codes.
//!
//! Library modules have their own error enums; their `From` implementations for [`Failure`] live here, so that a look at
//! this file and its folder tells which error ends with which code.

mod admin;
mod cloud;
mod compile;
mod connected;
mod definition;
mod gateway;
mod migrate;
mod project;
mod pull;
mod repair;
mod sandbox;
mod signing;

pub(crate) use cloud::sign_in_command;
pub(crate) use definition::not_a_project;
pub(crate) use gateway::{SET_SECRET, endpoint_remedy, not_started, start_remedy};
pub(crate) use pull::not_replaced;

use crate::diagnostics::{Diagnostic, Diagnostics, render};
use crate::exit::ExitCode;
use crate::whole_file::Unfit;
use std::error::Error;

/// An error as the user meets it: what failed, why, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    /// Exit code of the program.
    pub code: ExitCode,
    /// A lowercase fragment that reads well after `error: `.
    pub message: String,
    /// Whole sentences that say what to do.
    pub hints: Vec<String>,
    /// The cause; its chain is printed below the message.
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// Findings that are shown before the message.
    pub details: Vec<Detail>,
    /// The result has been printed already; only the message is to follow.
    pub reported: bool,
}

/// A finding that belongs to a failure.
#[derive(Debug)]
pub struct Detail {
    /// For people, laid out; empty when they have seen it.
    pub text: String,
    /// For programs.
    pub json: serde_json::Value,
}

impl Detail {
    /// A finding, without colours.
    pub(crate) fn of(finding: &Diagnostic) -> Self {
        Self {
            text: render(finding, false),
            json: serde_json::json!(finding),
        }
    }
}

impl Failure {
    /// A failure without a cause.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hints: Vec::new(),
            source: None,
            details: Vec::new(),
            reported: false,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A file operation that failed: names the path and the remedy that its error kind suggests.
    pub fn file(action: &str, path: &std::path::Path, error: std::io::Error) -> Self {
        Self::file_called(action, &path.display().to_string(), error)
    }

    /// The same for a file whose path is not to be repeated.
    pub(crate) fn file_called(action: &str, file: &str, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let hint = match error.kind() {
            ErrorKind::NotFound => Some("Check the path for a typing error."),
            ErrorKind::PermissionDenied => Some("Check the permissions of the file and its folder."),
            ErrorKind::ReadOnlyFilesystem => Some("The file system is mounted read-only; choose another folder."),
            ErrorKind::IsADirectory => Some("There is a folder where a file is needed."),
            ErrorKind::NotADirectory => Some("There is a file where a folder is needed."),
            ErrorKind::AlreadyExists => Some("Something else has that name; rename it or choose another folder."),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Some("Free some space, or raise the limit, and run the command again.")
            }
            _ => Unfit::remedy(&error),
        };
        let failure = Self::new(ExitCode::Environment, format!("cannot {action} {file}")).because(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// A file that cannot be used, with everything that is wrong with it.
    pub(crate) fn findings(file: &str, findings: &Diagnostics) -> Self {
        let mut failure = Self::new(ExitCode::Invalid, format!("{file} has {}", findings.summary()))
            .hint("`mgw explain CODE` says more about a finding; its code stands in brackets.");
        failure.details = findings.iter().map(Detail::of).collect();
        failure
    }

    /// Interrupted by Ctrl-C.
    pub fn interrupted() -> Self {
        Self::new(ExitCode::Interrupted, "interrupted; nothing was changed")
    }
}

impl From<crate::project::SettingsError> for Failure {
    fn from(error: crate::project::SettingsError) -> Self {
        use crate::project::SettingsError;
        match error {
            SettingsError::Read { path, source } => {
                let path = std::path::Path::new(&path);
                let named = path
                    .parent()
                    .filter(|_| source.kind() == std::io::ErrorKind::NotADirectory);
                named
                    .and_then(not_a_project)
                    .unwrap_or_else(|| Self::file("read", path, source))
            }
            SettingsError::Workspace { .. } => Self::new(ExitCode::Invalid, error.to_string())
                .hint("Name one of them. `mgw check`, `build`, `test`, `audit` and `verify` take the workspace too."),
            SettingsError::Invalid { path, findings } => Self::findings(&path, &findings),
        }
    }
}
