//! Path templates, parsed into segments whose order is their specificity.

use super::RouteError;
use std::cmp::Ordering;

/// A parsed template. The order of two templates that match the same path says which one serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Decoded text.
    Literal(String),
    /// `prefix{name}suffix` with at least one of both.
    Affixed { prefix: String, suffix: String },
    /// `{name}`.
    Variable,
    /// `*`, one or more segments, last only.
    Rest,
}

impl Template {
    /// Parses a template of the bundle: starts with `/`, at most one `{name}` in a segment, `*` only as the last segment.
    pub(super) fn parse(text: &str) -> Result<Self, RouteError> {
        let unsupported = |reason| RouteError::Template {
            template: text.to_owned(),
            reason,
        };
        let below = text
            .strip_prefix('/')
            .ok_or_else(|| unsupported("it does not start with `/`"))?;
        // One trailing slash is ignored here as it is in requests.
        let below = below.strip_suffix('/').unwrap_or(below);
        if below.is_empty() {
            return Ok(Self { segments: Vec::new() });
        }
        let last = below.split('/').count() - 1;
        let segments = below
            .split('/')
            .enumerate()
            .map(|(position, segment)| match segment {
                "" => Err(unsupported("it has an empty segment")),
                "*" if position == last => Ok(Segment::Rest),
                _ => Segment::parse(segment).map_err(unsupported),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    #[cfg(test)]
    pub(super) fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            return self.segments.is_empty() || self.segments == [Segment::Rest];
        }
        let parts: Vec<&str> = path.split('/').collect();
        for (position, segment) in self.segments.iter().enumerate() {
            let Some(part) = parts.get(position) else { return false };
            let fits = match segment {
                Segment::Rest => return !parts[position..].join("/").is_empty(),
                Segment::Literal(text) => part == text,
                Segment::Variable => !part.is_empty(),
                affixed @ Segment::Affixed { .. } => affixed.fits(part),
            };
            if !fits {
                return false;
            }
        }
        parts.len() == self.segments.len()
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let Some((prefix, tail)) = text.split_once('{') else {
            return if text.contains('}') {
                Err("it has a `}` without a `{`")
            } else if text.contains('*') {
                Err("`*` can only stand alone, as the last segment")
            } else {
                Ok(Self::Literal(super::path::decode(text).into_owned()))
            };
        };
        let (name, suffix) = tail.split_once('}').ok_or("it has a `{` without a `}`")?;
        if name.is_empty() {
            Err("a variable has no name")
        } else if name.contains('{') || prefix.contains('}') || suffix.contains(['{', '}']) {
            Err("a segment can hold one variable only")
        } else if prefix.contains('*') || suffix.contains('*') {
            Err("`*` can only stand alone, as the last segment")
        } else if prefix.is_empty() && suffix.is_empty() {
            Ok(Self::Variable)
        } else {
            Ok(Self::Affixed {
                prefix: super::path::decode(prefix).into_owned(),
                suffix: super::path::decode(suffix).into_owned(),
            })
        }
    }

    /// Whether a path's segment has the fixed text of this one around something.
    pub(super) fn fits(&self, part: &str) -> bool {
        match self {
            Self::Affixed { prefix, suffix } => part
                .strip_prefix(prefix.as_str())
                .and_then(|part| part.strip_suffix(suffix.as_str()))
                .is_some_and(|value| !value.is_empty()),
            Self::Literal(text) => part == text,
            Self::Variable | Self::Rest => !part.is_empty(),
        }
    }

    /// Position among the kinds of segment: literal, `{name}.suffix`, `{name}`, `*`.
    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Affixed { .. } => 1,
            Self::Variable => 2,
            Self::Rest => 3,
        }
    }
}

impl PartialOrd for Segment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Segment {
    /// Less is more specific. Two different literals never match the same path, so their order is only for totality.
    /// Among variables with fixed text around them, the one with more fixed text wins, then the longer suffix.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Literal(left), Self::Literal(right)) => left.cmp(right),
            (
                Self::Affixed { prefix, suffix },
                Self::Affixed {
                    prefix: other_prefix,
                    suffix: other_suffix,
                },
            ) => (other_prefix.len() + other_suffix.len())
                .cmp(&(prefix.len() + suffix.len()))
                .then_with(|| other_suffix.len().cmp(&suffix.len()))
                .then_with(|| (prefix, suffix).cmp(&(other_prefix, other_suffix))),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Template {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Template {
    /// Segment by segment from the left: the first difference decides. `/` comes before `/*`.
    fn cmp(&self, other: &Self) -> Ordering {
        self.segments.cmp(&other.segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_segments() {
        let literal = |text: &str| Segment::Literal(text.into());
        let affixed = |prefix: &str, suffix: &str| Segment::Affixed {
            prefix: prefix.into(),
            suffix: suffix.into(),
        };
        for (template, segments) in [
            ("/", vec![]),
            ("/pets/", vec![literal("pets")]),
            ("/pets/{petId}", vec![literal("pets"), Segment::Variable]),
            ("/{petId}.json", vec![affixed("", ".json")]),
            ("/Pets('{id}')", vec![affixed("Pets('", "')")]),
            ("/files/*", vec![literal("files"), Segment::Rest]),
            ("/caf%C3%A9", vec![literal("café")]),
        ] {
            let parsed = Template::parse(template).ok();
            assert_eq!(
                parsed.as_ref().map(Template::segments),
                Some(&segments[..]),
                "{template}"
            );
        }
    }

    #[test]
    fn names_what_it_cannot_hold() {
        for template in ["pets", "/a//b", "/{a}-{b}", "/{}", "/{a", "/a}", "/*/a", "/a*", "/{a}*"] {
            assert!(
                matches!(Template::parse(template), Err(RouteError::Template { .. })),
                "{template}"
            );
        }
    }

    #[test]
    fn orders_by_the_first_different_segment() {
        let ordered = [
            "/a/b",
            "/a/{x}.json",
            "/a/{x}.js",
            "/a/{x}",
            "/a/*",
            "/{x}.b/a",
            "/{x}/a",
            "/*",
        ];
        let parsed: Vec<Template> = ordered.iter().filter_map(|text| Template::parse(text).ok()).collect();
        assert_eq!(parsed.len(), ordered.len());
        assert!(parsed.is_sorted());
    }
}
