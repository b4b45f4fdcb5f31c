//! Path templates: what a resource's path looks like, and which of two that match one request serves it.
//!
//! The one understanding of templates that `build` and the gateway share. A [`Template`] is a list of [`Segment`]s, and
//! both are ordered: *less is more specific, and the least of those that match a path serves it*. `build` refuses what does
//! not parse here; the gateway arranges the segments for look-up, and its property tests hold it against this order.

mod decode;
mod meet;
mod segment;

pub use decode::{ENCODED_SLASH, decoded, decoded_part};
pub use segment::{Pattern, Segment};

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not start with `/`.
    #[error("it does not start with `/`")]
    Relative,
    /// An empty segment, `.` or `..`, which no request that is served has.
    #[error("it has an empty part, `.` or `..` in it")]
    EmptySegment,
    /// NUL, which no request that is served has.
    #[error("it has NUL (`%00`) in it")]
    Nul,
    /// `{` and `}` do not match, or nothing is between them.
    #[error("the braces of `{0}` do not enclose one name each")]
    Braces(String),
    /// Two variables with nothing between them: where the first would end is anybody's guess.
    #[error("nothing tells where the first of two variables in `{0}` ends; put a text such as `-` between them")]
    AdjacentVariables(String),
    /// `*` elsewhere than at the end.
    #[error("`*` is possible only at the very end, as `/*` or after a text without variables, as in `/files*`")]
    Star,
    /// More variables in one segment than anybody needs.
    #[error("`{0}` has more than {MAX_VARIABLES} variables")]
    TooManyVariables(String),
}

/// Variables in one segment at the most.
pub const MAX_VARIABLES: usize = 16;

/// A parsed template. Names of variables are not kept: two templates are equal when they stand for the same requests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template {
    /// Derived order: segment by segment from the left, the first difference decides, and what ends first comes first.
    segments: Vec<Segment>,
}

impl Template {
    /// Parses a template: segments after `/` each, with literals, `{name}` and fixed text around it, and `*` at the end.
    /// One trailing `/` is ignored, as it is in requests.
    ///
    /// # Errors
    ///
    /// The first reason for which it cannot be routed.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let below = text.strip_prefix('/').ok_or(TemplateError::Relative)?;
        if below.is_empty() {
            return Ok(Self { segments: Vec::new() });
        }
        let below = below.strip_suffix('/').unwrap_or(below);
        let mut segments = Vec::new();
        let mut parts = below.split('/').peekable();
        while let Some(part) = parts.next() {
            segments.push(Segment::parse(part, parts.peek().is_none())?);
        }
        Ok(Self { segments })
    }

    /// The segments, in order. Only the last can be [`Segment::Rest`] or [`Segment::Prefix`].
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether a path matches, looked at by itself: what a gateway with one resource would do. `path` is decoded part by
    /// part ([`decoded_part`]), below the base path and starts with `/`, or is empty; one `/` at its end is ignored.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return matches!(self.segments.as_slice(), [] | [Segment::Rest]);
        }
        let mut rest = Some(path);
        for segment in &self.segments {
            let Some(path) = rest else { return false };
            let (part, others) = match path.split_once('/') {
                Some((part, others)) => (part, Some(others)),
                None => (path, None),
            };
            match segment {
                Segment::Rest => return !path.is_empty(),
                Segment::Prefix(_) => return segment.fits(part),
                _ if !segment.fits(part) => return false,
                _ => rest = others,
            }
        }
        rest.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Template {
        Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn names_what_it_cannot_hold() {
        let segment = |text: &str| text.to_owned();
        for (text, expected) in [
            ("pets", TemplateError::Relative),
            ("", TemplateError::Relative),
            ("/a//b", TemplateError::EmptySegment),
            ("//", TemplateError::EmptySegment),
            ("/a/../b", TemplateError::EmptySegment),
            ("/.", TemplateError::EmptySegment),
            ("/a%00b", TemplateError::Nul),
            ("/a/{x}\0/b", TemplateError::Nul),
            ("/{}", TemplateError::Braces(segment("{}"))),
            ("/{a", TemplateError::Braces(segment("{a"))),
            ("/a}", TemplateError::Braces(segment("a}"))),
            ("/{a}}", TemplateError::Braces(segment("{a}}"))),
            ("/{{a}}", TemplateError::Braces(segment("{{a}}"))),
            ("/{a}-{}", TemplateError::Braces(segment("{a}-{}"))),
            ("/{*a}", TemplateError::Braces(segment("{*a}"))),
            ("/{a}{b}", TemplateError::AdjacentVariables(segment("{a}{b}"))),
            ("/x{a}-{b}{c}", TemplateError::AdjacentVariables(segment("x{a}-{b}{c}"))),
            ("/*/a", TemplateError::Star),
            ("/a*/b", TemplateError::Star),
            ("/a*b", TemplateError::Star),
            ("/{a}*", TemplateError::Star),
            ("/**", TemplateError::Star),
        ] {
            assert_eq!(Template::parse(text), Err(expected), "{text}");
        }
        let many = format!("/{}", vec!["{v}"; 17].join("-"));
        assert!(matches!(
            Template::parse(&many),
            Err(TemplateError::TooManyVariables(_))
        ));
    }

    #[test]
    fn variables_are_told_apart_by_place_alone() {
        assert_eq!(parsed("/pets/{id}/"), parsed("/pets/{petId}"));
        assert_eq!(parsed("/{a}-{b}"), parsed("/{x}-{y}"));
        assert_eq!(parsed("/%61"), parsed("/a"));
        assert_ne!(parsed("/a%2Fb"), parsed("/a/b"));
        assert_ne!(parsed("/a%2Fb"), parsed("/a%252Fb"));
        assert_ne!(parsed("/{x}%2Fb"), parsed("/{x}%252Fb"));
        assert_ne!(parsed("/a%2F*"), parsed("/a%252F*"));
        assert_ne!(parsed("/{a}-{b}"), parsed("/{a}.{b}"));
    }

    #[test]
    fn orders_by_the_first_different_segment() {
        let ordered = [
            "/a",
            "/a/b",
            "/a/report.{y}-{m}.json",
            "/a/{x}.json",
            "/a/{x}.js",
            "/a/v{n}",
            "/a/v*",
            "/a/{x}",
            "/a/*",
            "/{z},{y}.b/a",
            "/{x}.b/a",
            "/{a}-{b}/a",
            "/{x}/a",
            "/*",
        ];
        let templates: Vec<Template> = ordered.iter().map(|text| parsed(text)).collect();
        for pair in templates.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
    }

    #[test]
    fn says_what_matches() {
        for (template, path, matches) in [
            ("/", "", true),
            ("/", "/", true),
            ("/*", "/", true),
            ("/*", "/a/b", true),
            ("/a/*", "/a", false),
            ("/a/*", "/a/", false),
            ("/a/*", "/a/b/c/", true),
            ("/a*", "/a", true),
            ("/a*", "/ab/c", true),
            ("/a*", "/b", false),
            ("/x/a*", "/x/a", true),
            ("/{x}", "/a/", true),
            ("/{x}", "/a/b", false),
            ("/{x}/b", "//b", false),
            ("/a", "/a/b", false),
            ("/a%2Fb", "/a\0b", true),
            ("/a%2Fb", "/a%2Fb", false),
            ("/a%252Fb", "/a%2Fb", true),
            ("/{x}F{y}", "/a\0b", false),
        ] {
            assert_eq!(parsed(template).matches(path), matches, "{template} {path}");
        }
    }
}
