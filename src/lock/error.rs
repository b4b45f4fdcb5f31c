//! What is wrong with the lock or the files it vouches for.

use crate::ui::count::Counted;
use std::path::PathBuf;

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
    #[error("{}:{line}:{column}: {message}", path.display())]
    Parse {
        /// The lock.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Written by another version.
    #[error("{} has format version {found}, this version reads {}", path.display(), super::file::FORMAT)]
    Format {
        /// The lock.
        path: PathBuf,
        /// Version found.
        found: u32,
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
    /// The settings say what to pull, and nothing was pulled.
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

impl LockError {
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
