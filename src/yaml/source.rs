//! The text of a file, and the way from a byte offset to line and column.

use super::recoded::recoded;
use super::{Span, SyntaxError, explain, foreign, limits};
use std::sync::Arc;

/// A place in a file as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The text of a file under the name that messages use, and of the files that it refers to. Cheap to clone.
///
/// Spans of the first file start at 0. Those of a further one are moved behind everything before it
/// ([`Source::with`]), so that a span says which file it is in.
#[derive(Debug, Clone)]
pub struct Source {
    parts: Arc<Vec<Part>>,
    /// Where the values stand that may be shown; `None`: everything may.
    pub(super) shown: Option<Arc<[Span]>>,
}

#[derive(Debug, Clone)]
struct Part {
    /// By how much the spans of this file are moved.
    start: u32,
    file: Arc<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    text: Arc<str>,
    /// Byte offset of the start of each line.
    lines: Arc<[u32]>,
    /// How many characters start before each block of [`BLOCK`] bytes.
    characters: Arc<[u32]>,
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
        if let Some(foreign) = foreign::tell(&bytes) {
            let error = SyntaxError::whole(name, foreign.message).remedy(foreign.remedy);
            // What is cut off or damaged nobody can put right.
            return Err(match foreign.is_text() && recoded(&bytes).is_some() {
                true => error.in_other_encoding(),
                false => error,
            });
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
        let source = Self::from_text(name, text);
        // What is no text at all is told at once, in the same words for every syntax.
        if let Some(zero) = source.text().find('\0') {
            let explain::Explained { message, remedy } = explain::control("0");
            return Err(SyntaxError::new(&source, Span::at(zero), message).remedy(remedy.unwrap_or_default()));
        }
        Ok(source)
    }

    fn from_text(name: &str, text: String) -> Self {
        // A line ends with LF, CR LF or, as on old machines, CR.
        let bytes = text.as_bytes();
        let is_end = |at: usize, byte: u8| byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        let ends = text.bytes().enumerate().filter(|(at, byte)| is_end(*at, *byte));
        let lines = std::iter::once(0)
            .chain(ends.map(|(offset, _)| u32::try_from(offset + 1).unwrap_or(u32::MAX)))
            .collect();
        let blocks = text.as_bytes().chunks(BLOCK).scan(0, |before: &mut usize, block| {
            *before += starts(block);
            Some(u32::try_from(*before).unwrap_or(u32::MAX))
        });
        let characters = std::iter::once(0).chain(blocks).collect();
        let file = File {
            name: name.to_owned(),
            characters,
            text: text.into(),
            lines,
        };
        Self {
            parts: Arc::new(vec![Part {
                start: 0,
                file: Arc::new(file),
            }]),
            shown: None,
        }
    }

    /// The same texts under other names.
    pub(crate) fn renamed(&self, rename: impl Fn(&str) -> String) -> Self {
        let parts = self.parts.iter().map(|part| Part {
            start: part.start,
            file: Arc::new(File {
                name: rename(&part.file.name),
                text: part.file.text.clone(),
                lines: part.file.lines.clone(),
                characters: part.file.characters.clone(),
            }),
        });
        Self {
            parts: Arc::new(parts.collect()),
            shown: self.shown.clone(),
        }
    }

    /// This and another file behind it, and by how much the spans of that one have to be moved
    /// ([`Span::moved`]). `None` when offsets become too large.
    pub(crate) fn with(&self, other: &Self) -> Option<(Self, u32)> {
        let (last, first) = (self.parts.last()?, other.parts.first()?);
        // One between them, so that the end of a file is not the start of the next.
        let start = last.start as usize + last.file.text.len() + 1;
        let end = u32::try_from(start + first.file.text.len()).ok();
        end.filter(|end| *end < u32::MAX)?;
        let start = u32::try_from(start).ok()?;
        let mut parts = Vec::clone(&self.parts);
        parts.push(Part {
            start,
            file: Arc::clone(&first.file),
        });
        let parts = Arc::new(parts);
        Some((Self { parts, ..self.clone() }, start))
    }

    /// The name of the (first) file in messages.
    pub fn name(&self) -> &str {
        self.parts.first().map_or("", |part| &part.file.name)
    }

    /// The name of the file that a span is in.
    pub fn name_of(&self, span: Span) -> &str {
        self.part(span.start).map_or("", |part| &part.file.name)
    }

    /// How lines of the (first) file end.
    pub(crate) fn line_end(&self) -> &'static str {
        if self.text().contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The whole text of the (first) file.
    pub fn text(&self) -> &str {
        self.parts.first().map_or("", |part| &part.file.text)
    }

