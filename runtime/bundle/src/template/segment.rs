//! One part of a template, between two `/`.

use super::{MAX_VARIABLES, TemplateError, decoded, decoded_part};
use std::cmp::Ordering;

/// What stands between two `/` of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// This text, percent-decoded, with [`ENCODED_SLASH`](super::ENCODED_SLASH) for an encoded slash.
    Literal(String),
    /// Variables with fixed text around or between them: `{id}.json`, `{a}-{b}`.
    Pattern(Pattern),
    /// `text*`, last only: a segment that starts with this text, and whatever follows it.
    Prefix(String),
    /// `{name}`: a segment that is not empty.
    Variable,
    /// `*`, last only: one or more segments.
    Rest,
}

/// Variables with fixed text around or between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Before the first variable; may be empty.
    pub(super) prefix: String,
    /// Between two variables each; none is empty.
    pub(super) between: Vec<String>,
    /// After the last variable; may be empty.
    pub(super) suffix: String,
}

impl Segment {
    /// Parses one segment; `last` says that it ends its template.
    pub(super) fn parse(text: &str, last: bool) -> Result<Self, TemplateError> {
        if matches!(text, "" | "." | "..") {
            return Err(TemplateError::EmptySegment);
        }
        if decoded(text).contains('\0') {
            return Err(TemplateError::Nul);
        }
        if !text.contains(['{', '}']) {
            return match text.split_once('*') {
                None => Ok(Self::Literal(fixed(text))),
                Some(("", "")) if last => Ok(Self::Rest),
                Some((prefix, "")) if last => Ok(Self::Prefix(fixed(prefix))),
                Some(_) => Err(TemplateError::Star),
            };
        }
        let pieces = pieces(text)?;
        if pieces.iter().any(|piece| piece.contains('*')) {
            return Err(TemplateError::Star);
        }
        let Some(([prefix], rest)) = pieces.split_first_chunk::<1>() else {
            return Err(TemplateError::Braces(text.to_owned()));
        };
        let Some((suffix, between)) = rest.split_last() else {
            return Err(TemplateError::Braces(text.to_owned()));
        };
        if between.contains(&"") {
            return Err(TemplateError::AdjacentVariables(text.to_owned()));
        }
        if between.len() >= MAX_VARIABLES {
            return Err(TemplateError::TooManyVariables(text.to_owned()));
        }
        if prefix.is_empty() && between.is_empty() && suffix.is_empty() {
            return Ok(Self::Variable);
        }
        Ok(Self::Pattern(Pattern {
            prefix: fixed(prefix),
            between: between.iter().map(|piece| fixed(piece)).collect(),
            suffix: fixed(suffix),
        }))
    }

    /// Whether the part of a path between two `/` fits. For those that take more than one part, whether the first does.
    pub fn fits(&self, part: &str) -> bool {
        match self {
            Self::Literal(text) => part == text,
            Self::Pattern(pattern) => pattern.fits(part),
            Self::Prefix(text) => part.starts_with(text.as_str()),
            Self::Variable | Self::Rest => !part.is_empty(),
        }
    }

    /// The kind, and among segments that are partly fixed, the bytes of fixed text: more of it comes first.
    fn rank(&self) -> (u8, usize) {
        match self {
            Self::Literal(_) => (0, 0),
            Self::Pattern(pattern) => (1, usize::MAX - pattern.fixed_length()),
            Self::Prefix(text) => (1, usize::MAX - text.len()),
            Self::Variable => (2, 0),
            Self::Rest => (3, 0),
        }
    }
}

impl PartialOrd for Segment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Segment {
    /// Less is more specific: literal, then what is partly fixed, then `{name}`, then `*`. Of two that are partly fixed, the
    /// one with more fixed text; then `v{n}` before `v*`; then the longer suffix, the longer prefix. Whatever fits only
    /// where another one fits too comes before that one. What is left is for totality: such segments are equally good.
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| match (self, other) {
            (Self::Literal(left), Self::Literal(right)) | (Self::Prefix(left), Self::Prefix(right)) => left.cmp(right),
            (Self::Pattern(left), Self::Pattern(right)) => left.cmp_of_equal_length(right),
            (Self::Pattern(_), Self::Prefix(_)) => Ordering::Less,
            (Self::Prefix(_), Self::Pattern(_)) => Ordering::Greater,
            _ => Ordering::Equal,
        })
    }
}

impl Pattern {
    /// The text before the first variable.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The text after the last variable.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The texts between two variables each.
    pub fn between(&self) -> &[String] {
        &self.between
    }

    /// Bytes of fixed text.
    pub fn fixed_length(&self) -> usize {
        self.prefix.len() + self.suffix.len() + self.between.iter().map(String::len).sum::<usize>()
    }

    /// Whether every variable can be given a text of its own that is not empty.
    pub fn fits(&self, part: &str) -> bool {
        part.strip_prefix(self.prefix.as_str())
            .and_then(|part| part.strip_suffix(self.suffix.as_str()))
            .is_some_and(|inner| self.fits_between(inner))
    }

    /// The same for what is left of a part without prefix and suffix. Linear in its length: when the texts between
    /// variables can be found at all, they can be found by taking each at its first place, because that leaves the most.
    pub fn fits_between(&self, inner: &str) -> bool {
        let mut rest = inner.as_bytes();
        for text in &self.between {
            // At least one byte belongs to the variable before.
            let Some(after) = rest.get(1..) else { return false };
            let Some(place) = memchr::memmem::find(after, text.as_bytes()) else {
                return false;
            };
            rest = after.get(place + text.len()..).unwrap_or_default();
        }
        !rest.is_empty()
    }

