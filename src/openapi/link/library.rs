//! The files that a definition may refer to.

use super::Location;
use crate::diagnostics::Diagnostic;
use crate::yaml::{Node, Source};
use std::sync::Arc;

/// A file that has been read.
#[derive(Debug)]
pub struct Document {
    /// Its text.
    pub source: Source,
    /// Its values.
    pub node: Node,
}

/// A file with a name like the one that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearFile {
    /// Its path in the project.
    pub path: String,
    /// Nothing else can be meant.
    pub is_certain: bool,
}

/// Why a file is not there for a reference.
#[derive(Debug, Clone)]
pub enum Unavailable {
    /// It is not read, or not there.
    Refused {
        /// What is the matter with it: goes on behind "the reference `X`".
        reason: String,
        /// What to do about it: a sentence.
        remedy: String,
        /// The file of the project that may be meant.
        near: Option<NearFile>,
    },
    /// It is no YAML or JSON; the finding is about the file itself.
    Broken(Box<Diagnostic>),
}

/// Opens files by their place. Around it are folders and networks; linking itself knows of neither.
pub trait Library {
    /// The file at a place.
    ///
    /// # Errors
    ///
    /// The file is not there, may not be read, or cannot be.
    fn open(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable>;

    /// What references in the file at a place are relative to (RFC 3986 section 5.1.3): another place where a server had
    /// redirected whoever fetched it.
    fn base(&self, location: &Location) -> Location {
        location.clone()
    }
}
