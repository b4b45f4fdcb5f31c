//! Path templates: which the gateway can route, and which stand for the same requests.

use crate::openapi::percent_decoded;
use std::borrow::Cow;
use std::fmt;

/// Longest template.
const MAX_LENGTH: usize = 2048;

/// A template that can be routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    /// As the gateway gets it: without a `/` at the end.
    pub(super) text: String,
    /// The same with every variable called by its number; equal for templates that stand for the same requests.
    pub(super) structure: String,
}

/// Why a template cannot be routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplateError {
    /// Longer than [`MAX_LENGTH`].
    TooLong,
    /// A character that no request path holds.
    Character(char),
    /// A query or fragment, which some authors add to tell operations of one path apart.
    NotAPath(char),
    /// An empty segment, `.` or `..`.
    Segment,
    /// `{` and `}` do not match, or nothing is between them.
    Braces(String),
    /// More than one variable between two `/`.
    TwoVariables(String),
    /// `*` elsewhere than alone at the end.
    Star,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it is longer than {MAX_LENGTH} bytes"),
            Self::Character(c) => write!(f, "{c:?} cannot stand in a path"),
            Self::NotAPath(c) => write!(f, "what follows {c:?} is never part of a request's path"),
            Self::Segment => f.write_str("it has an empty part, `.` or `..` in it"),
            Self::Braces(segment) => write!(f, "the braces of `{segment}` do not enclose one name"),
            Self::TwoVariables(segment) => write!(f, "`{segment}` has two variables; one is possible between two `/`"),
            Self::Star => f.write_str("`*` is possible only as `/*` at the end"),
        }
    }
}

impl Template {
    /// Checks a template.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_LENGTH {
            return Err(TemplateError::TooLong);
        }
        if let Some(end) = text.chars().find(|c| "?#".contains(*c)) {
            return Err(TemplateError::NotAPath(end));
        }
        if let Some(odd) = text
            .chars()
            .find(|c| c.is_control() || c.is_whitespace() || ";\\\"<>".contains(*c))
        {
            return Err(TemplateError::Character(odd));
        }
        let trimmed = match text.strip_suffix('/') {
            Some("") => {
                return Ok(Self {
                    text: "/".into(),
                    structure: "/".into(),
                });
            }
            Some(shorter) => shorter,
            None => text,
        };
        let mut structure = String::new();
        let mut variables = 0_usize;
        let mut segments = trimmed.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            structure.push('/');
            if segment == "*" {
                if segments.peek().is_some() {
                    return Err(TemplateError::Star);
                }
                structure.push('*');
                continue;
            }
            if matches!(segment, "" | "." | "..") {
                return Err(TemplateError::Segment);
            }
            match variable(segment)? {
                None => structure.push_str(&decoded(segment)),
                Some((before, after)) => {
                    structure.push_str(&format!("{}{{v{variables}}}{}", decoded(before), decoded(after)));
                    variables += 1;
                }
            }
        }
        Ok(Self {
            text: trimmed.to_owned(),
            structure,
        })
    }
}

/// Literal text as the gateway compares it: percent-encoding makes no difference between two paths.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decoded(text).unwrap_or(Cow::Borrowed(text))
}

/// What stands before and after the variable of a segment; `None` for a literal.
fn variable(segment: &str) -> Result<Option<(&str, &str)>, TemplateError> {
    let braces = || TemplateError::Braces(segment.to_owned());
    let Some((before, rest)) = segment.split_once('{') else {
        return match segment {
            _ if segment.contains('}') => Err(braces()),
            _ if segment.contains('*') => Err(TemplateError::Star),
            _ => Ok(None),
        };
    };
    let (name, after) = rest.split_once('}').ok_or_else(braces)?;
    if name.is_empty() || name.contains(['{', '*']) || before.contains('}') {
        return Err(braces());
    }
    if after.contains('{') {
        return Err(TemplateError::TwoVariables(segment.to_owned()));
    }
    if after.contains('}') {
        return Err(braces());
    }
    if before.contains('*') || after.contains('*') {
        return Err(TemplateError::Star);
    }
    Ok(Some((before, after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_apart_by_structure() {
        for (text, expected, structure) in [
            ("/", "/", "/"),
            ("/pets", "/pets", "/pets"),
            ("/pets/", "/pets", "/pets"),
            ("/pets/{petId}", "/pets/{petId}", "/pets/{v0}"),
            ("/a/{x}/b/{y}.json", "/a/{x}/b/{y}.json", "/a/{v0}/b/{v1}.json"),
            ("/v{n}/x", "/v{n}/x", "/v{v0}/x"),
            ("/users('{id}')", "/users('{id}')", "/users('{v0}')"),
            ("/files/*", "/files/*", "/files/*"),
            ("/a%62/{x}%2e", "/a%62/{x}%2e", "/ab/{v0}."),
            ("/*", "/*", "/*"),
        ] {
            let template = Template::parse(text).unwrap();
            assert_eq!(
                (template.text.as_str(), template.structure.as_str()),
                (expected, structure),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_routed_is_refused() {
        for (text, expected) in [
            ("/{a}-{b}", TemplateError::TwoVariables("{a}-{b}".into())),
            ("/{a}{b}", TemplateError::TwoVariables("{a}{b}".into())),
            ("/{}", TemplateError::Braces("{}".into())),
            ("/{a", TemplateError::Braces("{a".into())),
            ("/a}", TemplateError::Braces("a}".into())),
            ("/{a}}", TemplateError::Braces("{a}}".into())),
            ("/{{a}}", TemplateError::Braces("{{a}}".into())),
            ("/{*a}", TemplateError::Braces("{*a}".into())),
            ("/a*", TemplateError::Star),
            ("/*/a", TemplateError::Star),
            ("/a//b", TemplateError::Segment),
            ("/a/../b", TemplateError::Segment),
            ("/a?b", TemplateError::NotAPath('?')),
            ("/a#b", TemplateError::NotAPath('#')),
            ("/a;b", TemplateError::Character(';')),
            ("/a b", TemplateError::Character(' ')),
        ] {
            assert_eq!(Template::parse(text), Err(expected), "{text}");
        }
        assert_eq!(
            Template::parse(&format!("/{}", "a".repeat(3000))),
            Err(TemplateError::TooLong)
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_accepted_stays_itself(text in "/[a-z{}*./-]{0,24}") {
            if let Ok(template) = Template::parse(&text) {
                proptest::prop_assert_eq!(Template::parse(&template.text), Ok(template.clone()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = Template::parse(&text);
        }
    }
}