    fn cmp_of_equal_length(&self, other: &Self) -> Ordering {
        (other.suffix.len().cmp(&self.suffix.len()))
            .then_with(|| other.prefix.len().cmp(&self.prefix.len()))
            .then_with(|| {
                let other = (&other.prefix, &other.suffix, &other.between);
                (&self.prefix, &self.suffix, &self.between).cmp(&other)
            })
    }
}

/// The fixed texts of a segment with braces: one more than there are variables.
fn pieces(text: &str) -> Result<Vec<&str>, TemplateError> {
    let braces = || TemplateError::Braces(text.to_owned());
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(braces)?;
        if name.is_empty() || name.contains(['{', '*']) || before.contains('}') {
            return Err(braces());
        }
        pieces.push(before);
        rest = after;
    }
    if rest.contains('}') {
        return Err(braces());
    }
    pieces.push(rest);
    Ok(pieces)
}

/// Fixed text as it is compared.
fn fixed(text: &str) -> String {
    decoded_part(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str) -> Segment {
        Segment::parse(text, true).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn pattern(prefix: &str, between: &[&str], suffix: &str) -> Segment {
        Segment::Pattern(Pattern {
            prefix: prefix.into(),
            between: between.iter().map(|&text| text.to_owned()).collect(),
            suffix: suffix.into(),
        })
    }

    #[test]
    fn reads_every_form() {
        for (text, expected) in [
            ("pets", Segment::Literal("pets".into())),
            ("caf%C3%A9", Segment::Literal("café".into())),
            ("a%2fb", Segment::Literal("a\0b".into())),
            ("a%252fb", Segment::Literal("a%2fb".into())),
            ("{id}", Segment::Variable),
            ("{petId}.json", pattern("", &[], ".json")),
            ("Pets('{id}')", pattern("Pets('", &[], "')")),
            ("v{n}", pattern("v", &[], "")),
            ("{a}-{b}", pattern("", &["-"], "")),
            ("{x},{y}.png", pattern("", &[","], ".png")),
            ("report.{year}-{month}.{format}", pattern("report.", &["-", "."], "")),
            ("{x}%2e", pattern("", &[], ".")),
            ("foo*", Segment::Prefix("foo".into())),
            ("*", Segment::Rest),
        ] {
            assert_eq!(segment(text), expected, "{text}");
        }
    }

    #[test]
    fn several_variables_each_get_a_text() {
        for (text, part, fits) in [
            ("{a}-{b}", "1-2", true),
            ("{a}-{b}", "1--2", true),
            ("{a}-{b}", "--x", true),
            ("{a}-{b}", "---", true),
            ("{a}-{b}", "-2", false),
            ("{a}-{b}", "1-", false),
            ("{a}-{b}", "--", false),
            ("{a}-{b}", "12", false),
            ("{a}-{b}-{c}", "1-2-3", true),
            ("{a}-{b}-{c}", "1--3", false),
            ("{x},{y}.png", "3,4.png", true),
            ("{x},{y}.png", "3,.png", false),
            ("{x},{y}.png", "3,4.pngx", false),
            ("r.{y}-{m}.{f}", "r.2026-11.pdf", true),
            ("r.{y}-{m}.{f}", "r.2026-11", false),
            ("é{a}é{b}é", "éxéyé", true),
            ("é{a}é{b}é", "éxyé", false),
            ("v{n}", "v", false),
            ("ab{n}ba", "aba", false),
            ("foo*", "foo", true),
            ("foo*", "fo", false),
        ] {
            assert_eq!(segment(text).fits(part), fits, "{text} {part}");
        }
    }

    /// Cost is bounded by the text, however often what is looked for nearly begins.
    #[test]
    fn many_near_misses_are_read_once() {
        let text = format!("/{}", vec!["{v}"; 16].join("ab"));
        let pattern = segment(text.trim_start_matches('/'));
        assert!(!pattern.fits(&"a".repeat(64 * 1024)));
        assert!(pattern.fits(&"aab".repeat(64 * 1024)));
    }

    /// Every text of up to six of three characters.
    fn texts() -> Vec<String> {
        let mut texts = vec![String::new()];
        let mut start = 0;
        for _ in 0..6 {
            let end = texts.len();
            for position in start..end {
                for character in ["a", "b", "-"] {
                    texts.push(format!("{}{character}", texts[position]));
                }
            }
            start = end;
        }
        texts
    }

    /// A more general segment before a more specific one would make it unreachable.
    #[test]
    fn what_fits_less_comes_first() {
        let segments: Vec<Segment> = [
            "a",
            "b",
            "ab",
            "a-b",
            "{x}",
            "{x}a",
            "{x}b",
            "{x}ab",
            "a{x}",
            "ab{x}",
            "a{x}b",
            "b{x}a",
            "{x}-{y}",
            "{x}a{y}",
            "a{x}-{y}",
            "{x}-{y}b",
            "a{x}-{y}b",
            "{x}-{y}-{z}",
            "{x}--{y}",
            "{x}-a{y}",
            "a*",
            "b*",
            "ab*",
            "-*",
        ]
        .map(segment)
        .into();
        let texts = texts();
        let fitting: Vec<Vec<bool>> = segments
            .iter()
            .map(|segment| texts.iter().map(|text| segment.fits(text)).collect())
            .collect();
        for (narrow, of_narrow) in segments.iter().zip(&fitting) {
            for (wide, of_wide) in segments.iter().zip(&fitting) {
                let within = of_narrow.iter().zip(of_wide).all(|(narrow, wide)| !narrow || *wide);
                if within && narrow != wide {
                    assert!(narrow < wide, "{narrow:?} {wide:?}");
                }
            }
        }
    }
}
