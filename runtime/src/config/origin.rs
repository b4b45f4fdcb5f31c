//! Where a setting was written.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The place that a message points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A configuration file.
    File {
        /// Path as given by the caller.
        path: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The bytes in question, in the text that was given.
        bytes: Range<usize>,
    },
    /// An environment variable, by name.
    Environment(String),
    /// A `--set` argument, by key.
    Set(String),
    /// The built-in default.
    Default,
}

impl Origin {
    /// Line and column, for sorting; everything outside a file comes first.
    pub(super) fn position(&self) -> (usize, usize) {
        match self {
            Self::File { line, column, .. } => (*line, *column),
            _ => (0, 0),
        }
    }

    /// Returns the position of some bytes in `text`.
    pub(super) fn in_file(path: &Arc<str>, text: &str, bytes: Range<usize>) -> Self {
        let before = text.get(..bytes.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::File {
            path: Arc::clone(path),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
            bytes,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column, .. } => write!(formatter, "{path}:{line}:{column}"),
            Self::Environment(name) => write!(formatter, "environment variable {name}"),
            Self::Set(key) => write!(formatter, "--set {key}"),
            Self::Default => formatter.write_str("built-in default"),
        }
    }
}
