//! Findings as programs get them.

use super::Diagnostic;
use crate::yaml::{Edit, Source};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let position = self.position();
        let mut out = serializer.serialize_struct("Diagnostic", 8)?;
        out.serialize_field("severity", &self.severity)?;
        out.serialize_field("code", &self.code)?;
        out.serialize_field("file", &self.file)?;
        out.serialize_field("line", &position.map(|position| position.line))?;
        out.serialize_field("column", &position.map(|position| position.column))?;
        out.serialize_field("message", &self.message)?;
        out.serialize_field("remedy", &self.remedy)?;
        if let Some(correction) = &self.correction {
            let correction = ShownCorrection {
                title: &correction.title,
                certain: correction.is_certain(),
                edits: self.shown_edits(),
            };
            out.serialize_field("correction", &correction)?;
        }
        out.end()
    }
}

#[derive(Serialize)]
struct ShownCorrection<'a> {
    title: &'a str,
    /// `mgw check --fix` does it.
    certain: bool,
    edits: Vec<ShownEdit<'a>>,
}

/// A change of the file of a finding: `start` and `end` are counted in bytes behind a byte order mark, the rest in
/// characters.
#[derive(Serialize)]
pub(super) struct ShownEdit<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
    pub(super) text: &'a str,
}

impl Diagnostic {
    /// The changes that put it right; none where they could tell a secret. They are words of mgw's own but for those of a
    /// finding that is one about a secret.
    pub(super) fn shown_edits(&self) -> Vec<ShownEdit<'_>> {
        let (Some(correction), Some((source, _))) = (&self.correction, &self.place) else {
            return Vec::new();
        };
        if self.secret {
            return Vec::new();
        }
        // All of them or none: a half of a correction is none.
        let edits: Option<Vec<_>> = correction
            .edits()
            .iter()
            .map(|edit| ShownEdit::of(edit, source))
            .collect();
        edits.unwrap_or_default()
    }
}

impl<'a> ShownEdit<'a> {
    fn of(Edit { span, text }: &'a Edit, source: &Source) -> Option<Self> {
        let (start, end) = (source.position(*span), source.end(*span));
        let (_, _, range) = source.within(*span)?;
        Some(Self {
            start: range.start,
            end: range.end,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            text,
        })
    }
}
