//! The requests that two templates have in common.

use super::{Pattern, Segment, Template};

impl Template {
    /// A template for requests that both match: where one has a variable and the other a text, it has the text. `None`: no
    /// request matches both. Of segments that are partly fixed in two ways it takes some of what they have in common.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let (mut one, mut other) = (self.segments(), other.segments());
        // Most templates differ in a text, and are asked about often.
        let differ = |pair: (&Segment, &Segment)| matches!(pair, (Segment::Literal(one), Segment::Literal(other)) if one != other);
        if one.iter().zip(other).any(differ) {
            return None;
        }
        let mut segments = Vec::new();
        loop {
            match (one, other) {
                ([], []) => break,
                ([Segment::Rest], rest) | (rest, [Segment::Rest]) => {
                    // At the root it takes the path without any segment too.
                    if rest.is_empty() && !segments.is_empty() {
                        return None;
                    }
                    segments.extend_from_slice(rest);
                    break;
                }
                ([Segment::Prefix(start)], [first, rest @ ..]) | ([first, rest @ ..], [Segment::Prefix(start)]) => {
                    segments.push(first.starting_with(start)?);
                    segments.extend_from_slice(rest);
                    break;
                }
                ([first, rest @ ..], [second, others @ ..]) => {
                    segments.push(first.meet(second)?);
                    (one, other) = (rest, others);
                }
                _ => return None,
            }
        }
        Some(Self { segments })
    }
}

impl Segment {
    /// For segments of which none ends its template as `*` does.
    fn meet(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Literal(text), segment) | (segment, Self::Literal(text)) => {
                segment.fits(text).then(|| Self::Literal(text.clone()))
            }
            (Self::Variable, segment) | (segment, Self::Variable) => Some(segment.clone()),
            (Self::Pattern(one), Self::Pattern(other)) => one.meet(other).map(Self::Pattern),
            _ => None,
        }
    }

    /// What fits here and starts with a text.
    fn starting_with(&self, start: &str) -> Option<Self> {
        match self {
            Self::Literal(text) => text.starts_with(start).then(|| self.clone()),
            Self::Prefix(text) => longer_start(text, start).map(Self::Prefix),
            Self::Pattern(pattern) => Some(Self::Pattern(Pattern {
                prefix: longer_start(&pattern.prefix, start)?,
                ..pattern.clone()
            })),
            Self::Variable => Some(Self::Pattern(Pattern {
                prefix: start.to_owned(),
                between: Vec::new(),
                suffix: String::new(),
            })),
            Self::Rest => Some(Self::Prefix(start.to_owned())),
        }
    }
}

impl Pattern {
    fn meet(&self, other: &Self) -> Option<Self> {
        if self == other {
            return Some(self.clone());
        }
        let suffix = match (self.suffix.as_str(), other.suffix.as_str()) {
            (one, other) if one.ends_with(other) => one,
            (one, other) if other.ends_with(one) => other,
            _ => return None,
        };
        Some(Self {
            prefix: longer_start(&self.prefix, &other.prefix)?,
            between: [self.between.as_slice(), &other.between].concat(),
            suffix: suffix.to_owned(),
        })
    }
}

/// The longer of two texts, where it starts with the other.
fn longer_start(one: &str, other: &str) -> Option<String> {
    match (one.starts_with(other), other.starts_with(one)) {
        (true, _) => Some(one.to_owned()),
        (_, true) => Some(other.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_templates_have_in_common() {
        let parsed = |text: &str| Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        for (one, other, expected) in [
            ("/", "/", Some("/")),
            ("/a", "/a", Some("/a")),
            ("/a", "/b", None),
            ("/a", "/a/b", None),
            ("/{x}", "/a", Some("/a")),
            ("/{x}/b", "/a/{y}", Some("/a/b")),
            ("/{x}", "/{y}", Some("/{z}")),
            ("/{x}.json", "/{y}", Some("/{x}.json")),
            ("/{x}.json", "/a.json", Some("/a.json")),
            ("/{x}.json", "/a.xml", None),
            ("/{x}.json", "/v{n}", Some("/v{n}.json")),
            ("/{x}.json", "/{x}.xml", None),
            ("/{a}-{b}", "/{a}.{b}", Some("/{a}-{b}.{c}")),
            ("/{a}-{b}", "/{x}-{y}", Some("/{a}-{b}")),
            ("/*", "/", Some("/")),
            ("/*", "/a/{x}", Some("/a/{x}")),
            ("/*", "/a*", Some("/a*")),
            ("/a/*", "/a", None),
            ("/a/*", "/{x}/b/*", Some("/a/b/*")),
            ("/a/*", "/{x}/*", Some("/a/*")),
            ("/a*", "/ab/c", Some("/ab/c")),
            ("/a*", "/b", None),
            ("/a*", "/ab*", Some("/ab*")),
            ("/a*", "/{x}/c", Some("/a{x}/c")),
            ("/ab*", "/a{x}.json", Some("/ab{x}.json")),
            ("/a*", "/", None),
        ] {
            let expected = expected.map(parsed);
            let (one, other) = (parsed(one), parsed(other));
            assert_eq!(one.meet(&other), expected, "{one:?} {other:?}");
            assert_eq!(
                other.meet(&one).is_some(),
                expected.is_some(),
                "the other way round: {one:?} {other:?}"
            );
        }
    }
}
