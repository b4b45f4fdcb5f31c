//! The text of a file, and the way from a byte offset to line and column.

use super::{Span, SyntaxError, limits};
use std::sync::Arc;

/// A place in a file as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The text of a file under the name that messages use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Source {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    text: String,
    /// Byte offset of the start of each line.
    lines: Vec<u32>,
    /// How many characters start before each block of [`BLOCK`] bytes.
    characters: Vec<u32>,
}

/// Bytes between two counts of characters.
const BLOCK: usize = 4096;

impl Source {
    /// Takes the bytes of a file; a byte order mark is dropped.
    ///
    /// # Errors
    ///
    /// Files above [`limits::MAX_FILE_BYTES`] and bytes that are not UTF-8.
    pub fn new(name: &str, bytes: Vec<u8>) -> Result<Self, SyntaxError> {
        if bytes.len() as u64 > limits::MAX_FILE_BYTES {
            return Err(SyntaxError::too_large(name, bytes.len() as u64));
        }
        let mut text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = Self::from_text(name, lossy);
                return Err(
                    SyntaxError::new(&source, Span::at(valid), "the file is not UTF-8 text here")
                        .remedy("Save the file in UTF-8."),
                );
            }
        };
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(Self::from_text(name, text))
    }

    fn from_text(name: &str, text: String) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(offset, _)| u32::try_from(offset + 1).unwrap_or(u32::MAX)))
            .collect();
        let blocks = text.as_bytes().chunks(BLOCK).scan(0, |before: &mut usize, block| {
            *before += starts(block);
            Some(u32::try_from(*before).unwrap_or(u32::MAX))
        });
        let characters = std::iter::once(0).chain(blocks).collect();
        Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                characters,
                text,
                lines,
            }),
        }
    }

    /// The name of the file in messages.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The text of a span; empty when the span is not inside the file.
    pub fn slice(&self, span: Span) -> &str {
        self.inner
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// Line and column of the start of a span.
    pub fn position(&self, span: Span) -> Position {
        let line = self.line_index(span.start);
        let start = self.inner.lines.get(line).copied().unwrap_or_default() as usize;
        let before = self
            .characters(span.start as usize)
            .saturating_sub(self.characters(start));
        Position {
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
        }
    }

    /// Line and column behind the end of a span.
    pub fn end(&self, span: Span) -> Position {
        self.position(Span::at(span.end as usize))
    }

    /// How many characters start before an offset. A file of one long line has many findings in it.
    fn characters(&self, offset: usize) -> usize {
        let bytes = self.inner.text.as_bytes();
        let offset = offset.min(bytes.len());
        let block = offset / BLOCK;
        let known = self.inner.characters.get(block).copied().unwrap_or_default();
        known as usize + starts(bytes.get(block * BLOCK..offset).unwrap_or_default())
    }

    /// The span at a line and column as parsers report them; clamped to the text.
    pub(super) fn span_at(&self, line: u64, column: u64) -> Span {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let index = index.min(self.inner.lines.len().saturating_sub(1));
        let start = self.inner.lines.get(index).copied().unwrap_or_default() as usize;
        let rest = self.inner.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let within = line.char_indices().nth(skip).map_or(line.len(), |(offset, _)| offset);
        Span::at(start + within)
    }

    /// The line (without its end) in which a span starts, and the offset of that line.
    pub fn line_of(&self, span: Span) -> (&str, usize) {
        let index = self.line_index(span.start);
        let lines = &self.inner.lines;
        let start = lines.get(index).copied().unwrap_or_default() as usize;
        let end = lines
            .get(index + 1)
            .map_or(self.inner.text.len(), |next| *next as usize);
        let line = self.inner.text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        (line.strip_suffix('\r').unwrap_or(line), start)
    }

    fn line_index(&self, offset: u32) -> usize {
        self.inner
            .lines
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }
}

/// The number of characters that start in a run of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_across_blocks() {
        let text = format!("first\n{}\nlast", "aé€😀".repeat(3 * BLOCK));
        let source = Source::new("x", text.clone().into_bytes()).unwrap();
        let (mut line, mut column) = (1, 1);
        for (offset, c) in text.char_indices() {
            assert_eq!(source.position(Span::at(offset)), Position { line, column });
            column += 1;
            if c == '\n' {
                (line, column) = (line + 1, 1);
            }
        }
        assert_eq!(source.line_of(Span::at(2)), ("first", 0));
        assert_eq!(source.line_of(Span::at(text.len())).0, "last");
    }
}
