//! One finding about a file, and a collection of them.

use super::{About, Code};
use crate::yaml::{Correction, Node, Position, Source, Span, SyntaxError};
use serde::{Serialize, Serializer};
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// Built, but not as the author may think.
    Warning,
    /// Worth knowing.
    Note,
}

/// A finding about a file.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is.
    pub code: Code,
    /// The file, as messages call it.
    pub file: String,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do about it: a sentence.
    pub remedy: Option<String>,
    /// The text in question; absent when the file as a whole is meant.
    pub place: Option<(Source, Span)>,
    /// The line holds a secret and is not shown.
    pub secret: bool,
    /// [`Self::file`] names no file but a variable or an argument.
    pub outside: bool,
    /// What puts it right, where that is known.
    pub correction: Option<Correction>,
    /// The APIs and operations that it is about; none: the project, or the gateway's settings.
    pub about: Vec<About>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, source, span, message)
    }

    /// A warning at a place.
    pub fn warning(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, source, span, message)
    }

    /// A note at a place.
    pub fn note(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, source, span, message)
    }

    /// An error about a file as a whole.
    pub fn file(code: Code, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            file: file.into(),
            message: message.into(),
            remedy: None,
            place: None,
            secret: false,
            outside: false,
            correction: None,
            about: Vec::new(),
        }
    }

    /// An error about something that was given outside files.
    pub fn outside(code: Code, what: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            outside: true,
            ..Self::file(code, what, message)
        }
    }

    /// A value of the wrong kind. Whoever knows more to do about it than to write the right one says so.
    pub fn expected(code: Code, source: &Source, node: &Node, what: &str, expected: &str) -> Self {
        let found = match node.as_array() {
            // Where a list is expected, it is its length that is wrong.
            Some(elements) if !elements.is_empty() && expected.starts_with("a list of ") => {
                format!("one of {}", elements.len())
            }
            _ => node.kind().to_owned(),
        };
        let message = format!("{what} should be {expected}, found {found}");
        Self::error(code, source, node.span, message)
            .remedy(format!("Write {expected} there."))
            .expecting(node, expected)
    }

    /// Whether it fails a command that fails from `least` on. What the gateway itself says of settings that it starts with is
    /// advice, and fails none; nor does a file that another machine may have.
    pub fn fails(&self, least: Severity) -> bool {
        let is_advice = match self.code {
            Code::DoubtfulSetting | Code::SettingWithoutEffect => true,
            Code::MissingFile => self.severity != Severity::Error,
            _ => false,
        };
        self.severity <= least && !is_advice
    }

    fn new(severity: Severity, code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            file: source.name_of(span).to_owned(),
            message: message.into(),
            remedy: None,
            place: Some((source.clone(), span)),
            secret: false,
            outside: false,
            correction: None,
            about: Vec::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds what it is about.
    #[must_use]
    pub fn about(mut self, about: About) -> Self {
        self.about.push(about);
        self
    }

    /// Keeps the line out of the output, because it holds a secret.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The same, when it does.
    #[must_use]
    pub fn secret_if(mut self, secret: bool) -> Self {
        self.secret |= secret;
        self
    }

    /// Adds "Did you mean …?" when a candidate is near.
    #[must_use]
    pub fn did_you_mean<'a>(self, typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match super::nearest(typed, candidates) {
            Some(candidate) => self.remedy(format!("Did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// Line and column.
    pub fn position(&self) -> Option<Position> {
        self.place.as_ref().map(|(source, span)| source.position(*span))
    }

    fn order(&self, position: Option<Position>) -> (&str, Option<Position>, Severity, &str) {
        (&self.file, position, self.severity, &self.message)
    }
}

/// `file:line:column: severity: message`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        match self.position() {
            Some(Position { line, column }) => write!(f, "{}:{line}:{column}", self.file)?,
            None => f.write_str(&self.file)?,
        }
        write!(f, ": {severity}: {}", self.message)
    }
}

impl From<SyntaxError> for Diagnostic {
    fn from(error: SyntaxError) -> Self {
        Self {
            severity: Severity::Error,
            code: Code::Syntax,
            file: error.file,
            message: error.message,
            remedy: error.remedy,
            place: error.place,
            secret: false,
            outside: false,
            correction: error.correction.map(|correction| *correction),
            about: Vec::new(),
        }
    }
}

/// The findings of a run.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

/// How many findings of each severity there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds the findings of another part of the run.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// Says of every finding what it is about, where that has not been said.
    pub(crate) fn tell(&mut self, about: impl Fn(&Diagnostic) -> Vec<About>) {
        for finding in self.list.iter_mut().filter(|finding| finding.about.is_empty()) {
            finding.about = about(finding);
        }
    }

    /// Those that are wanted.
    #[must_use]
    pub fn filtered(mut self, wanted: impl FnMut(&Diagnostic) -> bool) -> Self {
        self.list.retain(wanted);
        self
    }

    /// Makes warnings of the errors of one kind.
    pub(crate) fn warn_only_of(&mut self, code: Code) {
        let of_kind = self.list.iter_mut().filter(|finding| finding.code == code);
        for finding in of_kind.filter(|finding| finding.severity == Severity::Error) {
            finding.severity = Severity::Warning;
        }
    }

    /// Leaves certain only the corrections of findings that are `proven`; the others are for somebody to look at.
    #[must_use]
    pub(crate) fn doubting(mut self, mut proven: impl FnMut(&Diagnostic) -> bool) -> Self {
        for finding in &mut self.list {
            if finding.correction.as_ref().is_some_and(Correction::is_certain) && !proven(finding) {
                finding.correction = finding.correction.take().map(Correction::likely);
            }
        }
        self
    }

    /// Whether something must be put right before anything can be built.
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The findings, by file and position once [`Diagnostics::sort`] was called.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Sorts by file, position and severity, and drops repetitions: one finding is about all that they were about.
    pub fn sort(&mut self) {
        // A position is counted out in the text, so that it is asked for once per finding and not at each comparison.
        let found = std::mem::take(&mut self.list).into_iter();
        let mut placed: Vec<_> = found.map(|diagnostic| (diagnostic.position(), diagnostic)).collect();
        placed.sort_by(|(a, one), (b, other)| one.order(*a).cmp(&other.order(*b)));
        placed.dedup_by(|(a, again), (b, first)| {
            let is_same = again.order(*a) == first.order(*b);
            if is_same {
                let more = std::mem::take(&mut again.about).into_iter();
                let more: Vec<About> = more.filter(|about| !first.about.contains(about)).collect();
                first.about.extend(more);
            }
            is_same
        });
        self.list = placed.into_iter().map(|(_, diagnostic)| diagnostic).collect();
    }

    /// Counts them.
    pub fn summary(&self) -> Summary {
        let count = |severity| {
            self.list
                .iter()
                .filter(|diagnostic| diagnostic.severity == severity)
                .count()
        };
        Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let mut first = true;
        for (count, word) in parts.into_iter().filter(|(count, _)| *count > 0) {
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "{}{count} {word}{plural}", if first { "" } else { ", " })?;
            first = false;
        }
        if first { f.write_str("no problems") } else { Ok(()) }
    }
}