    /// The name and the whole text of the file that a span is in, and the range of the span there. `None` when it is not
    /// inside of one file.
    pub(crate) fn within(&self, span: Span) -> Option<(&str, &str, std::ops::Range<usize>)> {
        let part = self.part(span.start)?;
        let range = (span.start - part.start) as usize..span.end.checked_sub(part.start)? as usize;
        let text = &*part.file.text;
        text.get(range.clone()).map(|_| (part.file.name.as_str(), text, range))
    }

    /// The text of a span; empty when the span is not inside the file.
    pub fn slice(&self, span: Span) -> &str {
        let Some(part) = self.part(span.start) else { return "" };
        let (start, end) = (span.start - part.start, span.end.saturating_sub(part.start));
        part.file.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Line and column of the start of a span.
    pub fn position(&self, span: Span) -> Position {
        match self.part(span.start) {
            Some(part) => part.file.position(span.start - part.start),
            None => Position { line: 1, column: 1 },
        }
    }

    /// Line and column behind the end of a span.
    pub fn end(&self, span: Span) -> Position {
        self.position(Span::at(span.end as usize))
    }

    /// The span at a line and column of the first file as parsers report them; clamped to the text.
    pub(super) fn span_at(&self, line: u64, column: u64) -> Span {
        self.parts
            .first()
            .map_or(Span::at(0), |part| part.file.span_at(line, column))
    }

    /// The line (without its end) in which a span starts, and the offset of that line.
    pub fn line_of(&self, span: Span) -> (&str, usize) {
        let Some(part) = self.part(span.start) else {
            return ("", 0);
        };
        let (line, start) = part.file.line_of(span.start - part.start);
        (line, start + part.start as usize)
    }

    /// Whether a span lies in one of the files, between characters.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn holds(&self, span: Span) -> bool {
        self.part(span.start).is_some_and(|part| {
            let within = |offset: u32| {
                part.file
                    .text
                    .is_char_boundary(offset.saturating_sub(part.start) as usize)
            };
            span.start <= span.end && within(span.start) && within(span.end)
        })
    }

    fn part(&self, offset: u32) -> Option<&Part> {
        let behind = self.parts.partition_point(|part| part.start <= offset);
        self.parts.get(behind.saturating_sub(1))
    }
}

impl File {
    fn position(&self, offset: u32) -> Position {
        let line = self.line_index(offset);
        let start = self.lines.get(line).copied().unwrap_or_default() as usize;
        let before = self.characters(offset as usize).saturating_sub(self.characters(start));
        Position {
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
        }
    }

    /// How many characters start before an offset. A file of one long line has many findings in it.
    fn characters(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let offset = offset.min(bytes.len());
        let block = offset / BLOCK;
        let known = self.characters.get(block).copied().unwrap_or_default();
        known as usize + starts(bytes.get(block * BLOCK..offset).unwrap_or_default())
    }

    fn span_at(&self, line: u64, column: u64) -> Span {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let index = index.min(self.lines.len().saturating_sub(1));
        let start = self.lines.get(index).copied().unwrap_or_default() as usize;
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let within = line.char_indices().nth(skip).map_or(line.len(), |(offset, _)| offset);
        Span::at(start + within)
    }

    fn line_of(&self, offset: u32) -> (&str, usize) {
        let index = self.line_index(offset);
        let start = self.lines.get(index).copied().unwrap_or_default() as usize;
        let end = self.lines.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        let line = self.text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        (line.strip_suffix('\r').unwrap_or(line), start)
    }

    fn line_index(&self, offset: u32) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
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
    #[test]
    fn a_span_says_which_file_it_is_in() {
        let source = |name: &str, text: &str| Source::new(name, text.into()).unwrap();
        let (both, second) = source("a", "one\n").with(&source("b", "two\r\nthree")).unwrap();
        let (all, third) = both.with(&source("c", "x")).unwrap();
        let cases = [
            (Span::new(0, 3), "a", "one", (1, 1), "one"),
            (Span::at(4), "a", "", (2, 1), ""),
            (Span::new(0, 3).moved(second), "b", "two", (1, 1), "two"),
            (Span::new(7, 10).moved(second), "b", "ree", (2, 3), "three"),
            (Span::new(0, 1).moved(third), "c", "x", (1, 1), "x"),
        ];
        for (span, name, text, (line, column), shown) in cases {
            assert_eq!(all.name_of(span), name);
            assert_eq!(all.slice(span), text);
            assert_eq!(all.position(span), Position { line, column });
            assert_eq!(all.line_of(span).0, shown);
        }
        // A source that knows less files says the same of them.
        assert_eq!(both.name_of(Span::at(0).moved(second)), "b");
    }
}
