//! Path templates: which the gateway can route, and which stand for the same requests.

use mgw_bundle::template as routes;
use std::fmt;

/// Longest template, in bytes.
const MAX_LENGTH: usize = 2048;

/// A template that can be routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    /// As the gateway gets it: without a `/` at the end.
    pub(super) text: String,
    /// As the gateway reads it; equal for templates that stand for the same requests.
    pub(super) route: routes::Template,
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
    /// The gateway cannot route it.
    Route(routes::TemplateError),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it is longer than {MAX_LENGTH} bytes"),
            Self::Character(c) => write!(f, "{c:?} cannot stand in a path"),
            Self::NotAPath(c) => write!(f, "what follows {c:?} is never part of a request's path"),
            Self::Route(error) => error.fmt(f),
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
        let route = routes::Template::parse(text).map_err(TemplateError::Route)?;
        let trimmed = text.strip_suffix('/').filter(|shorter| !shorter.is_empty());
        Ok(Self {
            text: trimmed.unwrap_or(text).to_owned(),
            route,
        })
    }
}

/// Whether two paths stand for the same requests: names of variables and a `/` at the end make no difference.
pub(crate) fn is_same_path(one: &str, other: &str) -> bool {
    let route = |path: &str| Template::parse(path).map(|template| template.route);
    one == other || matches!((route(one), route(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_gets_one_spelling() {
        for (text, expected) in [
            ("/", "/"),
            ("/pets", "/pets"),
            ("/pets/", "/pets"),
            ("/pets/{petId}", "/pets/{petId}"),
            ("/tiles/{z}/{x},{y}.png", "/tiles/{z}/{x},{y}.png"),
            ("/files*", "/files*"),
            ("/*", "/*"),
        ] {
            assert_eq!(
                Template::parse(text).map(|template| template.text),
                Ok(expected.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_routed_is_refused() {
        for (text, expected) in [
            (
                "/{a}{b}",
                TemplateError::Route(routes::TemplateError::AdjacentVariables("{a}{b}".into())),
            ),
            ("/a*b", TemplateError::Route(routes::TemplateError::Star)),
            ("/a//b", TemplateError::Route(routes::TemplateError::EmptySegment)),
            ("a", TemplateError::Route(routes::TemplateError::Relative)),
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

    #[test]
    fn paths_are_the_same_that_stand_for_the_same_requests() {
        for (one, other, is_same) in [
            ("/pets", "/pets/", true),
            ("/pets/{id}", "/pets/{petId}/", true),
            ("/pets", "/pet", false),
            ("/pets/{id}", "/pets/id", false),
            // Neither is routed.
            ("/pets?a", "/pets?a", true),
            ("/pets?a", "/pets", false),
        ] {
            assert_eq!(is_same_path(one, other), is_same, "{one} {other}");
        }
    }
}
