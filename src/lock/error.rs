//! What is wrong with the lock or the files it vouches for.

use crate::diagnostics::{Code, Diagnostic};
use crate::ui::count::Counted;
use crate::yaml::{Source, Span, SyntaxError, format_version};
use std::path::PathBuf;

/// What to do about a lock that cannot be read.
pub(crate) const REMEDY: &str = "Take the file back from version control, or remove it and pull again.";

/// What to do about a file that a newer version of mgw wrote.
pub(crate) const NEWER: &str = "Use the version of mgw that wrote the file, or a newer one.";

/// What is wrong with the lock or the files it vouches for.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A file operation failed.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The lock is not what is expected.
    #[error("{}{}: {error}", path.display(), place(error))]
    Parse {
        /// The lock.
        path: PathBuf,
        /// What is wrong, and where.
        error: Box<SyntaxError>,
    },
    /// Written by another version.
    #[error("{} has format version {found}, this version reads {}", path.display(), super::file::FORMAT)]
    Format {
        /// The lock.
        path: PathBuf,
        /// Version found.
        found: u64,
    },
    /// Another process pulls into the same project.
    #[error("another mgw process is pulling into {}", path.display())]
    Busy {
        /// The project.
        path: PathBuf,
    },
    /// What was pulled is staged for good, and not all of it in its place.
    #[error("what was pulled could not be put in its place")]
    Unfinished {
        /// Cause.
        source: Box<LockError>,
    },
    /// Somebody put other files where an interrupted pull has yet to put its own.
    #[error("an interrupted pull cannot be finished: {} is there again, and is not what mgw.lock describes", path.display())]
    InTheWay {
        /// What is there.
        path: PathBuf,
        /// Whole sentences without a full stop.
        differences: Vec<String>,
    },
    /// Pulls came in between each time that the project was read.
    #[error("{} was pulled into each of the {readings} times that it was read", path.display())]
    Unsteady {
        /// The project.
        path: PathBuf,
        /// Number of times.
        readings: u32,
    },
    /// The settings say what to pull, or files were pulled, and there is no lock.
    #[error("{} is missing", path.display())]
    Missing {
        /// The lock.
        path: PathBuf,
    },
    /// Files or settings differ from what was pulled; every difference is named.
    #[error("the project differs from mgw.lock in {}", Counted(differences.len(), "place", "places"))]
    OutOfDate {
        /// Whole sentences without a full stop.
        differences: Vec<String>,
        /// How many of them are about the line ends of a file alone.
        line_ends: usize,
    },
    /// The control plane has something else than what was pulled; every difference is named.
    #[error("the control plane differs from mgw.lock in {}", Counted(differences.len(), "place", "places"))]
    Differs {
        /// Whole sentences without a full stop.
        differences: Vec<String>,
    },
    /// A file was edited while a pull that leaves it as it is was under way.
    #[error("{} was edited meanwhile", path.display())]
    Edited {
        /// The file.
        path: PathBuf,
    },
    /// A kept file is not what was pulled.
    #[error("{} is not what was pulled", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The settings cannot be read.
    #[error(transparent)]
    Settings(#[from] crate::project::SettingsError),
}

/// A finding at a place of a lock, or at its version; `file` is what messages call it, `bytes` what stands in it.
pub(super) fn finding(
    code: Code,
    file: &str,
    bytes: &[u8],
    place: impl Fn(&Source) -> Option<Span>,
    message: String,
) -> Diagnostic {
    match Source::new(file, bytes.to_vec()) {
        // Nothing of a lock is a secret, but what was put there by mistake may be.
        Ok(source) => {
            let version = || format_version(&source).map(|(_, span)| span);
            let shown = source.clone().showing_only(version());
            match place(&source).or_else(version) {
                Some(span) => Diagnostic::error(code, &shown, span, message),
                None => Diagnostic::file(code, file, message),
            }
        }
        Err(error) => Diagnostic { code, ..error.into() },
    }
}

/// Line and column behind the name of a file.
fn place(error: &SyntaxError) -> String {
    error
        .position()
        .map(|place| format!(":{}:{}", place.line, place.column))
        .unwrap_or_default()
}

impl LockError {
    /// The finding, where the lock itself cannot be used. `file` is what messages call it, `bytes` what stands in it.
    pub(crate) fn finding(&self, file: &str, bytes: &[u8]) -> Option<Diagnostic> {
        let (code, message, place, remedy) = match self {
            Self::Parse { error, .. } => (
                Code::LockFile,
                error.message.clone(),
                error.place.as_ref().map(|(_, span)| *span),
                REMEDY,
            ),
            Self::Format { found, .. } => (
                Code::NewerFormat,
                format!(
                    "mgw.lock has format version {found}, this version reads {}",
                    super::file::FORMAT
                ),
                None,
                NEWER,
            ),
            _ => return None,
        };
        Some(finding(code, file, bytes, |_| place, message).remedy(remedy))
    }

    /// The same, where there is no way back.
    pub(super) fn after_the_marker(self) -> Self {
        Self::Unfinished { source: Box::new(self) }
    }

    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: path.into(),
            source,
        }
    }
}
