//! The project that comes of a migration, before any of it is written.

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::project::incoming::distinct;
use crate::project::{BuildSettings, ControlPlaneSettings};
use crate::yaml::{Source, Span};
use std::collections::{BTreeMap, BTreeSet};

/// How much was carried over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Carried {
    /// APIs, each a definition.
    pub(crate) apis: usize,
    /// Throttling policies.
    pub(crate) policies: usize,
    /// Certificates of clients and backends.
    pub(crate) certificates: usize,
    /// Settings of the gateway, the toolkit and the build.
    pub(crate) settings: usize,
}

/// Where a finding is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In the text of a file.
    At(Source, Span),
    /// A file or folder as a whole.
    File(String),
}

/// A project in the making.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Its files by path, but for what every project has.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// `[build]` of its settings.
    pub(crate) build: BuildSettings,
    /// `[control-plane]` of its settings.
    pub(crate) control_plane: Option<ControlPlaneSettings>,
    /// What was carried over.
    pub(crate) carried: Carried,
    /// What was not, and what there is to know.
    pub(crate) findings: Diagnostics,
    /// The paths of files that were added, in lower case.
    pub(crate) added: BTreeSet<String>,
}

impl Draft {
    /// Something that does not carry over.
    pub(crate) fn lost(&mut self, code: Code, place: &Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Warning, code, place, message.into(), remedy.into());
    }

    /// Something as a whole, such as an API, that does not.
    pub(crate) fn left_out(
        &mut self,
        code: Code,
        place: &Place,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Error, code, place, message.into(), remedy.into());
    }

    /// Something that is good to know; nothing is lost by it.
    pub(crate) fn note(&mut self, code: Code, place: &Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Note, code, place, message.into(), remedy.into());
    }

    fn push(&mut self, severity: Severity, code: Code, place: &Place, message: String, remedy: String) {
        let mut diagnostic = match place {
            Place::At(source, span) => Diagnostic::error(code, source, *span, message),
            Place::File(file) => Diagnostic::file(code, file, message),
        }
        .remedy(remedy)
        // Old files hold secrets in many places, so none of their lines is ever shown.
        .secret();
        diagnostic.severity = severity;
        self.findings.push(diagnostic);
    }

    /// Adds a file under a name that no other one has; returns its path.
    pub(crate) fn add(&mut self, folder: &str, name: String, bytes: Vec<u8>) -> String {
        let taken = |name: &str| {
            let path = format!("{folder}/{name}");
            self.files.contains_key(&path) || self.added.contains(&path.to_lowercase())
        };
        let path = format!("{folder}/{}", distinct(name, taken));
        self.added.insert(path.to_lowercase());
        self.files.insert(path.clone(), bytes);
        path
    }
}
