//! Why a file could not be read as YAML or JSON.

use super::{Certainty, Change, Correction, Position, Source, Span, limits};

/// A mistake in the syntax of a file, or a bound that it exceeds.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// File name.
    pub file: String,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do about it: a sentence.
    pub remedy: Option<String>,
    /// Where; absent when the file as a whole is meant.
    pub place: Option<(Source, Span)>,
    /// What puts it right, where that is known.
    pub correction: Option<Box<Correction>>,
}

impl SyntaxError {
    pub(super) fn new(source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self {
            file: source.name().to_owned(),
            message: message.into(),
            remedy: None,
            place: Some((source.clone(), span)),
            correction: None,
        }
    }

    /// About a place in a file.
    pub(crate) fn at(source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(source, span, message)
    }

    /// About a file that is no text, so that there is no line to show.
    pub(super) fn whole(file: &str, message: &str) -> Self {
        Self {
            file: file.to_owned(),
            message: message.to_owned(),
            remedy: None,
            place: None,
            correction: None,
        }
    }

    pub(super) fn too_large(file: &str, bytes: u64) -> Self {
        Self {
            file: file.to_owned(),
            message: format!(
                "the file has {} MB, more than the limit of {} MB",
                bytes.div_ceil(1 << 20),
                limits::MAX_FILE_BYTES >> 20
            ),
            remedy: Some("Split the API into several definitions, or remove examples and descriptions.".into()),
            place: None,
            correction: None,
        }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn corrected(mut self, correction: Option<Correction>) -> Self {
        self.correction = correction.map(Box::new);
        self
    }

    pub(super) fn in_other_encoding(self) -> Self {
        self.corrected(Some(Correction {
            title: "Write the file in UTF-8".to_owned(),
            certainty: Certainty::Certain,
            change: Change::Encoding,
        }))
    }

    /// Line and column.
    pub fn position(&self) -> Option<Position> {
        self.place.as_ref().map(|(source, span)| source.position(*span))
    }
}
